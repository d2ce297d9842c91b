"""The other numbers of the manager's page: first response, volume, hand-overs. Definitions: docs/metrics.md."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Count

from accounts.models import User
from inbox.models import Custody
from reports.exchanges import reported_cases
from reports.periods import Period
from reports.scopes import case_ids_sql


@dataclass(frozen=True, slots=True)
class FirstResponse:
    """First responses of the cases created in a period: how long they took, and how many are still missing."""

    median: dt.timedelta | None
    p90: dt.timedelta | None
    answered: int
    unanswered: int
    oldest_unanswered: dt.timedelta | None
    median_unanswered: dt.timedelta | None


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


@dataclass(frozen=True, slots=True)
class HandOverPair:
    """Hand-overs from one department to another.

    `median_wait` and `p90_wait` are from sending to acceptance, `median_custody` from sending to leaving;
    `came_back` counts hand-overs to a department that had had the case before.
    """

    from_id: int
    from_name: str
    to_id: int
    to_name: str
    count: int
    accepted: int
    median_wait: dt.timedelta | None
    p90_wait: dt.timedelta | None
    median_custody: dt.timedelta | None
    came_back: int


_FIRST_RESPONSE = """
WITH scope AS ({scope})
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY c.first_response_at - c.created_at),
       percentile_cont(0.9) WITHIN GROUP (ORDER BY c.first_response_at - c.created_at),
       count(c.first_response_at),
       count(*) FILTER (WHERE c.first_response_at IS NULL AND c.closed_at IS NULL),
       max(%s - c.created_at) FILTER (WHERE c.first_response_at IS NULL AND c.closed_at IS NULL),
       percentile_cont(0.5) WITHIN GROUP (ORDER BY %s - c.created_at)
         FILTER (WHERE c.first_response_at IS NULL AND c.closed_at IS NULL)
FROM inbox_case c JOIN scope ON scope.id = c.id
"""
_HAND_OVERS = """
WITH scope AS ({scope}),
custody AS (
  SELECT u.*, EXISTS (
    SELECT 1 FROM inbox_custody earlier
    WHERE earlier.case_id = u.case_id AND earlier.department_id = u.department_id AND earlier.sent_at < u.sent_at
      AND NOT EXISTS (
        SELECT 1 FROM inbox_custody r WHERE r.case_id = u.case_id AND r.routed AND r.sent_at = earlier.left_at
      )
  ) AS returned
  FROM inbox_custody u JOIN scope ON scope.id = u.case_id
  WHERE u.from_department_id IS NOT NULL AND u.from_department_id <> u.department_id
    AND NOT u.routed AND u.sent_at >= %s AND u.sent_at < %s
)
SELECT f.id, f.name, t.id, t.name, count(*), count(accepted_at),
       percentile_cont(0.5) WITHIN GROUP (ORDER BY accepted_at - sent_at),
       percentile_cont(0.9) WITHIN GROUP (ORDER BY accepted_at - sent_at),
       percentile_cont(0.5) WITHIN GROUP (ORDER BY coalesce(left_at, %s) - sent_at),
       count(*) FILTER (WHERE returned)
FROM custody
JOIN accounts_department f ON f.id = custody.from_department_id
JOIN accounts_department t ON t.id = custody.department_id
GROUP BY f.id, f.name, t.id, t.name
ORDER BY count(*) DESC, f.name, t.name
"""


def first_response_times(user: User, period: Period, *, now: dt.datetime) -> FirstResponse:
    """Measure first responses of cases created in the period.

    Only cases that need an answer count. One statement.
    """
    cases = created_cases(user, period).filter(needs_answer=True)
    row = _fetch_for_cases(_FIRST_RESPONSE, cases, [now, now])[0]
    median, p90, answered, unanswered, oldest, median_unanswered = row
    return FirstResponse(median, p90, answered, unanswered, oldest, median_unanswered)


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


def hand_over_pairs(user: User, period: Period, *, now: dt.datetime) -> list[HandOverPair]:
    """Measure hand-overs sent in the period, most frequent pair first.

    Moves by the learned router count as routing, not as hand-overs. One statement.
    """
    cases = reported_cases(user)
    return [
        HandOverPair(*row) for row in _fetch_for_cases(_HAND_OVERS, cases, [period.start, period.end, now])
    ]


def routed_cases(user: User, period: Period) -> Any:
    """Return the cases that the learned router moved in the period.

    It moves a case before anybody has touched it, and at most once.
    """
    moved = Custody.objects.filter(routed=True, sent_at__gte=period.start, sent_at__lt=period.end)
    return reported_cases(user).filter(id__in=moved.values("case_id"))


def created_cases(user: User, period: Period) -> Any:
    """Return the reported cases that were created in the period."""
    return reported_cases(user).filter(created_at__gte=period.start, created_at__lt=period.end)


def unanswered_cases(user: User, period: Period) -> Any:
    """Return the cases behind "still unanswered"."""
    return created_cases(user, period).filter(
        needs_answer=True, first_response_at__isnull=True, closed_at__isnull=True
    )


def handed_over_cases(user: User, period: Period, from_id: int, to_id: int) -> Any:
    """Return the cases behind one line of the hand-over table."""
    custody = Custody.objects.filter(
        from_department_id=from_id,
        department_id=to_id,
        routed=False,
        sent_at__gte=period.start,
        sent_at__lt=period.end,
    )
    return reported_cases(user).filter(id__in=custody.values("case_id"))


def _fetch_for_cases(sql: str, cases: Any, parameters: list[Any]) -> list[tuple[Any, ...]]:
    scope, scope_parameters = case_ids_sql(cases)
    with connection.cursor() as cursor:
        cursor.execute(sql.format(scope=scope), [*scope_parameters, *parameters])
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
