"""The roster card of a case's page: the people in charge of the brand account.

They are "on point": by the roster, one primary and perhaps a backup for each brand account and hour. The card names
them for now, and for the time when the customer last wrote.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import OuterRef, QuerySet
from django.db.models.functions import JSONObject

from accounts.roster import planning
from inbox.models import Case, Direction, Message


def on_point_at_arrival(case_id: OuterRef) -> QuerySet[Message, Any]:
    """Return a subquery for the people on point at the last message.

    The last message is the customer's newest. Gives the names of primary and backup as JSON.
    """
    names = {
        f"{role}_{name}": f"{column}__{name}"
        for role, column in (("primary", "on_point"), ("backup", "on_point_backup"))
        for name in ("first_name", "last_name", "username")
    }
    newest = Message.objects.filter(case=case_id, direction=Direction.INBOUND).order_by(
        "-network_time", "-id"
    )
    return newest.values(json=JSONObject(**names))[:1]


def roster_card(case: Case, now: dt.datetime) -> dict[str, Any]:
    """Return the people on point now and at the customer's last message.

    "now" comes from the roster; "then" and "then_backup" are names, "" for nobody. `case` was read by `read_case`.
    """
    roster = planning.roster_from_json(case.roster, planning.brand_account_zone(case.brand_account))  # type: ignore[attr-defined]
    at_arrival = case.arrived_to or {}  # type: ignore[attr-defined]
    return {
        "now": roster.on_point(now),
        "then": _on_point_name(at_arrival, "primary"),
        "then_backup": _on_point_name(at_arrival, "backup"),
    }


def _on_point_name(names: dict[str, Any], role: str) -> str:
    full = f"{names.get(f'{role}_first_name') or ''} {names.get(f'{role}_last_name') or ''}".strip()
    return full or names.get(f"{role}_username") or ""
