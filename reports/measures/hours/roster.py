"""The hours of a week in which somebody is on point for the brand accounts of a report, by the roster of one week."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from accounts.models import BrandAccount, Lifecycle, User
from accounts.roster.planning import Roster, load_rosters
from accounts.shifts import split_into_segments, wall_clock_to_utc
from reports.filters import Filters
from reports.measures.hours.week import HOURS
from reports.periods import Period

_DAY = dt.timedelta(days=1)
_MINUTE = dt.timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class RosterHours:
    """The week that was looked at, by its Monday, and its hours with somebody on point."""

    monday: dt.date
    covered: frozenset[int]


def roster_hours(user: User, period: Period, filters: Filters, *, now: dt.datetime) -> RosterHours:
    """Return the hours of a week with somebody on point.

    Of the last week of the period, or of the present one.
    An hour counts when somebody is named for at least half of it, for any of the accounts. Two statements.
    """
    last = min(period.end - _MINUTE, max(now, period.start)).astimezone(period.zone).date()
    monday = last - last.weekday() * _DAY
    accounts = BrandAccount.objects.visible_to(user).exclude(lifecycle=Lifecycle.CLOSED)
    if filters.networks:
        accounts = accounts.filter(network__in=filters.networks)
    if filters.brand_account_ids:
        accounts = accounts.filter(pk__in=filters.brand_account_ids)
    rosters = load_rosters(accounts.only("time_zone"), now).values()
    minutes = _named_minutes([roster for roster in rosters if roster.shifts], monday, period.zone)
    return RosterHours(monday, frozenset(hour for hour in range(HOURS) if minutes[hour] >= 30))


def _named_minutes(rosters: list[Roster], monday: dt.date, zone: ZoneInfo) -> Counter[int]:
    """Return how many minutes of each hour somebody is named."""
    quarters = [
        (at, hour)
        for hour in range(HOURS)
        for minute in (0, 15, 30, 45)
        # An hour that clocks leave out has no quarters.
        if (at := wall_clock_to_utc(monday + hour // 24 * _DAY, hour % 24 * 60 + minute, zone))
        .astimezone(zone)
        .hour
        == hour % 24
    ]
    starts = [at for at, _ in quarters]
    end = wall_clock_to_utc(monday + 7 * _DAY, 0, zone)
    named = set[int]()
    for roster in rosters:
        for part in split_into_segments(roster.shifts, roster.zone, starts[0], end):
            if part.primary_id is not None:
                named.update(range(bisect_left(starts, part.start), bisect_left(starts, part.end)))
    minutes = Counter[int]()
    for place in named:
        minutes[quarters[place][1]] += 15
    return minutes
