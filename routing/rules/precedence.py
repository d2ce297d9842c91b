"""Detect edits that put rules above those of other departments. Pure.

The first matching rule decides, so a rule that moves up takes messages from the rules that it passes. `covers` takes
a department's slug and returns whether the person may change its rules; rules that lead to any other department are
others' rules. A person whose scope is by brand account has no department: their rules count as others' rules here,
and may be placed anywhere.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from routing.conditions import brand_accounts

JsonDict = dict[str, Any]
Covers = Callable[[str], bool]


def _others_above(content: JsonDict, covers: Covers) -> tuple[list[JsonDict], dict[str, int]]:
    """Return others' rules in order, and their number above each own rule.

    The numbers are by key of the own rule.
    """
    others: list[JsonDict] = []
    above: dict[str, int] = {}
    for rule in content["rules"]:
        if covers(rule["department"]):
            above[rule["key"]] = len(others)
        else:
            others.append(rule)
    return others, above


def find_overtaken_pair(
    before: JsonDict, after: JsonDict, covers: Covers, live: JsonDict | None = None
) -> tuple[str, str] | None:
    """Find an own rule that newly precedes another's; return both keys.

    None when there is none. A new rule must precede none of the others' rules. The others' rules must be the same, in
    the same order, before and after. With `live`, an own rule may precede every rule that it already precedes there.
    """
    others, was = _others_above(before, covers)
    _, now = _others_above(after, covers)
    for key, count in now.items():
        for passed in others[count : was.get(key, len(others))]:
            if live is None or not _comes_before(live, key, passed["key"]):
                return key, passed["key"]
    return None


def _comes_before(content: JsonDict, first: str, second: str) -> bool:
    places = {rule["key"]: place for place, rule in enumerate(content["rules"])}
    return first in places and second in places and places[first] < places[second]


def find_yielded_pair(before: JsonDict, after: JsonDict, covers: Covers) -> tuple[str, str] | None:
    """Find an own rule that another's newly precedes; return both keys.

    None when there is none.
    """
    others, was = _others_above(before, covers)
    _, now = _others_above(after, covers)
    for key, count in now.items():
        if passed := others[was.get(key, count) : count]:
            return key, passed[-1]["key"]
    return None


def find_widened_pair(before: JsonDict, after: JsonDict, covers: Covers) -> tuple[str, str] | None:
    """Find a widened own rule above another's; return both keys.

    A rule is widened when its condition was limited to brand accounts and is no longer limited to these. Someone
    responsible for these accounts may have put it there. None when there is none.
    """
    others, now = _others_above(after, covers)
    old = {rule["key"]: rule for rule in before["rules"]}
    for rule in after["rules"]:
        was, count = old.get(rule["key"]), now.get(rule["key"], len(others))
        if was is None or was["condition"] == rule["condition"] or count == len(others):
            continue
        accounts = brand_accounts.brand_accounts_of_condition(was["condition"])
        if accounts is not None and not brand_accounts.is_limited_to_accounts(rule["condition"], accounts):
            return rule["key"], others[count]["key"]
    return None


def place_new_rules_below(before: JsonDict, after: JsonDict, covers: Covers) -> JsonDict:
    """Move own new rules below the last of the others' rules.

    New rules are those in `after` that are not in `before`; they keep their order.
    """
    old_keys = {rule["key"] for rule in before["rules"]}
    rules = after["rules"]
    last = max((at for at, rule in enumerate(rules) if not covers(rule["department"])), default=-1)
    new = [rule for rule in rules[: last + 1] if rule["key"] not in old_keys and covers(rule["department"])]
    staying = [rule for rule in rules[: last + 1] if rule not in new]
    return after | {"rules": [*staying, *new, *rules[last + 1 :]]} if new else after
