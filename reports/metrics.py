"""First responses and volume of the cases created in a period. Definitions: docs/metrics.md."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Count

from accounts.models import User
from inbox.models.case import CaseQuerySet
from reports.periods import Period
from reports.scopes import fetch_all, reported_cases, with_cases


@dataclass(frozen=True, slots=True)
class FirstResponse:
    """First responses of the cases created in a period that need an answer.

    `open` and `closed` are those without one: they wait, or were closed without an answer. The ages are of the open.
    """

    median: dt.timedelta | None
    p90: dt.timedelta | None
    answered: int
    open: int
    closed: int
    oldest_open: dt.timedelta | None
    median_open: dt.timedelta | None

    @property
    def missing(self) -> int:
        """The cases without a first response."""
        return self.open + self.closed

    @property
    def needing(self) -> int:
        return self.answered + self.missing


@dataclass(frozen=True, slots=True)
class Volume:
    """Cases created in a period, by department and network."""

    networks: tuple[str, ...]
    rows: tuple[VolumeRow, ...]

    @property
    def total(self) -> int:
        return sum(row.total for row in self.rows)


@dataclass(frozen=True, slots=True)
class VolumeRow:
    department_id: int
    department: str
    by_network: tuple[int, ...]

    @property
    def total(self) -> int:
        return sum(self.by_network)


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
_FIRST_RESPONSE = """
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY span) FILTER (WHERE state = 'answered'),
       percentile_cont(0.9) WITHIN GROUP (ORDER BY span) FILTER (WHERE state = 'answered'),
       count(*) FILTER (WHERE state = 'answered'),
       count(*) FILTER (WHERE state = 'waiting'),
       count(*) FILTER (WHERE state = 'closed'),
       max(span) FILTER (WHERE state = 'waiting'),
       percentile_cont(0.5) WITHIN GROUP (ORDER BY span) FILTER (WHERE state = 'waiting')
FROM unit
"""


def first_response_times(user: User, period: Period, *, now: dt.datetime) -> FirstResponse:
    """Measure first responses of cases created in the period.

    Only cases that need an answer count. One statement.
    """
    sql, parameters = case_units(created_cases(user, period).filter(needs_answer=True), now=now)
    return FirstResponse(*fetch_all(sql + _FIRST_RESPONSE, parameters)[0])


def case_units(cases: CaseQuerySet, *, now: dt.datetime) -> tuple[str, list[Any]]:
    """Return the units (`reports.lists`) of cases: each with its first response."""
    sql, parameters = with_cases(_CASE_UNITS, cases)
    return sql, [*parameters, now]


def case_volume(user: User, period: Period) -> Volume:
    """Count cases by department and network, largest department first. One statement."""
    cases = created_cases(user, period).order_by()
    rows = cases.values_list("department_id", "department__name", "network").annotate(n=Count("id"))
    counted: dict[tuple[int, str], dict[str, int]] = {}
    for department_id, name, network, n in rows:
        counted.setdefault((department_id, name), {})[network] = n
    networks = tuple(sorted({network for by_network in counted.values() for network in by_network}))
    lines = [
        VolumeRow(department_id, name, tuple(by_network.get(network, 0) for network in networks))
        for (department_id, name), by_network in counted.items()
    ]
    return Volume(networks, tuple(sorted(lines, key=lambda line: (-line.total, line.department))))


def created_cases(user: User, period: Period) -> CaseQuerySet:
    """Return the reported cases that were created in the period."""
    return reported_cases(user).filter(created_at__gte=period.start, created_at__lt=period.end)


def unanswered_cases(user: User, period: Period, *, is_open: bool | None = None) -> CaseQuerySet:
    """Return the cases of the period without a first response.

    `is_open` selects those that wait (True) or were closed without an answer (False); None selects all.
    """
    cases = created_cases(user, period).filter(needs_answer=True, first_response_at__isnull=True)
    return cases if is_open is None else cases.filter(closed_at__isnull=is_open)
