"""Describe in words what changed between two versions of the rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from routing.conditions.word_lists import word_list_names
from routing.conditions.wording import join_quoted
from routing.models import RuleSetVersion
from routing.rules.differences import describe_rule, describe_rule_changes
from routing.rules.word_list_changes import describe_changed_lists

#: Most added rules that are described in full; if more were added, only their names are listed.
_MAX_RULES_DESCRIBED = 3


def describe_ruleset_changes(
    older: dict[str, Any] | None, newer: dict[str, Any], names: Mapping[str, str] | None = None
) -> list[str]:
    """Describe the changes from `older` to `newer`, as sentences.

    When `older` is None, only the number of rules is given. `names` is a mapping as `routing.rules.names` builds it;
    names of calendars and word lists are also read from both versions.
    """
    if older is None:
        return [f"{len(newer['rules'])} rules"]
    was = {rule["key"]: rule for rule in older["rules"]}
    now = {rule["key"]: rule for rule in newer["rules"]}
    names = dict(names or {}) | {
        key: calendar["name"]
        for side in (older, newer)
        for key, calendar in side.get("calendars", {}).items()
    }
    lists = older.get("word_lists", {}), newer.get("word_lists", {})
    names |= word_list_names(lists[0]) | word_list_names(lists[1])
    lines = _describe_added([now[key] for key in now if key not in was], names)
    removed = [was[key]["name"] for key in was if key not in now]
    if removed:
        lines.append(f"Removed {join_quoted(removed, 'and')}")
    for key in now:
        if key in was:
            lines.extend(_describe_changed_rule(was[key], now[key], names))
    lines += _describe_reordering([key for key in was if key in now], [key for key in now if key in was], now)
    if older["default"] != newer["default"]:
        lines.append(f"Default: {_default_name(older)} → {_default_name(newer)}")
    hours = older.get("calendars", {}), newer.get("calendars", {})
    lines += [
        f"Business hours of “{calendar['name']}”"
        for key, calendar in hours[1].items()
        if hours[0].get(key, calendar) != calendar
    ]
    lines += describe_changed_lists(*lists)
    return lines or ["Departments or brand accounts renamed"]


def _describe_added(rules: list[dict[str, Any]], names: dict[str, str]) -> list[str]:
    if len(rules) <= _MAX_RULES_DESCRIBED:
        return [f"Added {describe_rule(rule, names)}" for rule in rules]
    return [f"Added {join_quoted([rule['name'] for rule in rules], 'and')}"]


def _describe_reordering(was: list[str], now: list[str], rules: dict[str, dict[str, Any]]) -> list[str]:
    """Name the moved rule if moving it alone explains the new order.

    The rule that moved farthest is tried.
    """
    if was == now:
        return []
    moved = max(now, key=lambda key: abs(now.index(key) - was.index(key)))
    if [key for key in was if key != moved] != [key for key in now if key != moved]:
        return ["Order changed"]
    up = now.index(moved) < was.index(moved)
    return [
        f"“{rules[moved]['name']}” moved {'up' if up else 'down'}, place {was.index(moved) + 1} → {now.index(moved) + 1}"
    ]


def _describe_changed_rule(was: dict[str, Any], now: dict[str, Any], names: dict[str, str]) -> list[str]:
    lines = []
    if was["enabled"] != now["enabled"]:
        lines.append(f"“{now['name']}” switched {'on' if now['enabled'] else 'off'}")
    parts = describe_rule_changes(was, now, names)
    if parts:
        lines.append(f"“{now['name']}”: {'; '.join(parts)}")
    return lines


def _default_name(snapshot: dict[str, Any]) -> str:
    default = snapshot["default"] or {}
    return default.get("department_name") or "none"


def find_newer_version_of_rule(seen: int, key: str) -> RuleSetVersion | None:
    """Return the newest version if its rule differs from version `seen`.

    None when the rule is the same in both versions.
    """
    newest = RuleSetVersion.objects.select_related("created_by").first()
    before = RuleSetVersion.objects.filter(number=seen).first()
    if newest is None or before is None or newest.number == seen:
        return None
    return newest if _find_rule(before, key) != _find_rule(newest, key) else None


def _find_rule(version: RuleSetVersion, key: str) -> dict[str, Any] | None:
    return next((rule for rule in version.snapshot["rules"] if rule["key"] == key), None)
