"""Bringing a draft together with what others published since it began: rule by rule, three ways. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from routing.rules.edits import without_department_names

JsonDict = dict[str, Any]
#: In the place of a rule's key: the default, and the order of the rules.
DEFAULT_KEY, ORDER_KEY = "default", "order"


@dataclass(frozen=True, slots=True)
class Clash:
    """Both changed the same thing, each in another way. `key` is a rule's, `DEFAULT_KEY` or `ORDER_KEY`; a side is None where
    the rule was deleted."""

    key: str
    mine: Any
    theirs: Any


def merge_snapshots(
    base: JsonDict, mine: JsonDict, theirs: JsonDict, chosen: Mapping[str, str] | None = None
) -> tuple[JsonDict, list[Clash]]:
    """`mine` and `theirs`, both made from `base`, in one; and what could not be decided.

    `chosen` says "mine" or "theirs" by key for clashes; the rest of them stand as mine in the result.
    """
    chosen, clashes = chosen or {}, []
    sides = [{rule["key"]: rule for rule in content["rules"]} for content in (base, mine, theirs)]
    kept: dict[str, JsonDict] = {}
    for key in dict.fromkeys([*sides[1], *sides[2]]):
        was, ours, other = (side.get(key) for side in sides)
        taken, clash = _pick_side(was, ours, other, _same_rule, chosen.get(key))
        if clash:
            clashes.append(Clash(key, ours, other))
        if taken is not None:
            kept[key] = taken
    default, clash = _pick_side(
        base["default"], mine["default"], theirs["default"], _same_default, chosen.get(DEFAULT_KEY)
    )
    if clash:
        clashes.append(Clash(DEFAULT_KEY, mine["default"], theirs["default"]))
    orders = [[key for key in side if key in kept] for side in sides]
    order, clash = _merge_order(orders[0], orders[1], orders[2], chosen.get(ORDER_KEY))
    if clash:
        clashes.append(Clash(ORDER_KEY, orders[1], orders[2]))
    return {"default": default, "rules": [kept[key] for key in order]}, clashes


def _pick_side(was: Any, mine: Any, theirs: Any, same: Any, choice: str | None) -> tuple[Any, bool]:
    """What to take, and whether that is undecided."""
    if same(mine, theirs) or same(theirs, was):
        return mine, False
    if same(mine, was):
        return theirs, False
    if choice == "theirs":
        return theirs, False
    return mine, choice != "mine"


def _same_rule(one: JsonDict | None, other: JsonDict | None) -> bool:
    if one is None or other is None:
        return one is other
    rules = without_department_names({"default": None, "rules": [one, other]})["rules"]
    return bool(rules[0] == rules[1])


def _same_default(one: JsonDict | None, other: JsonDict | None) -> bool:
    return (one and one["department"]) == (other and other["department"])


def _merge_order(
    base: Sequence[str], mine: Sequence[str], theirs: Sequence[str], choice: str | None
) -> tuple[list[str], bool]:
    """One order of all rules. Those that only one side has keep the neighbour above that they have there."""
    common = [key for key in base if key in mine and key in theirs]
    ours, other = ([key for key in side if key in common] for side in (mine, theirs))
    if ours == other or other == common:
        return _insert_missing(mine, theirs), False
    if ours == common or choice == "theirs":
        return _insert_missing(theirs, mine), False
    return _insert_missing(mine, theirs), choice != "mine"


def _insert_missing(first: Sequence[str], second: Iterable[str]) -> list[str]:
    order, above = list(first), ""
    for key in second:
        if key not in order:
            order.insert(order.index(above) + 1 if above else 0, key)
        above = key
    return order
