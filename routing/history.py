"""What changed from one version of the rules to the next, in words."""

from __future__ import annotations

from typing import Any

from routing.models import RuleSetVersion
from routing.wording import quoted

_SAID = {
    "name": "name",
    "condition": "condition",
    "department": "department",
    "priority": "priority",
    "tags": "tags",
    "needs_answer": "needs an answer",
    "person": "person",
    "skill": "skill",
    "dismiss": "dismissed as noise",
    "playbook_branch": "where the playbook begins",
}


def difference(older: dict[str, Any] | None, newer: dict[str, Any]) -> list[str]:
    """What `newer` has that `older` had not, as sentences; the first version names only its size."""
    if older is None:
        return [f"{len(newer['rules'])} rules"]
    was = {rule["key"]: rule for rule in older["rules"]}
    now = {rule["key"]: rule for rule in newer["rules"]}
    lines = []
    added = [now[key]["name"] for key in now if key not in was]
    removed = [was[key]["name"] for key in was if key not in now]
    if added:
        lines.append(f"Added {quoted(added, 'and')}")
    if removed:
        lines.append(f"Removed {quoted(removed, 'and')}")
    for key in now:
        if key in was:
            lines.extend(_rule_difference(was[key], now[key]))
    if [key for key in was if key in now] != [key for key in now if key in was]:
        lines.append("Order changed")
    if older["default"] != newer["default"]:
        lines.append(f"Default: {_default(older)} → {_default(newer)}")
    hours = older.get("calendars", {}), newer.get("calendars", {})
    lines += [
        f"Business hours of “{calendar['name']}”"
        for key, calendar in hours[1].items()
        if hours[0].get(key, calendar) != calendar
    ]
    return lines or ["Departments renamed"]


def _rule_difference(was: dict[str, Any], now: dict[str, Any]) -> list[str]:
    lines = []
    if was["enabled"] != now["enabled"]:
        lines.append(f"“{now['name']}” switched {'on' if now['enabled'] else 'off'}")
    changed = [said for field, said in _SAID.items() if was.get(field) != now.get(field)]
    if changed:
        lines.append(f"“{now['name']}”: {', '.join(changed)}")
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
