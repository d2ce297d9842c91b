"""The hours of a week from roll-ups: as the measure of the same name, read from facts."""

from __future__ import annotations

import datetime as dt
from typing import Any

from accounts.models import User
from reports.filters import Filters
from reports.measures.hours import week as measure
from reports.models import FactKind
from reports.periods import Period
from reports.rollups.choices import choose, with_departments
from reports.rollups.freshness import fetch_kept, freshen_for, whole_minute


def week_hours(
    user: User, period: Period, filters: Filters, *, now: dt.datetime, with_answers: bool = True
) -> measure.WeekHours:
    """Count exchanges by hour of the week. At most two statements."""
    freshen_for(user, now)
    choice = choose(user, filters)
    condition, parameters = with_departments(choice, user).as_sql("k")
    cases, of_cases = choice.cases_sql("k")
    # What still waits has no span there. A value is a span as it is shown, and rounded to hours from a day on: enough to say
    # whether it was over an hour, but not in which hour an answer came.
    took = "k.span" if with_answers else "k.value * interval '1 second'"
    tail = f"""
FROM (
  SELECT k.at, k.state, CASE WHEN k.state = 'waiting' THEN %s - k.at ELSE {took} END AS span
  FROM reports_fact k WHERE k.kind = {FactKind.EXCHANGE} AND k.at >= %s AND k.at < %s AND {condition}{cases}
) f"""  # noqa: S608 (constants)
    values = [whole_minute(now), period.start, period.end, *parameters, *of_cases]

    def fetch(sql: str, parameters: list[Any]) -> list[tuple[Any, ...]]:
        return fetch_kept(user, choice, sql, parameters)

    return measure.count_hours(("", []), (tail, values), period, now, with_answers=with_answers, fetch=fetch)
