"""SLA attainment: clocks met ÷ clocks that have ended or are past due, of the cases created in a period.

Clocks that have ended are read from the cases' events (key "clocks"); clocks that still run and are past due
are read from the cases. Of a case's resolution clocks only the newest counts, and only while the case is
resolved: in a reopened case the resolution has not ended, and one that was dismissed after that ended none. Of the records of one exchange the newest counts: after a
closing without an answer we may learn of an answer that was in time, and a closing may be undone (then "met" is null).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from accounts.models import User
from postgres.prepared_querysets import prepared_statement
from reports.filters import Filters
from reports.measures.new_cases import created_cases
from reports.periods import Period
from reports.scopes import CaseScope, CaseTable, case_table, fetch_all, reported_cases, with_cases
from routing.service_levels.policies import CLOCKS, ClockName

#: The columns of `clock`: `at` is when it ended or, while it runs, is due; `due` when it was due, as far as that was noted (of a
#: resolution when it ended); `late` how much later than its target it ended. A running clock has no policy yet.
RUNNING_CLOCKS = """
  SELECT c.id AS case_id, 0::bigint AS n, running.clock, CASE WHEN running.due < %s THEN false END AS met, true AS runs,
         running.due AS at, running.due, NULL::interval AS late, NULL AS policy
  FROM inbox_case c JOIN scope ON scope.id = c.id
  CROSS JOIN LATERAL (VALUES
    ('first_response', CASE WHEN c.first_response_at IS NULL THEN c.first_response_due_at END),
    ('next_response', c.next_response_due_at),
    ('resolution', c.resolution_due_at)) AS running(clock, due)
  WHERE c.closed_at IS NULL AND running.due IS NOT NULL
"""
CLOCKS_SQL = f"""
WITH scope AS ({{}}),
ended_clock AS (
  SELECT e.id, e.case_id, e.at, k.one ->> 'clock' AS clock, (k.one ->> 'met')::boolean AS met,
         coalesce((k.one ->> 'due')::timestamptz, e.at) AS due,
         CASE WHEN jsonb_exists(k.one, 'due') THEN greatest(e.at - (k.one ->> 'due')::timestamptz, interval '0')
              ELSE ((k.one ->> 'used')::int - (k.one ->> 'target')::int) * interval '1 second' END AS late,
         left(coalesce(k.one ->> 'policy', ''), 40) AS policy,
         row_number() OVER (PARTITION BY e.case_id, k.one ->> 'clock', k.one ->> 'from' ORDER BY e.id DESC) AS newest
  FROM inbox_caseevent e
  JOIN scope ON scope.id = e.case_id
  CROSS JOIN LATERAL jsonb_array_elements(e.data -> 'clocks') AS k(one)
),
clock AS (
  SELECT e.case_id, e.id AS n, e.clock, e.met, false AS runs, e.at, e.due, CASE WHEN NOT e.met THEN e.late END AS late, e.policy
  FROM ended_clock e JOIN inbox_case c ON c.id = e.case_id
  WHERE e.newest = 1 AND e.met IS NOT NULL AND (e.clock <> 'resolution' OR c.status = 'resolved')
  UNION ALL
{RUNNING_CLOCKS})
"""  # noqa: S608 (constants)
_BY_CLOCK = """
SELECT clock, count(*) FILTER (WHERE met), count(*) FILTER (WHERE NOT met), count(*) FILTER (WHERE runs AND NOT met),
       count(*) FILTER (WHERE met IS NULL)
