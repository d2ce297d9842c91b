"""Calendars and word lists that the conditions of rules refer to. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from routing.conditions.word_lists import find_word_list_problems, word_list_keys_in

JsonDict = dict[str, Any]


def calendar_keys_in(tree: object) -> list[str]:
    """Return the keys of the calendars in a condition. Accepts any JSON."""
    if isinstance(tree, list):
        return [key for part in tree for key in calendar_keys_in(part)]
    if not isinstance(tree, dict):
        return []
    if "field" in tree:
        key = tree.get("calendar")
        return [key] if tree["field"] == "hours" and isinstance(key, str) else []
    return [key for parts in tree.values() for key in calendar_keys_in(parts)]


def find_broken_references(
    condition: JsonDict, calendars: Collection[str] | None, word_lists: Mapping[str, JsonDict]
) -> Iterator[tuple[str, str]]:
    """Yield (kind, sentence) for each broken reference.

    That is a calendar or word list that is gone, or a word list that is wrong. Calendars are not checked when `calendars` is None.
    """
    for key in calendar_keys_in(condition):
        if calendars is not None and key not in calendars:
            yield "calendar", f"There is no calendar “{key}” any more. Choose another for the hours."
    for key in word_list_keys_in(condition):
        if key not in word_lists:
            yield "word_list", f"There is no word list “{key}” any more. Choose another, or remove that row."
        elif problems := find_word_list_problems(word_lists[key]):
            yield "word_list", f"The word list “{word_lists[key].get('name', key)}”: {problems[0]}"


def rules_using_list(content: Mapping[str, Any], key: str) -> list[tuple[int, JsonDict]]:
    """Return the rules that use a word list, with their places."""
    return [
        (place, rule)
        for place, rule in enumerate(content["rules"], start=1)
        if key in word_list_keys_in(rule["condition"])
    ]
