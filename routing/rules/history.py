"""What changed from one version of the rules to the next, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from routing.conditions.wording import quoted
from routing.models import RuleSetVersion
from routing.rules.differences import changed, told

#: Added rules that are told whole; of more only the names.
_TOLD = 3


def difference(
    older: dict[str, Any] | None, newer: dict[str, Any], known: Mapping[str, str] | None = None
) -> list[str]:
    """What `newer` has that `older` had not, as sentences; the first version names only its size. `known` are names as
    `routing.rules.names` has them; those of calendars are in the versions, too."""
    if older is None:
        return [f"{len(newer['rules'])} rules"]
    was = {rule["key"]: rule for rule in older["rules"]}
    now = {rule["key"]: rule for rule in newer["rules"]}
    names = dict(known or {}) | {
        key: calendar["name"]
        for side in (older, newer)
        for key, calendar in side.get("calendars", {}).items()
    }
    lines = _added([now[key] for key in now if key not in was], names)
    removed = [was[key]["name"] for key in was if key not in now]
    if removed:
        lines.append(f"Removed {quoted(removed, 'and')}")
    for key in now:
        if key in was:
            lines.extend(_rule_difference(was[key], now[key], names))
    lines += _order([key for key in was if key in now], [key for key in now if key in was], now)
    if older["default"] != newer["default"]:
        lines.append(f"Default: {_default(older)} → {_default(newer)}")
    hours = older.get("calendars", {}), newer.get("calendars", {})
    lines += [
        f"Business hours of “{calendar['name']}”"
        for key, calendar in hours[1].items()
        if hours[0].get(key, calendar) != calendar
    ]
    return lines or ["Departments or brand accounts renamed"]


def _added(rules: list[dict[str, Any]], names: dict[str, str]) -> list[str]:
    if len(rules) <= _TOLD:
        return [f"Added {told(rule, names)}" for rule in rules]
    return [f"Added {quoted([rule['name'] for rule in rules], 'and')}"]


def _order(was: list[str], now: list[str], rules: dict[str, dict[str, Any]]) -> list[str]:
    """Which rule moved, where moving one explains it all: the one that moved farthest."""
    if was == now:
        return []
    moved = max(now, key=lambda key: abs(now.index(key) - was.index(key)))
    if [key for key in was if key != moved] != [key for key in now if key != moved]:
        return ["Order changed"]
    up = now.index(moved) < was.index(moved)
    return [
        f"“{rules[moved]['name']}” moved {'up' if up else 'down'}, place {was.index(moved) + 1} → {now.index(moved) + 1}"
    ]


def _rule_difference(was: dict[str, Any], now: dict[str, Any], names: dict[str, str]) -> list[str]:
    lines = []
    if was["enabled"] != now["enabled"]:
        lines.append(f"“{now['name']}” switched {'on' if now['enabled'] else 'off'}")
    parts = changed(was, now, names)
    if parts:
        lines.append(f"“{now['name']}”: {'; '.join(parts)}")
    return lines


def _default(snapshot: dict[str, Any]) -> str:
    default = snapshot["default"] or {}
    return default.get("department_name") or "none"


def changed_since(seen: int, key: str) -> RuleSetVersion | None:
    """The newest version above `seen` when the rule differs between the two, None when nobody touched it."""
    newest = RuleSetVersion.objects.select_related("created_by").first()
    before = RuleSetVersion.objects.filter(number=seen).first()
    if newest is None or before is None or newest.number == seen:
        return None
    return newest if _rule_in(before, key) != _rule_in(newest, key) else None


def _rule_in(version: RuleSetVersion, key: str) -> dict[str, Any] | None:
    return next((rule for rule in version.snapshot["rules"] if rule["key"] == key), None)
