"""The people on point when a page of messages arrives."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from accounts import shifts

_IS_THERE = """AND {0}.is_active AND NOT EXISTS (
    SELECT FROM accounts_leave v WHERE v.user_id = {0}.id AND %(today)s BETWEEN v.starts_on AND v.ends_on)"""


#: Column of a statement that has `brand` and the parameters `now` and `today` (`accounts.working_time.presence.local_date`): the shifts that
#: may be running, with people who are on leave or cannot sign in any more left out.
SHIFTS_COLUMN = f"""
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


def on_point_from_rows(
    rows: Sequence[Sequence[Any]] | None, zone: str, now: dt.datetime
) -> tuple[int | None, int | None]:
    """(primary, backup) at `now` out of the column `SHIFTS_COLUMN`; (None, None) without a roster."""
    if not rows:
        return None, None
    try:
        there = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        there = ZoneInfo("UTC")
    return shifts.find_on_point_ids([_shift_from_row(*row) for row in rows], there, now)


def _shift_from_row(
    pk: int,
    starts: int,
    ends: int,
    primary: int | None,
    backup: int | None,
    weekday: int | None,
    date: str | None,
    valid_from: str | None,
    valid_until: str | None,
) -> shifts.PlainShift:
    if primary is None:
        primary, backup = backup, None
    return shifts.PlainShift(
        pk,
        int(starts),
        int(ends) if ends > starts else int(ends) + shifts.DAY_MINUTES,
        primary,
        backup,
        weekday,
        _parse_date(date),
        _parse_date(valid_from),
        _parse_date(valid_until),
    )


def _parse_date(text: str | None) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None
