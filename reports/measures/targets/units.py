"""The list behind a number of the page of service levels: one row for each target."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Literal

from accounts.models import User
from reports.filters import Filters
from reports.measures.attainment import CLOCKS_SQL
from reports.measures.local_times import offsets_between
from reports.measures.new_cases import created_cases
from reports.measures.targets.running import hour_of_week_sql
from reports.periods import Period
from reports.scopes import with_cases
from routing.service_levels.policies import ClockName

#: What became of a target: `open` is one that runs in time, `overdue` one that runs and is missed already.
Result = Literal["met", "missed", "overdue", "open"]

_CONDITIONS: dict[Result, str] = {
    "met": "k.met", "missed": "NOT k.met", "overdue": "NOT k.met AND k.runs", "open": "k.met IS NULL",
}  # fmt: skip
_UNITS = """,
unit AS (
  SELECT k.case_id, 4 * k.n + array_position(ARRAY['first_response', 'next_response', 'resolution'], k.clock) AS n, k.at,
         CASE WHEN k.met IS NULL THEN k.due - %s WHEN k.runs THEN %s - k.due ELSE k.late END AS span,
         CASE WHEN k.met THEN 'met' WHEN k.met IS NULL THEN 'due' WHEN k.runs THEN 'overdue' ELSE 'late' END AS state
  FROM clock k WHERE {conditions}
)
"""


@dataclass(frozen=True, slots=True)
class TargetChoice:
    """Choose targets; None does not limit. `policy` is of those that ended, `hour` the hour of the week when they were due."""

    clock: ClockName | None = None
    result: Result | None = None
    policy: str | None = None
    hour: int | None = None


def target_units(
    user: User, period: Period, filters: Filters, choice: TargetChoice, *, now: dt.datetime
) -> tuple[str, list[Any]]:
    """Return the units (`reports.behind.lists`) of some targets.

    Of the cases created in the period.
    """
    sql, parameters = with_cases(CLOCKS_SQL, created_cases(user, period, filters))
    conditions, values = ["true"], list[Any]()
    if choice.clock:
        conditions.append("k.clock = %s")
        values.append(choice.clock)
    # A target that runs in time counts nowhere else.
    conditions.append(_CONDITIONS[choice.result] if choice.result else "k.met IS NOT NULL")
    if choice.policy is not None:
        conditions.append("k.policy = %s")
        values.append(choice.policy)
    if choice.hour is not None:
        conditions.append(f"{hour_of_week_sql('k.due')} = %s")
        values += [*offsets_between(period.zone, period.start, max(period.end, now)), choice.hour]
    units = _UNITS.format(conditions=" AND ".join(conditions))
    return sql + units, [*parameters, now, now, now, *values]
