"""The customers with a case in a period, and those of them who got no closure. Definitions: docs/metrics.md.

A case gave no closure when it needed an answer and has none, or when it was closed on the customer's last public word
that needs an answer. A customer with one such case got none, however many others were answered.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from accounts.models import User
from reports.filters import Filters
from reports.measures.new_cases import created_cases
from reports.periods import Period, Step
from reports.scopes import fetch_all, with_cases

# Only where the customer wrote last it is looked up whether that was in public and needs an answer.
_LAST_WORD = """
  LEFT JOIN LATERAL (
    SELECT m.direction, m.needs_answer FROM inbox_message m
    WHERE m.case_id = c.id AND m.visibility = 'public' AND NOT m.historical
    ORDER BY m.network_time DESC, m.id DESC LIMIT 1
  ) last ON c.first_response_at IS NOT NULL AND c.closed_at IS NOT NULL
    AND (c.last_outbound_at IS NULL OR c.last_inbound_at IS NULL OR c.last_inbound_at >= c.last_outbound_at)
"""
_WITHOUT_CLOSURE = """
         CASE WHEN c.first_response_at IS NULL THEN c.needs_answer
              WHEN c.closed_at IS NOT NULL THEN coalesce(last.direction = 'in' AND last.needs_answer, false)
              ELSE false END AS without_closure
"""
_JUDGED = f"""
WITH scope AS ({{}}),
judged AS (
  SELECT c.id, c.customer_id, c.department_id, c.visibility = 'public' AS in_public, c.closed_at IS NULL AS is_open,
         c.created_at, c.closed_at,{_WITHOUT_CLOSURE}
  FROM inbox_case c
  JOIN scope ON scope.id = c.id{_LAST_WORD}
)
"""  # noqa: S608 (constants)
#: What a fact of a case says of its closure: columns, and what they are read from beside the case `c`.
CLOSURE_COLUMNS, CLOSURE_JOIN = f"c.customer_id,{_WITHOUT_CLOSURE}", _LAST_WORD
_COUNTS = """
SELECT count(DISTINCT customer_id),
       count(DISTINCT customer_id) FILTER (WHERE without_closure),
       count(DISTINCT customer_id) FILTER (WHERE without_closure AND in_public),
       count(DISTINCT customer_id) FILTER (WHERE without_closure AND is_open),
       count(DISTINCT customer_id) FILTER (WHERE without_closure AND is_open AND in_public)
FROM judged
"""
_BY_STEP = """
SELECT step.key, count(DISTINCT judged.customer_id)
FROM unnest(%s::text[], %s::timestamptz[], %s::timestamptz[]) AS step(key, starts, ends)
JOIN judged ON judged.without_closure AND judged.created_at >= step.starts AND judged.created_at < step.ends
GROUP BY step.key
"""
# One row a customer: the newest case that gave no closure.
_UNITS = """,
unit AS (
  SELECT DISTINCT ON (customer_id) id AS case_id, 0::bigint AS n, created_at AS at,
         coalesce(closed_at, %s) - created_at AS span,
         CASE WHEN is_open THEN 'waiting' ELSE 'given_up' END AS state
  FROM judged
  WHERE without_closure AND (%s::boolean IS NULL OR in_public = %s) AND (%s::boolean IS NULL OR is_open = %s)
    AND (NOT %s OR customer_id IN (
      SELECT customer_id FROM judged WHERE without_closure
      GROUP BY 1 HAVING bool_and(is_open AND created_at > %s - (SELECT max(promised_response) FROM accounts_brandaccount))))
  ORDER BY customer_id, created_at DESC, id DESC
)
"""


@dataclass(frozen=True, slots=True)
class Closure:
    """Customers with a case in a period, those without closure, and of these: in public, still waiting, both."""

    customers: int
    without: int
    in_public: int
    waiting: int
    waiting_in_public: int

    @property
    def opening(self) -> float:
        """The share of customers without closure, 0.0 to 1.0."""
        return self.without / self.customers if self.customers else 0.0


def measure_closure(user: User, period: Period, filters: Filters) -> Closure:
    """Count the customers of a period, and those without closure. One statement."""
    return Closure(*fetch_all(*_add(_judged_sql(user, period, filters), _COUNTS))[0])


def without_closure_by_step(user: User, period: Period, filters: Filters) -> list[tuple[Step, int]]:
    """Count the customers without closure by when their case reached us. One statement."""
    steps = period.steps
    columns: list[Any] = [[s.key for s in steps], [s.start for s in steps], [s.end for s in steps]]
    counts = dict(fetch_all(*_add(_judged_sql(user, period, filters), _BY_STEP, *columns)))
    return [(step, counts.get(step.key, 0)) for step in steps]


def closure_units(
    user: User,
    period: Period,
    filters: Filters,
    *,
    now: dt.datetime,
    in_public: bool | None = None,
    is_open: bool | None = None,
    unripe: bool = False,
) -> tuple[str, list[Any]]:
    """Return the units (`reports.behind.lists`) of customers without closure.

    `unripe` leaves those who only wait, for less than the longest promised response: answers may still come in time.
    """
    values = [now, in_public, in_public, is_open, is_open, unripe, now]
    return _add(_judged_sql(user, period, filters), _UNITS, *values)


def _judged_sql(user: User, period: Period, filters: Filters) -> tuple[str, list[Any]]:
    return with_cases(_JUDGED, created_cases(user, period, filters))


def _add(begun: tuple[str, list[Any]], sql: str, *values: Any) -> tuple[str, list[Any]]:
    return begun[0] + sql, [*begun[1], *values]
