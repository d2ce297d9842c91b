"""Closed cases: hanging ones, and those that were opened again after an answer. Definitions: docs/metrics.md.

A case hangs when it was closed while its last public message is the customer's and needs an answer. It was opened again
after an answer when it has had one, was resolved, and is or was open after that.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from accounts.models import User
from reports.filters import Filters
from reports.measures.new_cases import created_cases
from reports.periods import Period
from reports.scopes import CaseScope, fetch_all, with_cases

#: The two halves of a state: how the case ended, and what became of its resolving after an answer.
ENDS, RETURNS = ("hanging", "settled", "open"), ("reopened", "stayed", "unanswered")

_CLOSINGS = """
WITH scope AS ({}),
closing AS (
  SELECT c.id AS case_id, c.created_at AS at, coalesce(c.closed_at, c.first_resolved_at) - c.created_at AS span,
         CASE WHEN c.closed_at IS NULL THEN 'open'
              WHEN last.direction = 'in' AND last.needs_answer THEN 'hanging' ELSE 'settled' END AS ended,
         CASE WHEN c.first_response_at IS NULL OR c.first_resolved_at IS NULL THEN 'unanswered'
              WHEN c.reopen_count > 0 THEN 'reopened' ELSE 'stayed' END AS returned
  FROM inbox_case c
  JOIN scope ON scope.id = c.id
  LEFT JOIN LATERAL (
    SELECT m.direction, m.needs_answer FROM inbox_message m
    WHERE m.case_id = c.id AND m.visibility = 'public' AND NOT m.historical
    ORDER BY m.network_time DESC, m.id DESC LIMIT 1
  ) last ON c.closed_at IS NOT NULL
  WHERE c.closed_at IS NOT NULL OR c.first_resolved_at IS NOT NULL
)
"""
_FACT = """,
fact AS (SELECT case_id, 0::bigint AS n, at, ended || ':' || returned AS state, NULL::interval AS span FROM closing)
"""
_COUNT = " SELECT ended || ':' || returned, count(*) FROM closing GROUP BY 1"
_UNIT = """,
unit AS (
  SELECT case_id, 0::bigint AS n, at, span, 'spent' AS state FROM closing
  WHERE ended = ANY(%s::text[]) AND returned = ANY(%s::text[])
)
"""


def count_closings(user: User, period: Period, filters: Filters, *, now: dt.datetime) -> dict[str, int]:
    """Count the closed cases of a period by state, from the rows. One statement."""
    sql, parameters = _closings_sql(user, period, filters)
    return dict(fetch_all(sql + _COUNT, parameters))


def closing_units(
    user: User,
    period: Period,
    filters: Filters,
    *,
    ends: tuple[str, ...] = ENDS,
    returns: tuple[str, ...] = RETURNS,
) -> tuple[str, list[Any]]:
    """Return the units (`reports.behind.lists`) of closed cases."""
    sql, parameters = _closings_sql(user, period, filters)
    return sql + _UNIT, [*parameters, list(ends), list(returns)]


def closing_facts(cases: CaseScope) -> tuple[str, list[Any]]:
    """Return a statement that ends with a table `fact`: every closed case."""
    sql, parameters = with_cases(_CLOSINGS, cases)
    return sql + _FACT, parameters


def _closings_sql(user: User, period: Period, filters: Filters) -> tuple[str, list[Any]]:
    return with_cases(_CLOSINGS, created_cases(user, period, filters))
