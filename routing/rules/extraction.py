"""Turn words that rules hold themselves into word lists. Pure.

Rules from before there were word lists hold thousands of words each. Unchanged starter rules become today's starter
rules; in other rules each long list of words becomes a word list named after the rule. Every message is decided as
before.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.utils.text import slugify

from routing.conditions.word_lists import (
    MAX_NAME_LENGTH,
    expand_condition,
    word_list_condition,
    word_list_keys_in,
)

JsonDict = dict[str, Any]
#: A rule keeps at most this many words that stand together; more become a word list.
MAX_INLINE_WORDS = 25
_MAX_KEY_LENGTH = 60


def extract_word_lists(
    rules: Iterable[JsonDict],
    word_lists: Mapping[str, JsonDict],
    starter_rules: Iterable[JsonDict],
    starter_lists: Mapping[str, JsonDict],
) -> tuple[list[JsonDict], dict[str, JsonDict]]:
    """Return the rules with references to word lists, and all word lists.

    `rules` and `word_lists` are those of a snapshot.
    """
    conditions = {key: word_list_condition(each) for key, each in starter_lists.items()}
    readable = {
        canonical_condition(expand_condition(rule["condition"], conditions)): rule["condition"]
        for rule in starter_rules
    }
    lists, changed = dict(word_lists), []
    for rule in rules:
        starter = readable.get(canonical_condition(rule["condition"]))
        keys = word_list_keys_in(starter)
        if starter and all(lists.get(key, starter_lists[key]) == starter_lists[key] for key in keys):
            lists.update({key: starter_lists[key] for key in keys})
            changed.append(rule | {"condition": starter})
        else:
            changed.append(rule | {"condition": _extract_long_words(rule["condition"], rule["name"], lists)})
    return changed, lists


def _extract_long_words(tree: JsonDict, name: str, lists: dict[str, JsonDict]) -> JsonDict:
    """Replace long lists of words in a condition by references.

    The new word lists are added to `lists`.
    """
    if "field" not in tree:
        group, parts = next(iter(tree.items()))
        return {group: [_extract_long_words(part, name, lists) for part in parts]}
    if tree["field"] != "words" or len(tree.get("any", ())) <= MAX_INLINE_WORDS:
        return tree
    names = {word_list["name"] for word_list in lists.values()}
    candidates = (
        f"{name[: MAX_NAME_LENGTH - 5]}{'' if number == 1 else f' {number}'}" for number in _count()
    )
    list_name = next(candidate for candidate in candidates if candidate not in names)
    key = new_list_key(list_name, lists)
    lists[key] = {"name": list_name, "words": {"": list(dict.fromkeys(tree["any"]))}}
    return {"field": "about", "is": [key]}


def new_list_key(name: str, taken: Iterable[str]) -> str:
    """Return a free key for a list with this name."""
    # "new" is the address of the form for a new list.
    start, used = slugify(name).replace("_", "-")[: _MAX_KEY_LENGTH - 5].strip("-") or "list", {*taken, "new"}
    candidates = (f"{start}{'' if number == 1 else f'-{number}'}" for number in _count())
    return next(candidate for candidate in candidates if candidate not in used)


def _count() -> Iterator[int]:
    number = 0
    while True:
        number += 1
        yield number


def canonical_condition(tree: JsonDict) -> str:
    """Return a text that is equal for equivalent conditions.

    Order and nesting do not matter. Words that stand side by side may be in one list or in several.
    """
    return _text_of(_canonical(tree))


def _text_of(part: list[Any]) -> str:
    # Postgres returns the keys of an object in an order of its own.
    return json.dumps(part, sort_keys=True)


def _canonical(tree: JsonDict) -> list[Any]:
    if "field" in tree:
        if tree["field"] == "words" and "any" in tree:
            return ["any", sorted(set(tree["any"])), []]
        return ["leaf", {key: sorted(v) if isinstance(v, list) else v for key, v in tree.items()}]
    group, parts = next(iter(tree.items()))
    return _canonical_all(parts) if group == "all" else _canonical_any(parts, group)


def _canonical_any(parts: Iterable[JsonDict], group: str) -> list[Any]:
    """Return ["any" or "none", words, other parts], with nested groups taken apart."""
    words: set[str] = set()
    others: list[Any] = []
    for part in map(_canonical, parts):
        if part[0] == "any":
            words.update(part[1])
            others.extend(part[2])
        else:
            others.append(part)
    if group == "any" and not words and len(others) == 1:
        return list(others[0])
    return [group, sorted(words), sorted(others, key=_text_of)]


def _canonical_all(parts: Iterable[JsonDict]) -> list[Any]:
    """Return ["all", parts, what is excluded], with nested groups taken apart."""
    required: list[Any] = []
    words: set[str] = set()
    others: list[Any] = []
    for part in map(_canonical, parts):
        if part[0] == "all":
            required.extend(part[1])
            words.update(part[2][0])
            others.extend(part[2][1])
        elif part[0] == "none":
            words.update(part[1])
            others.extend(part[2])
        else:
            required.append(part)
    if len(required) == 1 and not words and not others:
        return list(required[0])
    return ["all", sorted(required, key=_text_of), [sorted(words), sorted(others, key=_text_of)]]
