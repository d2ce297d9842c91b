"""Who is on point as a page of messages arrives (out of the statement that reads whose page it is), and on a case."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import JSONObject

from accounts import presence, roster, rostering
from accounts.models import Leave, User
from inbox.models import Case, Direction, Message
from inbox.watching import sees

_IS_THERE = """AND {0}.is_active AND NOT EXISTS (
    SELECT FROM accounts_leave v WHERE v.user_id = {0}.id AND %(today)s BETWEEN v.starts_on AND v.ends_on)"""
#: Column of a statement that has `brand` and the parameters `now` and `today` (`accounts.presence.today`): the shifts that
#: may be running, with people who are on leave or cannot sign in any more left out.
SHIFTS = f"""
(SELECT jsonb_agg(jsonb_build_array(h.id, extract(hour FROM h.starts_at) * 60 + extract(minute FROM h.starts_at),
    extract(hour FROM h.ends_at) * 60 + extract(minute FROM h.ends_at), p.id, b.id, h.weekday, h.date,
    h.valid_from, h.valid_until))
  FROM accounts_shift h
  LEFT JOIN accounts_user p ON p.id = h.primary_id {_IS_THERE.format("p")}
  LEFT JOIN accounts_user b ON b.id = h.backup_id {_IS_THERE.format("b")}
  WHERE h.brand_account_id = brand.id AND coalesce(h.date, %(now)s::date) BETWEEN %(now)s::date - 2 AND %(now)s::date + 1
    AND coalesce(h.valid_from, %(now)s::date) <= %(now)s::date + 1
    AND coalesce(h.valid_until, %(now)s::date) >= %(now)s::date - 2)
"""  # noqa: S608 (constants)


def on_point(
    rows: Sequence[Sequence[Any]] | None, zone: str, now: dt.datetime
) -> tuple[int | None, int | None]:
    """(primary, backup) at `now` out of the column `SHIFTS`; (None, None) without a roster."""
    if not rows:
        return None, None
    try:
        there = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        there = ZoneInfo("UTC")
    return roster.on_point([_shift(*row) for row in rows], there, now)


def _shift(
    pk: int,
    starts: int,
    ends: int,
    primary: int | None,
    backup: int | None,
    weekday: int | None,
    date: str | None,
    valid_from: str | None,
    valid_until: str | None,
) -> roster.Shift:
    if primary is None:
        primary, backup = backup, None
    return roster.Shift(
        pk,
        int(starts),
        int(ends) if ends > starts else int(ends) + roster.DAY,
        primary,
        backup,
        weekday,
        _date(date),
        _date(valid_from),
        _date(valid_until),
    )


def _date(given: str | None) -> dt.date | None:
    return dt.date.fromisoformat(given) if given else None


def arrived_to(case_id: OuterRef) -> QuerySet[Message, Any]:
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


def who_is_on_point(case: Case, now: dt.datetime) -> dict[str, Any]:
    """For a case's page: who is on point `now`, and names of primary and backup when the customer last wrote, "" for
    nobody."""
    kept = rostering.from_json(case.roster, rostering.zone_of(case.brand_account))  # type: ignore[attr-defined]
    told = case.arrived_to or {}  # type: ignore[attr-defined]
    return {
        "now": kept.on_point(now),
        "then": _name(told, "primary"),
        "then_backup": _name(told, "backup"),
    }


def _name(told: dict[str, Any], role: str) -> str:
    full = f"{told.get(f'{role}_first_name') or ''} {told.get(f'{role}_last_name') or ''}".strip()
    return full or told.get(f"{role}_username") or ""


def to_tell(case: Case, now: dt.datetime) -> User | None:
    """Who is on point for a case: the primary, or the backup while the primary is away or on leave. None where the
    roster names nobody who is there and may read the case."""
    kept = rostering.rosters([case.brand_account], now)[case.brand_account_id]
    named = [one for one in roster.on_point(kept.shifts, kept.zone, now) if one is not None]
    on_leave = Exists(Leave.objects.covering(presence.today(now)).filter(user=OuterRef("pk")))
    there = User.objects.filter(~Q(on_leave), pk__in=named, is_active=True, away_since__isnull=True)
    people = {one.pk: one for one in there} if named else {}
    return next((people[pk] for pk in named if pk in people and sees(people[pk], case)), None)
