"""Merge a draft with what others published since it began. Pure.

This is a three-way merge, rule by rule and word list by word list.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import eq
from typing import Any

from routing.rules.edits import without_department_names

JsonDict = dict[str, Any]
#: Used instead of a rule's key: for the default, and for the order of the rules.
DEFAULT_KEY, ORDER_KEY = "default", "order"
#: Before the key of a word list.
LIST_PREFIX = "list "


@dataclass(frozen=True, slots=True)
class Clash:
    """A conflict: both sides changed the same thing in different ways.

    `key` is the key of a rule, `DEFAULT_KEY`, `ORDER_KEY`, or the key of a word list after `LIST_PREFIX`; a side is None
    where the rule or list was deleted.
    """

    key: str
    draft: Any
    live: Any


def merge_snapshots(
    base: JsonDict, draft: JsonDict, live: JsonDict, chosen: Mapping[str, str] | None = None
) -> tuple[JsonDict, list[Clash]]:
    """Merge `draft` and `live`, both made from `base`; also return clashes.

    `chosen` resolves clashes by key: "mine" keeps the draft's side, "theirs" the live side. Other clashes are
    returned; for these the result contains the draft's side.
    """
    chosen, clashes = chosen or {}, []
    sides = [{rule["key"]: rule for rule in content["rules"]} for content in (base, draft, live)]
    merged: dict[str, JsonDict] = {}
    for key in dict.fromkeys([*sides[1], *sides[2]]):
        base_rule, draft_rule, live_rule = (side.get(key) for side in sides)
        rule, clash = _pick_side(base_rule, draft_rule, live_rule, _same_rule, chosen.get(key))
        if clash:
            clashes.append(Clash(key, draft_rule, live_rule))
        if rule is not None:
            merged[key] = rule
    default, clash = _pick_side(
        base["default"], draft["default"], live["default"], _same_default, chosen.get(DEFAULT_KEY)
    )
    if clash:
        clashes.append(Clash(DEFAULT_KEY, draft["default"], live["default"]))
    orders = [[key for key in side if key in merged] for side in sides]
    order, clash = _merge_order(orders[0], orders[1], orders[2], chosen.get(ORDER_KEY))
    if clash:
        clashes.append(Clash(ORDER_KEY, orders[1], orders[2]))
    content: JsonDict = {"default": default, "rules": [merged[key] for key in order]}
    if lists := _merge_word_lists(base, draft, live, chosen, clashes):
        content["word_lists"] = lists
    return content, clashes


def _merge_word_lists(
    base: JsonDict, draft: JsonDict, live: JsonDict, chosen: Mapping[str, str], clashes: list[Clash]
) -> dict[str, JsonDict]:
    """Merge the word lists one by one.

    Those that are undecided are added to `clashes`.
    """
    sides = [content.get("word_lists", {}) for content in (base, draft, live)]
    merged = {}
    for key in dict.fromkeys([*sides[1], *sides[2]]):
        of_base, of_draft, of_live = (side.get(key) for side in sides)
        word_list, clash = _pick_side(of_base, of_draft, of_live, eq, chosen.get(LIST_PREFIX + key))
        if clash:
            clashes.append(Clash(LIST_PREFIX + key, of_draft, of_live))
        if word_list is not None:
            merged[key] = word_list
    return merged


def _pick_side(base: Any, draft: Any, live: Any, same: Any, choice: str | None) -> tuple[Any, bool]:
    """Return the side to take, and whether this is undecided."""
    if same(draft, live) or same(live, base):
        return draft, False
    if same(draft, base):
        return live, False
    if choice == "theirs":
        return live, False
    return draft, choice != "mine"


def _same_rule(first: JsonDict | None, second: JsonDict | None) -> bool:
    if first is None or second is None:
        return first is second
    rules = without_department_names({"default": None, "rules": [first, second]})["rules"]
    return bool(rules[0] == rules[1])


def _same_default(first: JsonDict | None, second: JsonDict | None) -> bool:
    return (first and first["department"]) == (second and second["department"])


def _merge_order(
    base: Sequence[str], draft: Sequence[str], live: Sequence[str], choice: str | None
) -> tuple[list[str], bool]:
    """Return one order of all rules, and whether it is undecided.

    A rule that only one side has is placed right below the rule that precedes it on that side.
    """
    common = [key for key in base if key in draft and key in live]
    draft_order, live_order = ([key for key in side if key in common] for side in (draft, live))
    if draft_order == live_order or live_order == common:
        return _insert_missing(draft, live), False
    if draft_order == common or choice == "theirs":
        return _insert_missing(live, draft), False
    return _insert_missing(draft, live), choice != "mine"


def _insert_missing(first: Sequence[str], second: Iterable[str]) -> list[str]:
    order, above = list(first), ""
    for key in second:
        if key not in order:
            order.insert(order.index(above) + 1 if above else 0, key)
        above = key
    return order
