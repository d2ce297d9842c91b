"""Exchanges and the response rate, by week of arrival.

An exchange is a series of a customer's messages in one case, up to an answer of ours: public or private,
through Horseshoe or in the network's own app. The rate is exchanges answered ÷ exchanges that need an answer;
an unanswered exchange stays in the denominator. Historical cases and cases dismissed as noise are left out.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from accounts.models import User
from inbox.models import Case, Status
from inbox.models.case import CaseQuerySet
from reports.periods import Period, Week
from reports.scopes import case_ids_sql

#: Share of people who complained on Twitter and got an answer: Maritz Research and evolve24, September 2011, n = 1,300.
ANSWERED_IN_2011 = 0.29

#: The department, and the reasons of dismissal, whose cases are excluded from every rate.
SPAM_DEPARTMENT = "spam"
NOISE_REASONS = ("Noise", "Spam")

_EXCHANGES = """
WITH scope AS ({scope}),
message AS (
  SELECT m.case_id, m.id, m.direction, m.network_time, m.received_at, m.needs_answer,
         lag(m.direction) OVER w AS before
  FROM inbox_message m JOIN scope ON scope.id = m.case_id
  WHERE NOT m.historical
  WINDOW w AS (PARTITION BY m.case_id ORDER BY m.network_time, m.id)
),
numbered AS (
  SELECT message.*, count(*) FILTER (WHERE direction = 'in' AND before IS DISTINCT FROM 'in')
         OVER (PARTITION BY case_id ORDER BY network_time, id) AS exchange
  FROM message
),
exchange AS (
  SELECT case_id, exchange,
         min(received_at) FILTER (WHERE direction = 'in') AS arrived,
         min(received_at) FILTER (WHERE direction = 'out') AS answered
  FROM numbered WHERE exchange > 0
  GROUP BY case_id, exchange
  HAVING bool_or(needs_answer) FILTER (WHERE direction = 'in')
)
"""
_BY_WEEK = """
SELECT week.key, count(exchange.case_id), count(exchange.answered)
FROM unnest(%s::text[], %s::timestamptz[], %s::timestamptz[]) AS week(key, starts, ends)
LEFT JOIN exchange ON exchange.arrived >= week.starts AND exchange.arrived < week.ends
GROUP BY week.key
"""
_CASES_WITH_EXCHANGE = """
SELECT DISTINCT case_id FROM exchange
WHERE arrived >= %s AND arrived < %s AND (%s::boolean IS NULL OR (answered IS NOT NULL) = %s)
"""


@dataclass(frozen=True, slots=True)
class Cohort:
    """The exchanges that arrived in one week. `mature` is false while an answer may still come in time."""

    week: Week
    needing: int
    answered: int
    mature: bool

    @property
    def rate(self) -> float | None:
        """Answered ÷ needing, 0.0–1.0; None when nothing needed an answer."""
        return self.answered / self.needing if self.needing else None


def response_cohorts(user: User, period: Period, promised: dt.timedelta, *, now: dt.datetime) -> list[Cohort]:
    """Return one cohort per week, oldest first.

    Only cases that the user may read count. A week is mature when it ended at least `promised` (the longest
    promised response of the brand accounts) ago.
    """
    weeks = period.weeks
    columns: list[Any] = [[w.key for w in weeks], [w.start for w in weeks], [w.end for w in weeks]]
    rows = {
        key: (needing, answered)
        for key, needing, answered in _fetch_exchanges(user, period, _BY_WEEK, columns)
    }
    return [Cohort(week, *rows[week.key], mature=week.end + promised <= now) for week in weeks]


def overall_rate(cohorts: Sequence[Cohort]) -> tuple[int, int]:
    """Return (answered, needing) over all cohorts, the immature ones included."""
    return sum(c.answered for c in cohorts), sum(c.needing for c in cohorts)


def exchange_case_ids(
    user: User, period: Period, start: dt.datetime, end: dt.datetime, answered: bool | None
) -> list[int]:
    """Return ids of cases with an exchange that arrived in [start, end).

    `answered` selects answered (True) or unanswered (False) exchanges; None selects all.
    """
    rows = _fetch_exchanges(user, period, _CASES_WITH_EXCHANGE, [start, end, answered, answered])
    return [case_id for (case_id,) in rows]


def reported_cases(user: User) -> CaseQuerySet:
    """Return the cases that reports count.

    Visible to the user, not historical, not spam, not dismissed as noise.
    """
    visible = Case.objects.visible_to(user).filter(historical=False)
    return visible.exclude(department__slug=SPAM_DEPARTMENT).exclude(
        status=Status.DISMISSED, close_reason__in=NOISE_REASONS
    )


def _fetch_exchanges(user: User, period: Period, select: str, parameters: list[Any]) -> list[tuple[Any, ...]]:
    alive = reported_cases(user).filter(activity_at__gte=period.start)
    scope, scope_parameters = case_ids_sql(alive)
    # The scope is SQL from Django with its parameters; no value from a request is put into the text.
    sql = _EXCHANGES.format(scope=scope) + select
    with connection.cursor() as cursor:
        cursor.execute(sql, [*scope_parameters, *parameters])
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
