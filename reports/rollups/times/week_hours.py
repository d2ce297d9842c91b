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
    """Count exchanges by hour of the week. At most three statements.

    What waits is counted apart: it is little, and over an hour by the minute, while the rest serves until a fact changes.
    """
    freshen_for(user, now)
    choice = choose(user, filters)
    condition, parameters = with_departments(choice, user).as_sql("k")
    cases, of_cases = choice.cases_sql("k")
    # A value is a span as it is shown, and rounded to hours from a day on: enough to say whether it was over an hour, but not in
    # which hour an answer came.
    took = "k.span" if with_answers else "k.value * interval '1 second'"
    within = [period.start, period.end, *parameters, *of_cases]

    def fetch(sql: str, parameters: list[Any]) -> list[tuple[Any, ...]]:
        return fetch_kept(user, choice, sql, parameters)

    def count(span: str, state: str, values: list[Any], *, with_answers: bool) -> measure.WeekHours:
        tail = f"""
FROM (
  SELECT k.at, k.state, {span} AS span FROM reports_fact k
  WHERE k.kind = {FactKind.EXCHANGE} AND k.state {state} 'waiting' AND k.at >= %s AND k.at < %s AND {condition}{cases}
) f"""  # noqa: S608 (constants)
        tail_of = (tail, [*values, *within])
        return measure.count_hours(("", []), tail_of, period, now, with_answers=with_answers, fetch=fetch)

    # A value is a span as it is shown.
    over = count(took, "<>", [], with_answers=with_answers)
    waiting = count("%s - k.at", "=", [whole_minute(now)], with_answers=False)
    return measure.WeekHours(over.arrivals + waiting.arrivals, over.answers, over.waits + waiting.waits)
