"""The targets that still run: overdue, or in time; by clock, department and step, the overdue by hour of the week too."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from accounts.models import User
from reports.filters import Filters
from reports.measures.attainment import RUNNING_CLOCKS, cases_with_clocks
from reports.measures.local_times import local_sql, offsets_between
from reports.periods import Period
from reports.scopes import fetch_all, with_cases


class RunningTargets(NamedTuple):
    """Some running targets; `hour` is the hour of the week in which the overdue ones were due, None for those in time."""

    clock: str
    department_id: int
    step: int
    hour: int | None
    overdue: int
    in_time: int


def hour_of_week_sql(moment: str) -> str:
    """Return SQL for the hour of the week (0 is Monday's first).

    Its two parameters are those of `offsets_between`.
    """
    local = local_sql(moment)
    return f"(SELECT (extract(isodow FROM l.t)::int - 1) * 24 + extract(hour FROM l.t)::int FROM (SELECT {local} AS t) l)"  # noqa: S608 (constants)


def running_targets(
    user: User, period: Period, filters: Filters, *, now: dt.datetime
) -> list[RunningTargets]:
    """Count the running targets of the cases created in the period. One statement, over open cases with a clock."""
    sql, parameters = with_cases(
        f"""
WITH scope AS ({{}}), clock AS ({RUNNING_CLOCKS})
SELECT k.clock, c.department_id, width_bucket(c.created_at, %s::timestamptz[]) - 1,
       CASE WHEN NOT k.met THEN {hour_of_week_sql("k.due")} END,
       count(*) FILTER (WHERE NOT k.met), count(*) FILTER (WHERE k.met IS NULL)
FROM clock k JOIN inbox_case c ON c.id = k.case_id GROUP BY 1, 2, 3, 4
""",  # noqa: S608 (constants)
        cases_with_clocks(user, period, filters),
    )
    offsets = offsets_between(period.zone, period.start, max(period.end, now))
    starts = [step.start for step in period.steps]
    return [RunningTargets(*row) for row in fetch_all(sql, [*parameters, now, starts, *offsets])]
