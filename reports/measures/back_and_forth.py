"""Cases that were sent back and forth: a department got them again after it had had them. Definitions: docs/metrics.md.

Of the cases of a period that changed department and are closed. A case counts once for each pair of departments between
which it came back, and once in all.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from accounts.models import User
from reports.filters import Filters
from reports.measures.new_cases import created_cases
from reports.periods import Period
from reports.scopes import CaseScope, fetch_all, reported_cases, with_cases

# A department that the router moved the case on from had it only for a moment.
_RETURNS = """
WITH scope AS ({}),
came_back AS (
  SELECT DISTINCT u.case_id, least(u.from_department_id, u.department_id) AS one,
         greatest(u.from_department_id, u.department_id) AS other
  FROM inbox_custody u
  JOIN scope ON scope.id = u.case_id
  WHERE NOT u.routed AND u.from_department_id <> u.department_id AND EXISTS (
    SELECT 1 FROM inbox_custody earlier
    WHERE earlier.case_id = u.case_id AND earlier.department_id = u.department_id AND earlier.sent_at < u.sent_at
      AND NOT EXISTS (
        SELECT 1 FROM inbox_custody r WHERE r.case_id = u.case_id AND r.routed AND r.sent_at = earlier.left_at))
)
"""
_ROWS = """
SELECT b.case_id, b.one, b.other, c.created_at FROM came_back b JOIN inbox_case c ON c.id = b.case_id
"""
_FACTS = """,
fact AS (
  SELECT b.case_id, row_number() OVER (PARTITION BY b.case_id ORDER BY b.one, b.other) AS n, c.created_at AS at,
         c.closed_at - c.created_at AS span, 'spent' AS state, b.one AS from_department_id, b.other AS to_department_id
  FROM came_back b JOIN inbox_case c ON c.id = b.case_id
)
"""
_UNITS = """,
unit AS (
  SELECT c.id AS case_id, 0::bigint AS n, c.created_at AS at, c.closed_at - c.created_at AS span, 'spent' AS state
  FROM inbox_case c
  WHERE c.id IN (SELECT case_id FROM came_back
                 WHERE %s::bigint IS NULL OR (one = %s AND other = %s))
)
"""


@dataclass(frozen=True, slots=True)
class Return:
    """A case that came back between two departments, the one with the smaller id first."""

    case_id: int
    one_id: int
    other_id: int
    created_at: dt.datetime

    @property
    def pair(self) -> tuple[int, int]:
        return self.one_id, self.other_id


def find_returns(user: User, periods: Sequence[Period], filters: Filters) -> list[Return]:
    """Find the cases of all these periods that came back.

    One item for each pair of departments. One statement.
    """
    start, end = min(each.start for each in periods), max(each.end for each in periods)
    cases = filters.narrow(reported_cases(user)).filter(created_at__gte=start, created_at__lt=end)
    sql, parameters = with_cases(_RETURNS, cases.filter(closed_at__isnull=False))
    return [Return(*row) for row in fetch_all(sql + _ROWS, parameters)]


def return_facts(cases: CaseScope) -> tuple[str, list[Any]]:
    """Return a statement that ends with a table `fact`.

    The returns of some closed cases.
    """
    sql, parameters = with_cases(_RETURNS, cases)
    return sql + _FACTS, parameters


def return_units(
    user: User, period: Period, filters: Filters, pair: tuple[int, int] | None
) -> tuple[str, list[Any]]:
    """Return the units (`reports.behind.lists`) of cases that came back.

    Between the two departments of `pair`; None selects all.
    """
    closed = created_cases(user, period, filters).filter(closed_at__isnull=False)
    sql, parameters = with_cases(_RETURNS, closed)
    first, second = sorted(pair) if pair else (None, None)
    return sql + _UNITS, [*parameters, first, first, second]
