"""Texts and the word lists of the live rules: which of these lists they are about."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from routing.conditions.compiled import CompiledCondition, compile_condition
from routing.conditions.index import ConditionIndex
from routing.conditions.word_lists import word_list_condition
from routing.facts import Facts
from routing.refusals import RuleSetError
from routing.rules.versions import live_rules

_NO_TIME = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)


def live_word_lists() -> Mapping[str, Mapping[str, Any]]:
    """Return the word lists of the live rules by key. At most one small statement."""
    try:
        return live_rules().index.word_lists
    except RuleSetError:
        return {}


def list_names() -> dict[str, str]:
    """Return the names of the word lists by key, in order."""
    names = {key: str(each.get("name", key)) for key, each in live_word_lists().items()}
    return dict(sorted(names.items(), key=lambda item: item[1].casefold()))


def is_about(key: str, texts: Iterable[str]) -> bool:
    """Return whether one of the texts is about a word list.

    True for a list that is gone: a rule that cannot be checked asks for approval rather than let an answer pass.
    """
    word_list = live_word_lists().get(key)
    if word_list is None:
        return True
    condition, index = _compile(json.dumps(word_list, sort_keys=True))
    return any(condition.test(index.find_seen_numbers(Facts(text, "", "", "", _NO_TIME))) for text in texts)


@lru_cache(maxsize=64)
def _compile(word_list: str) -> tuple[CompiledCondition, ConditionIndex]:
    index = ConditionIndex()
    condition = compile_condition(word_list_condition(json.loads(word_list)), index)
    index.freeze()
    return condition, index