FROM clock GROUP BY clock
"""
_UNITS = """,
unit AS (
  SELECT case_id, n, at, CASE WHEN runs THEN %s - at END AS span,
         CASE WHEN met THEN 'met' WHEN runs THEN 'overdue' ELSE 'missed' END AS state
  FROM clock WHERE clock = %s AND met = %s
)
"""

_FACTS = """,
fact AS (
  SELECT k.case_id, c.created_at AS at, k.late AS span, k.clock || CASE WHEN k.met THEN ':met:' ELSE ':missed:' END || k.policy AS state,
         row_number() OVER (PARTITION BY k.case_id ORDER BY k.n, k.clock, k.met) AS n, e.actor_id AS person_id, k.at AS ended_at
  FROM clock k JOIN inbox_case c ON c.id = k.case_id JOIN inbox_caseevent e ON e.id = k.n
  WHERE NOT k.runs
)
"""

_RUNNING_FACTS = """,
fact AS (
  SELECT k.case_id, c.created_at AS at, k.at - c.created_at AS span, k.clock AS state,
         row_number() OVER (PARTITION BY k.case_id ORDER BY k.clock) AS n
  FROM clock k JOIN inbox_case c ON c.id = k.case_id
  WHERE k.runs
)
"""


@dataclass(frozen=True, slots=True)
class Attainment:
    """The counts of one clock: met, missed, of the missed those that still run, and those that run in time."""

    clock: ClockName
    met: int
    missed: int
    running: int
    in_time: int

    @property
    def ended(self) -> int:
        return self.met + self.missed


def sla_attainment(user: User, period: Period, filters: Filters, *, now: dt.datetime) -> list[Attainment]:
    """Count met and missed clocks, within what the user may read.

    Returns one item per clock, in the order of `CLOCKS`. One statement.
    """
    sql, parameters = _clocks_sql(user, period, filters, now)
    rows = {clock: counts for clock, *counts in fetch_all(sql + _BY_CLOCK, parameters)}
    return [Attainment(clock, *rows.get(clock, (0, 0, 0, 0))) for clock in CLOCKS]


def clock_units(
    user: User, period: Period, filters: Filters, clock: ClockName, *, met: bool, now: dt.datetime
) -> tuple[str, list[Any]]:
    """Return the units (`reports.behind.lists`) of one number of the table."""
    sql, parameters = _clocks_sql(user, period, filters, now)
    return sql + _UNITS, [*parameters, now, clock, met]


def clock_facts(cases: CaseScope) -> tuple[str, list[Any]]:
    """Return a statement that ends with a table `fact`: the ended clocks of some cases.

    Their state is "clock:met:policy" or "clock:missed:policy", their time that of the case, their span how late they ended;
    `ended_at` and `person_id` are of the event that ended them.
    """
    sql, parameters = with_cases(CLOCKS_SQL, cases)
    return sql + _FACTS, [*parameters, None]


def running_clock_facts(cases: CaseScope) -> tuple[str, list[Any]]:
    """Return a statement that ends with a table `fact`: the clocks that run in some cases.

    Their state is the clock; their span is from the creation of the case to when the clock is due.
    """
    sql, parameters = with_cases(CLOCKS_SQL, cases)
    return sql + _RUNNING_FACTS, [*parameters, None]


def cases_with_clocks(user: User, period: Period, filters: Filters) -> CaseTable:
    """Return the cases of the period in which a clock runs."""
    return case_table(_select_with_clocks(user, period.start, period.end, filters))


@prepared_statement
def _select_with_clocks(
    user: User, start: dt.datetime, end: dt.datetime, filters: Filters
) -> QuerySet[Any, Any]:
    has_clock = Q(first_response_due_at__isnull=False) | Q(next_response_due_at__isnull=False)
    cases = filters.narrow(reported_cases(user)).filter(created_at__gte=start, created_at__lt=end)
    running = cases.filter(has_clock | Q(resolution_due_at__isnull=False), closed_at__isnull=True)
    return running.order_by().values("id")


def count_running_clocks(
    user: User, period: Period, filters: Filters, *, now: dt.datetime
) -> dict[str, tuple[int, int]]:
    """Count by clock those that are overdue, and those in time.

    One statement, over the open cases in which a clock runs.
    """
    cases = cases_with_clocks(user, period, filters)
    sql, parameters = with_cases(f"WITH scope AS ({{}}), clock AS ({RUNNING_CLOCKS}) {_BY_CLOCK}", cases)
    rows = fetch_all(sql, [*parameters, now])
    return {clock: (overdue, in_time) for clock, _, _, overdue, in_time in rows}


def _clocks_sql(user: User, period: Period, filters: Filters, now: dt.datetime) -> tuple[str, list[Any]]:
    sql, parameters = with_cases(CLOCKS_SQL, created_cases(user, period, filters))
    return sql, [*parameters, now]
