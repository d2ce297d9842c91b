"""Measure the waits of hand-overs by the weekday on which they were sent, for each pair of departments."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from accounts.models import User
from reports.filters import Filters
from reports.measures.hand_overs import hand_overs_sql
from reports.periods import Period
from reports.scopes import fetch_all

#: A longer period has too many days to compare one by one.
MOST_DAYS = 100
# Of a table `named` with the hand-overs. The weekday is that of the reader's zone, so the days come as moments.
BY_WEEKDAY = """,
day AS (SELECT * FROM unnest(%s::timestamptz[], %s::timestamptz[], %s::int[]) AS d(starts, ends, weekday)),
dated AS (
  SELECT h.from_department_id, h.department_id, h.wait, day.weekday
  FROM named h JOIN day ON h.sent_at >= day.starts AND h.sent_at < day.ends
)
SELECT from_department_id, department_id, chosen.weekday,
       count(*) FILTER (WHERE dated.weekday = chosen.weekday),
       percentile_disc(0.5) WITHIN GROUP (ORDER BY wait) FILTER (WHERE dated.weekday = chosen.weekday),
       count(*),
       percentile_disc(0.5) WITHIN GROUP (ORDER BY wait) FILTER (WHERE dated.weekday <> chosen.weekday)
FROM dated CROSS JOIN generate_series(0, 6) AS chosen(weekday)
GROUP BY 1, 2, 3
"""


@dataclass(frozen=True, slots=True)
class WeekdayWait:
    """The hand-overs of a pair on one weekday (Monday is 0) beside those of its other days."""

    from_id: int
    to_id: int
    weekday: int
    count: int
    median: dt.timedelta | None
    count_all: int
    median_else: dt.timedelta | None


def weekday_waits(user: User, period: Period, filters: Filters, *, now: dt.datetime) -> list[WeekdayWait]:
    """Measure waits by pair and weekday; nothing for a period of many days.

    One statement.
    """
    days = count_days(period)
    if days > MOST_DAYS:
        return []
    sql, parameters = hand_overs_sql(user, period, filters, routed=False, now=now)
    return [
        WeekdayWait(*row)
        for row in fetch_all(
            sql + ", named AS (TABLE hand_over)" + BY_WEEKDAY, [*parameters, *list_days(period, days)]
        )
    ]


def count_days(period: Period) -> int:
    """Return the number of days of a period."""
    return (period.day_after - period.first_day).days


def list_days(period: Period, count: int) -> tuple[list[Any], list[Any], list[int]]:
    """Return when days of a period begin and end, with weekdays."""
    dates = [period.first_day + dt.timedelta(days=n) for n in range(count + 1)]
    moments = [dt.datetime.combine(date, dt.time(), period.zone).astimezone(dt.UTC) for date in dates]
    return moments[:-1], moments[1:], [date.weekday() for date in dates[:-1]]
