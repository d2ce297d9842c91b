"""Hand-overs from roll-ups: as `reports.measures.hand_overs`, read from facts. They are too few for cells."""

from __future__ import annotations

import datetime as dt
from typing import Any

from accounts.models import User
from inbox.visibility import list_departments
from reports.filters import Filters
from reports.measures.hand_overs import HandOverPair
from reports.measures.weekday_waits import BY_WEEKDAY, MOST_DAYS, WeekdayWait, count_days, list_days
from reports.models import FactKind
from reports.periods import Period
from reports.rollups.choices import Choice, choose_filtered, choose_readable, with_departments
from reports.rollups.freshness import fetch_kept, freshen_for, whole_minute
from reports.scopes import managed_department_ids

_PAIRS = """
SELECT from_department_id, to_department_id, count(*), count(*) FILTER (WHERE state = 'accepted'),
       count(*) FILTER (WHERE state = 'waiting'),
       percentile_disc(0.5) WITHIN GROUP (ORDER BY coalesce(span, greatest(%s - at, interval '0'))),
       percentile_disc(0.9) WITHIN GROUP (ORDER BY coalesce(span, greatest(%s - at, interval '0'))),
       percentile_disc(0.5) WITHIN GROUP (ORDER BY coalesce(held, greatest(%s - at, interval '0'))),
       count(*) FILTER (WHERE came_back)
FROM hand_over GROUP BY 1, 2
"""
# As the measure's own statement wants them.
_WAITS = """,
named AS (
  SELECT from_department_id, to_department_id AS department_id, at AS sent_at, coalesce(span, greatest(%s - at, interval '0')) AS wait FROM hand_over
)"""
_COUNT = " SELECT count(*) FROM hand_over"


def hand_over_pairs(user: User, period: Period, filters: Filters, *, now: dt.datetime) -> list[HandOverPair]:
    """Measure hand-overs sent in the period, most frequent pair first. One statement."""
    freshen_for(user, now)
    filtered = choose_filtered(filters)
    sql, parameters = _hand_overs_sql(user, period, filtered, FactKind.HAND_OVER)
    at = whole_minute(now)
    rows = fetch_kept(user, filtered, sql + _PAIRS, [*parameters, at, at, at])
    names = {department.pk: department.name for department in list_departments(user)}
    pairs = [HandOverPair(start, names[start], end, names[end], *numbers) for start, end, *numbers in rows]
    return sorted(pairs, key=lambda pair: (-pair.count, pair.from_name, pair.to_name))


def weekday_waits(user: User, period: Period, filters: Filters, *, now: dt.datetime) -> list[WeekdayWait]:
    """Measure waits by pair and weekday; nothing for a period of many days.

    One statement.
    """
    days = count_days(period)
    if days > MOST_DAYS:
        return []
    freshen_for(user, now)
    filtered = choose_filtered(filters)
    sql, parameters = _hand_overs_sql(user, period, filtered, FactKind.HAND_OVER)
    values = [*parameters, whole_minute(now), *list_days(period, days)]
    rows = fetch_kept(user, filtered, sql + _WAITS + BY_WEEKDAY, values)
    return [WeekdayWait(*row) for row in rows]


def count_routed(user: User, period: Period, filters: Filters, *, now: dt.datetime) -> int:
    """Count the cases that the learned router moved in the period. One statement."""
    freshen_for(user, now)
    filtered = choose_filtered(filters)
    sql, parameters = _hand_overs_sql(user, period, filtered, FactKind.ROUTED)
    count: int = fetch_kept(user, filtered, sql + _COUNT, parameters)[0][0]
    return count


def _hand_overs_sql(user: User, period: Period, filtered: Choice, kind: FactKind) -> tuple[str, list[Any]]:
    """Return the beginning of a statement with this reader's hand-overs.

    Of cases that they may read, and out of and into the departments that they manage.
    """
    indexed, parameters = with_departments(filtered, user).as_sql("f")
    readable, more = choose_readable(user).as_sql("f")
    cases, more_of_cases = filtered.cases_sql("f")
    own = managed_department_ids(user)
    sql = f"""
WITH hand_over AS (
  SELECT f.* FROM reports_fact f WHERE f.kind = {kind} AND f.at >= %s AND f.at < %s AND {indexed}{cases}
    AND ({readable} OR f.from_department_id = ANY(%s::bigint[]) OR f.to_department_id = ANY(%s::bigint[]))
)"""  # noqa: S608 (constants)
    values = [period.start, period.end, *parameters, *more_of_cases, *more, own, own]
    return sql, values
