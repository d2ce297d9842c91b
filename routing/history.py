"""What changed from one version of the rules to the next, in words."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Change:
    """A version as the list shows it. `at` is UTC; `by` is a name, "" for the system."""

    number: int
    at: dt.datetime
    by: str
    note: str
    lines: tuple[str, ...]
    is_live: bool


def changes(before: int | None, count: int) -> tuple[list[Change], int | None]:
    """The newest `count` versions below number `before` (None: from the newest), and where the next page starts."""
    rows = RuleSetVersion.objects.select_related("created_by")
    if before is not None:
        rows = rows.filter(number__lt=before)
    found = list(rows[: count + 1])
    live = RuleSetVersion.objects.values_list("number", flat=True).first()
    listed = [
        Change(
            number=version.number,
            at=version.created_at,
            by=(version.created_by.get_full_name() or version.created_by.username)
            if version.created_by
            else "",
            note=version.note,
            lines=tuple(difference(older.snapshot if older else None, version.snapshot)),
            is_live=version.number == live,
        )
        for version, older in zip(found[:count], [*found[1:], None], strict=False)
    ]
    return listed, found[count - 1].number if len(found) > count else None


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
