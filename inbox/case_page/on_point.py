"""Who is on point as a page of messages arrives (out of the statement that reads whose page it is), and on a case."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import OuterRef, QuerySet
from django.db.models.functions import JSONObject

from accounts.roster import planning
from inbox.models import Case, Direction, Message


def on_point_at_arrival(case_id: OuterRef) -> QuerySet[Message, Any]:
    """Subquery: who was on point when the customer's newest message of a case arrived, as JSON."""
    names = {
        f"{role}_{name}": f"{column}__{name}"
        for role, column in (("primary", "on_point"), ("backup", "on_point_backup"))
        for name in ("first_name", "last_name", "username")
    }
    newest = Message.objects.filter(case=case_id, direction=Direction.INBOUND).order_by(
        "-network_time", "-id"
    )
    return newest.values(json=JSONObject(**names))[:1]


def on_point_context(case: Case, now: dt.datetime) -> dict[str, Any]:
    """For a case's page: who is on point `now`, and names of primary and backup when the customer last wrote, "" for
    nobody.
    """
    kept = planning.roster_from_json(case.roster, planning.brand_account_zone(case.brand_account))  # type: ignore[attr-defined]
    told = case.arrived_to or {}  # type: ignore[attr-defined]
    return {
        "now": kept.on_point(now),
        "then": _on_point_name(told, "primary"),
        "then_backup": _on_point_name(told, "backup"),
    }


def _on_point_name(told: dict[str, Any], role: str) -> str:
    full = f"{told.get(f'{role}_first_name') or ''} {told.get(f'{role}_last_name') or ''}".strip()
    return full or told.get(f"{role}_username") or ""
