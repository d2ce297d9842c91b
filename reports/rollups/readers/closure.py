"""The customers of a period and those without closure, from the facts of cases: as the measure of the same name."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from accounts.models import User
from inbox.models import Visibility
from reports.filters import Filters
from reports.measures.closure import Closure
from reports.models import FactKind
from reports.periods import Period, Step
from reports.rollups.choices import choose, with_departments
from reports.rollups.freshness import fetch_kept, freshen_for

_CASES = f"""
FROM reports_fact f WHERE f.kind = {FactKind.CASE} AND f.at >= %s AND f.at < %s AND {{condition}}{{cases}}
"""
# The state says that the case still waits for its first response; nobody waits in a closed one.
_COUNTS = f"""
SELECT count(*), count(*) FILTER (WHERE without), count(*) FILTER (WHERE in_public), count(*) FILTER (WHERE waiting),
       count(*) FILTER (WHERE waiting_in_public)
FROM (
  SELECT f.customer_id, bool_or(f.without_closure) AS without,
         bool_or(f.without_closure AND f.visibility = '{Visibility.PUBLIC}') AS in_public,
         bool_or(f.without_closure AND f.state = 'waiting') AS waiting,
         bool_or(f.without_closure AND f.state = 'waiting' AND f.visibility = '{Visibility.PUBLIC}') AS waiting_in_public
  {_CASES} GROUP BY f.customer_id
) AS customer
"""  # noqa: S608 (constants)
_BY_STEP = f"""
SELECT width_bucket(f.at, %s::timestamptz[]) - 1, count(DISTINCT f.customer_id) {_CASES} AND f.without_closure GROUP BY 1
"""  # noqa: S608 (constants)


_UNRIPE = f"""
SELECT count(*) FROM (
  SELECT f.customer_id {_CASES} AND f.without_closure GROUP BY 1
  HAVING bool_and(f.state = 'waiting' AND f.at > %s - (SELECT max(promised_response) FROM accounts_brandaccount))
) AS customer
"""  # noqa: S608 (constants)


def measure_closure(user: User, period: Period, filters: Filters, *, now: dt.datetime) -> Closure:
    """Count the customers of a period, and those without closure. One statement."""
    return Closure(*_fetch(_COUNTS, [], user, period, filters, now)[0])


def without_closure_by_step(
    user: User, period: Period, filters: Filters, *, now: dt.datetime
) -> list[tuple[Step, int]]:
    """Count the customers without closure by when their case reached us. One statement."""
    starts = [step.start for step in period.steps]
    counts = dict(_fetch(_BY_STEP, [starts], user, period, filters, now))
    return [(step, counts.get(number, 0)) for number, step in enumerate(period.steps)]


def count_unripe(user: User, period: Period, filters: Filters, *, now: dt.datetime) -> int:
    """Count customers without closure whose answers may still come in time.

    They only wait, for less than the longest promised response. One statement.
    """
    return int(_fetch(_UNRIPE, [], user, period, filters, now, [now])[0][0])


def _fetch(
    sql: str,
    parameters: list[Any],
    user: User,
    period: Period,
    filters: Filters,
    now: dt.datetime,
    last: Sequence[Any] = (),
) -> list[tuple[Any, ...]]:
    freshen_for(user, now)
    choice = choose(user, filters)
    condition, more = with_departments(choice, user).as_sql("f")
    cases, more_of_cases = choice.cases_sql("f")
    values = [*parameters, period.start, period.end, *more, *more_of_cases, *last]
    return fetch_kept(user, choice, sql.format(condition=condition, cases=cases), values)
