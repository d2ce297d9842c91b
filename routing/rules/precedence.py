"""Detect edits that put rules above those of other departments. Pure.

The first matching rule decides, so a rule that moves up takes messages from the rules that it passes. `covers` takes
a department's slug and returns whether the person may change its rules; rules that lead to any other department are
others' rules. A person whose scope is by brand account has no department: their rules count as others' rules here,
and may be placed anywhere. A rule with a subject may precede everybody's catch-alls
(`routing.conditions.catch_all`): these take what no other rule asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from routing.conditions import brand_accounts
from routing.conditions.catch_all import is_catch_all
from routing.rules import edits

JsonDict = dict[str, Any]
Covers = Callable[[str], bool]


def may_always_precede(rule: JsonDict, other: JsonDict) -> bool:
    """Return whether a rule may precede another, whoever owns it.

    It may when it has a subject and the other is a catch-all.
    """
    return is_catch_all(other["condition"]) and not is_catch_all(rule["condition"])


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
    rules = {rule["key"]: rule for rule in after["rules"]}
    for key, count in now.items():
        for passed in others[count : was.get(key, len(others))]:
            if may_always_precede(rules[key], passed):
                continue
            if live is None or not _comes_before(live, key, passed["key"]):
                return key, passed["key"]
    return None


def _comes_before(content: JsonDict, first: str, second: str) -> bool:
    places = {rule["key"]: place for place, rule in enumerate(content["rules"])}
    return first in places and second in places and places[first] < places[second]


def find_yielded_pair(before: JsonDict, after: JsonDict, covers: Covers) -> tuple[str, str] | None:
    """Find an own rule that another's newly precedes; return both keys.

    None when there is none. Catch-alls that the rule may pass again do not count.
    """
    others, was = _others_above(before, covers)
    _, now = _others_above(after, covers)
    rules = {rule["key"]: rule for rule in after["rules"]}
    for key, count in now.items():
        passed = [
            other
            for other in others[was.get(key, count) : count]
            if not may_always_precede(rules[key], other)
        ]
        if passed:
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


def find_vague_pair(before: JsonDict, after: JsonDict, covers: Covers) -> tuple[str, str] | None:
    """Find an own rule that lost its subject above another's catch-all; return both keys.

    It may stand there only because it had a subject. None when there is none.
    """
    others, now = _others_above(after, covers)
    old = {rule["key"]: rule for rule in before["rules"]}
    for rule in after["rules"]:
        was, count = old.get(rule["key"]), now.get(rule["key"], len(others))
        if was is None or was["condition"] == rule["condition"] or count == len(others):
            continue
        if may_always_precede(was, others[count]) and is_catch_all(rule["condition"]):
            return rule["key"], others[count]["key"]
    return None


def with_new_rule(
    content: JsonDict, rule: JsonDict, covers: Covers, before: Collection[str] = ()
) -> JsonDict:
    """Insert a new rule before the first whose key is in `before`.

    Without such a rule it comes last; a rule with a subject comes before the catch-alls at the end, because behind
    them it would hardly get a message. In any case it comes below the rules of others that it may not precede.
    """
    place = next((at for at, each in enumerate(content["rules"]) if each["key"] in before), None)
    if place is None:
        place = len(content["rules"])
        while place and may_always_precede(rule, content["rules"][place - 1]):
            place -= 1
    after = edits.with_moved_rule(edits.with_rule(content, rule), rule["key"], to=place + 1)
    return place_new_rules_below(content, after, covers)


def place_new_rules_below(before: JsonDict, after: JsonDict, covers: Covers) -> JsonDict:
    """Move own new rules below those that they may not precede.

    New rules are those in `after` that are not in `before`; they keep their order.
    """
    old_keys, rules = {rule["key"] for rule in before["rules"]}, list(after["rules"])
    new = [rule for rule in rules if rule["key"] not in old_keys and covers(rule["department"])]
    for rule in reversed(new):
        last = max(
            (at for at, other in enumerate(rules) if _must_stay_above(other, rule, covers)), default=-1
        )
        if rules.index(rule) < last:
            rules.remove(rule)
            rules.insert(last, rule)
    return after | {"rules": rules} if new else after


def _must_stay_above(other: JsonDict, rule: JsonDict, covers: Covers) -> bool:
    return not covers(other["department"]) and not may_always_precede(rule, other)
