"""Count how often each word of a list decided lately, from the reasons of decisions."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from accounts.models import User
from routing.conditions.word_lists import positive_words_of, word_list_condition

_FOUND = re.compile(r"is about “[^”]*” \(([^)]*)\)", re.IGNORECASE)
_QUOTED = re.compile(r"“([^”]+)”")


@dataclass(frozen=True, slots=True)
class RecentReasons:
    """The reasons of recent decisions by some rules, and from how many messages of how many days they come.

    `is_more` is True when there are more messages than were read.
    """

    reasons: Sequence[str]
    days: int
    is_more: bool


#: Set by the inbox, which has the decisions: the reasons of recent ones by these rules, that the user may read.
recent_reasons_readers: list[Callable[[User, Sequence[str], dt.datetime], RecentReasons]] = []


@dataclass(frozen=True, slots=True)
class WordUsage:
    """The words of a list that were found, most often first, and those that were not."""

    found: Sequence[tuple[str, int]]
    never: Sequence[str]
    messages: int
    days: int
    is_more: bool


def read_usage(
    word_list: Mapping[str, Any], rule_keys: Sequence[str], user: User, now: dt.datetime
) -> WordUsage | None:
    """Count how often each word of a list was found. None where nobody can tell.

    Counts messages that the user may read and that one of the rules took. One statement.
    """
    if not recent_reasons_readers:
        return None
    recent = recent_reasons_readers[0](user, rule_keys, now)
    words = list(dict.fromkeys(positive_words_of(word_list_condition(word_list))))
    counts = count_words(words, recent.reasons)
    never = [word for word in words if word not in counts]
    return WordUsage(counts.most_common(), never, len(recent.reasons), recent.days, recent.is_more)


def count_words(words: Iterable[str], reasons: Iterable[str]) -> Counter[str]:
    """Count the reasons that name each word as found by a list."""
    wanted = set(words)
    named = (
        {word for part in _FOUND.findall(reason) for word in _QUOTED.findall(part)} for reason in reasons
    )
    return Counter(word for each in named for word in sorted(each & wanted))
