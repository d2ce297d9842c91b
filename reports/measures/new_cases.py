"""The cases created in a period: what first responses, volume and service levels count. Definitions: docs/metrics.md."""

from __future__ import annotations

import datetime as dt
from typing import Any

from accounts.models import User
from inbox.models.case import CaseQuerySet
from reports.filters import Filters
from reports.periods import Period
from reports.scopes import CaseScope, reported_cases, with_cases

# An answer that the network had before the case reached us is measured by the network's clock.
_CASE_UNITS = """
WITH scope AS ({}),
unit AS (
  SELECT c.id AS case_id, 0::bigint AS n, c.created_at AS at,
         CASE WHEN c.first_response_at >= c.created_at THEN c.first_response_at - c.created_at
              WHEN c.first_response_at IS NOT NULL THEN greatest(interval '0', c.first_response_at - (
                SELECT min(m.network_time) FROM inbox_message m
                WHERE m.case_id = c.id AND m.direction = 'in' AND NOT m.historical))
              WHEN c.needs_answer AND c.closed_at IS NULL THEN %s - c.created_at END AS span,
         CASE WHEN c.first_response_at IS NOT NULL THEN 'answered' WHEN NOT c.needs_answer THEN 'quiet'
              WHEN c.closed_at IS NULL THEN 'waiting' ELSE 'closed' END AS state
  FROM inbox_case c JOIN scope ON scope.id = c.id
)
"""


def created_cases(user: User, period: Period, filters: Filters) -> CaseQuerySet:
    """Return the reported cases that were created in the period."""
    cases = filters.narrow(reported_cases(user))
    return cases.filter(created_at__gte=period.start, created_at__lt=period.end)


def unanswered_cases(
    user: User, period: Period, filters: Filters, *, is_open: bool | None = None
) -> CaseQuerySet:
    """Return the cases of the period without a first response.

    `is_open` selects those that wait (True) or were closed without an answer (False); None selects all.
    """
    cases = created_cases(user, period, filters).filter(needs_answer=True, first_response_at__isnull=True)
    return cases if is_open is None else cases.filter(closed_at__isnull=is_open)


def case_units(cases: CaseScope, *, now: dt.datetime | None) -> tuple[str, list[Any]]:
    """Return the units (`reports.behind.lists`) of cases: each with its first response.

    Without `now` what still waits has no span.
    """
    sql, parameters = with_cases(_CASE_UNITS, cases)
    return sql, [*parameters, now]
