"""SLA attainment: clocks met ÷ clocks that have ended or are past due, of the cases created in a period.

Clocks that have ended are read from the cases' events (key "clocks"); clocks that still run and are past due
are read from the cases. Of a case's resolution clocks only the newest counts, and only while the case is
closed: in a reopened case the resolution has not ended. Of the records of one exchange the newest counts: after a
closing without an answer we may learn of an answer that was in time.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db import connection

from accounts.models import User
from inbox.models.case import CaseQuerySet
from reports.exchanges import reported_cases
from reports.metrics import created_cases
from reports.periods import Period
from reports.scopes import case_ids_sql
from routing.service_levels.policies import CLOCKS, ClockName

_ENDED = """
WITH scope AS ({scope}),
ended_clock AS (
  SELECT e.case_id, k.one ->> 'clock' AS clock, (k.one ->> 'met')::boolean AS met,
         row_number() OVER (PARTITION BY e.case_id, k.one ->> 'clock', k.one ->> 'from' ORDER BY e.id DESC) AS newest
  FROM inbox_caseevent e
  JOIN scope ON scope.id = e.case_id
  CROSS JOIN LATERAL jsonb_array_elements(e.data -> 'clocks') AS k(one)
),
ended AS (
  SELECT e.case_id, e.clock, e.met, false AS runs
  FROM ended_clock e JOIN inbox_case c ON c.id = e.case_id
  WHERE e.newest = 1 AND (e.clock <> 'resolution' OR c.closed_at IS NOT NULL)
  UNION ALL
  SELECT c.id, late.clock, false, true
  FROM inbox_case c JOIN scope ON scope.id = c.id
  CROSS JOIN LATERAL (VALUES
    ('first_response', CASE WHEN c.first_response_at IS NULL THEN c.first_response_due_at END),
    ('next_response', c.next_response_due_at),
    ('resolution', c.resolution_due_at)) AS late(clock, due)
  WHERE c.closed_at IS NULL AND late.due < %s
)
"""
_BY_CLOCK = """
SELECT clock, count(*) FILTER (WHERE met), count(*) FILTER (WHERE NOT met), count(*) FILTER (WHERE runs)
FROM ended GROUP BY clock
"""
_CASES_BY_CLOCK = "SELECT DISTINCT case_id FROM ended WHERE clock = %s AND met = %s"


@dataclass(frozen=True, slots=True)
class Attainment:
    """The counts of one clock: how many were met, how many missed, and how many of the missed still run."""

    clock: ClockName
    met: int
    missed: int
    running: int

    @property
    def ended(self) -> int:
        return self.met + self.missed


def sla_attainment(user: User, period: Period, *, now: dt.datetime) -> list[Attainment]:
    """Count met and missed clocks, within what the user may read.

    Returns one item per clock, in the order of `CLOCKS`. One statement.
    """
    rows = {clock: counts for clock, *counts in _fetch_ended(_BY_CLOCK, user, period, [now])}
    return [Attainment(clock, *rows.get(clock, (0, 0, 0))) for clock in CLOCKS]


def clock_cases(user: User, period: Period, clock: ClockName, *, met: bool, now: dt.datetime) -> CaseQuerySet:
    """Return the cases behind one number of the table."""
    ids = [case_id for (case_id,) in _fetch_ended(_CASES_BY_CLOCK, user, period, [now, clock, met])]
    return reported_cases(user).filter(id__in=ids)


def _fetch_ended(select: str, user: User, period: Period, parameters: list[Any]) -> list[tuple[Any, ...]]:
    scope, scope_parameters = case_ids_sql(created_cases(user, period))
    # The scope is SQL from Django with its parameters; no value from a request is put into the text.
    sql = _ENDED.format(scope=scope) + select
    with connection.cursor() as cursor:
        cursor.execute(sql, [*scope_parameters, *parameters])
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
