"""Measure from when on a department is on the roster on a weekday: by the shifts in force, not by those of another season."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from django.db.models import Exists, OuterRef

from accounts import shifts
from accounts.models import BrandAccount, Membership, Shift
from accounts.roster.planning import brand_account_zone
from reports.periods import Period, start_of_day

#: The last days of that kind of the period at which the roster is looked at.
_MOST_DAYS = 4
_DAY = dt.timedelta(days=1)


def earliest_start(
    department_id: int, weekday: int, period: Period, *, now: dt.datetime
) -> tuple[bool, dt.time | None]:
    """Return whether a department is on the roster, and its earliest time.

    On a weekday (Monday is 0).     The time is that of the period's zone; None when nobody of the department is on point then. One statement.
    """
    members = Membership.objects.filter(department=department_id)
    theirs = Shift.objects.filter(primary__in=members.values("user")).values("brand_account")
    is_member = Exists(members.filter(user=OuterRef("primary")))
    rows = Shift.objects.filter(brand_account__in=theirs).select_related("brand_account", "primary", "backup")
    by_account: dict[BrandAccount, list[shifts.PlainShift]] = {}
    people: set[int] = set()
    for row in rows.annotate(is_member=is_member):
        absent = frozenset(
            user.pk for user in (row.primary, row.backup) if user is not None and not user.is_active
        )
        by_account.setdefault(row.brand_account, []).append(row.to_plain_shift(absent))
        if row.is_member and row.primary_id is not None:
            people.add(row.primary_id)
    starts = [
        start
        for account, plain in by_account.items()
        for day in _last_days(weekday, period, now)
        for start in _starts(plain, account, day, period, people)
    ]
    return bool(people), min(starts, default=None)


def _last_days(weekday: int, period: Period, now: dt.datetime) -> list[dt.date]:
    after = min(period.day_after, now.astimezone(period.zone).date() + _DAY)
    days = [period.first_day + n * _DAY for n in range((after - period.first_day).days)]
    return [day for day in days if day.weekday() == weekday][-_MOST_DAYS:]


def _starts(
    plain: list[shifts.PlainShift], account: BrandAccount, day: dt.date, period: Period, people: set[int]
) -> Iterator[dt.time]:
    """Yield when somebody of `people` begins on a day.

    One who is on point at midnight begins then.
    """
    start, end = start_of_day(day, period.zone), start_of_day(day + _DAY, period.zone)
    for part in shifts.split_into_segments(plain, brand_account_zone(account), start, end):
        if part.primary_id in people:
            yield part.start.astimezone(period.zone).time()
