"""Exchanges and the response rate, by time of arrival.

An exchange is a series of a customer's messages in one case, up to an answer of ours: public or private,
through Horseshoe or in the network's own app. The rate is exchanges answered ÷ exchanges that need an answer;
an unanswered exchange stays in the denominator. Historical messages and cases dismissed as noise are left out.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.db.models.expressions import RawSQL

from accounts.models import User
from inbox.models.case import CaseQuerySet
from reports.filters import Filters
from reports.periods import Period, Step
from reports.scopes import ALWAYS, CaseScope, fetch_all, reported_cases, with_cases

#: Share of people who complained on Twitter and got an answer: Maritz Research and evolve24, September 2011, n = 1,300.
ANSWERED_IN_2011 = 0.29

_EXCHANGES = """
WITH scope AS ({}),
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
         min(network_time) FILTER (WHERE direction = 'in') AS asked,
         min(network_time) FILTER (WHERE direction = 'out') AS answered
  FROM numbered WHERE exchange > 0
  GROUP BY case_id, exchange
  HAVING bool_or(needs_answer) FILTER (WHERE direction = 'in')
)
"""
# In an imported conversation all messages are history. Nobody judged them when they came: its first exchange counts, whatever
# was read in it.
_EXCHANGES_WITH_IMPORTED = (
    _EXCHANGES.replace("m.needs_answer,\n", "m.needs_answer, past.historical AS imported,\n")
    .replace(
        "WHERE NOT m.historical",
        "JOIN inbox_case past ON past.id = m.case_id WHERE NOT m.historical OR past.historical",
    )
    .replace("HAVING", "HAVING (exchange = 1 AND bool_or(imported)) OR")
)
_BY_STEP = """
SELECT step.key, count(exchange.case_id), count(exchange.answered)
FROM unnest(%s::text[], %s::timestamptz[], %s::timestamptz[]) AS step(key, starts, ends)
LEFT JOIN exchange ON exchange.arrived >= step.starts AND exchange.arrived < step.ends
GROUP BY step.key
"""
# An answer that the network had before the question reached us is measured by the network's clock.
_UNITS = """,
unit AS (
  SELECT x.case_id, x.exchange AS n, x.arrived AS at,
         CASE WHEN x.answered >= x.arrived THEN x.answered - x.arrived
              WHEN x.answered IS NOT NULL THEN greatest(x.answered - x.asked, interval '0')
              WHEN c.closed_at IS NULL THEN %s - x.arrived END AS span,
         CASE WHEN x.answered IS NOT NULL THEN 'answered' WHEN c.closed_at IS NULL THEN 'waiting' ELSE 'closed' END AS state
  FROM exchange x JOIN inbox_case c ON c.id = x.case_id
  WHERE x.arrived >= %s AND x.arrived < %s AND (%s::boolean IS NULL OR (x.answered IS NOT NULL) = %s)
)
"""
# The answer that ended an exchange is the first of ours after the customer's message. Only who gave the first counts.
_ANSWERED_BY = """ON c.id = x.case_id
  LEFT JOIN LATERAL (
    SELECT m.user_id FROM inbox_message m
    WHERE m.case_id = x.case_id AND m.direction = 'out' AND NOT m.historical AND m.network_time = x.answered
    ORDER BY m.id LIMIT 1) answer ON x.exchange = 1 AND x.answered IS NOT NULL
"""
_FACTS = _UNITS.replace("AS state\n", "AS state, answer.user_id AS person_id\n")
_FACTS = _FACTS.replace("ON c.id = x.case_id\n", _ANSWERED_BY) + ", fact AS (TABLE unit)"
#: A message that reaches us later than this may belong to a week in which nothing else of its case happens. There is an
#: index of such messages, so the condition must be written as there.
_LATE = "NOT historical AND received_at - network_time > interval '1 hour'"
_LATE_AFTER = dt.timedelta(hours=1)
_CASES_WITH_LATE_MESSAGE = f"SELECT case_id FROM inbox_message WHERE {_LATE} AND received_at >= %s"  # noqa: S608 (constants)


@dataclass(frozen=True, slots=True)
class Cohort:
    """The exchanges that arrived in one step. `mature` is false while an answer may still come in time."""

    step: Step
    needing: int
    answered: int
    mature: bool

    @property
    def rate(self) -> float | None:
        """Answered ÷ needing, 0.0–1.0; None when nothing needed an answer."""
        return self.answered / self.needing if self.needing else None


def response_cohorts(
    user: User, period: Period, filters: Filters, *, promised: dt.timedelta, now: dt.datetime
) -> list[Cohort]:
    """Return one cohort per step, oldest first.

    Only cases that the user may read count. A cohort is mature when its step ended at least `promised` (the longest
    promised response of the brand accounts) ago.
    """
    steps = period.steps
    columns: list[Any] = [[s.key for s in steps], [s.start for s in steps], [s.end for s in steps]]
    sql, parameters = _exchanges_sql(user, period, filters)
    rows = {
        key: (needing, answered) for key, needing, answered in fetch_all(sql + _BY_STEP, parameters + columns)
    }
    return [Cohort(step, *rows[step.key], mature=step.end + promised <= now) for step in steps]


def overall_rate(cohorts: Sequence[Cohort]) -> tuple[int, int]:
    """Return (answered, needing) over all cohorts, the immature ones included."""
    return sum(c.answered for c in cohorts), sum(c.needing for c in cohorts)


def ripe_rate(cohorts: Sequence[Cohort]) -> tuple[int, int]:
    """Return (answered, needing) over the mature cohorts."""
    return overall_rate([cohort for cohort in cohorts if cohort.mature])


def exchange_units(
    user: User, period: Period, filters: Filters, answered: bool | None = None, *, now: dt.datetime
) -> tuple[str, list[Any]]:
    """Return the units (`reports.behind.lists`) of exchanges.

    Of those that arrived in the period; `answered` selects answered (True) or unanswered (False) exchanges; None all.
    """
    sql, parameters = _exchanges_sql(user, period, filters)
    return sql + _UNITS, [*parameters, now, period.start, period.end, answered, answered]


def exchange_facts(cases: CaseScope, *, with_imported: bool = False) -> tuple[str, list[Any]]:
    """Return a statement that ends with a table `fact`: every exchange of some cases, whoever may read them.

    What still waits has no span: it depends on the present. Imported conversations are only in it when asked for.
    """
    sql, parameters = with_cases(_EXCHANGES_WITH_IMPORTED if with_imported else _EXCHANGES, cases)
    return sql + _FACTS, [*parameters, None, *ALWAYS, None, None]


def _exchanges_sql(user: User, period: Period, filters: Filters) -> tuple[str, list[Any]]:
    return exchanges_sql(filters.narrow(reported_cases(user)), period.start)


def exchanges_sql(cases: CaseQuerySet, since: dt.datetime) -> tuple[str, list[Any]]:
    """Return the beginning of a statement with all exchanges of some cases.

    Of the cases in which a message reached us since then. Periods go by that time, `activity_at` by the network's.
    """
    return with_cases(_EXCHANGES, alive_cases(cases, since))


def alive_cases(cases: CaseQuerySet, since: dt.datetime) -> CaseQuerySet:
    """Return those of some cases with a message since then."""
    late = RawSQL(_CASES_WITH_LATE_MESSAGE, [since])  # noqa: S611 (constants)
    return cases.filter(Q(activity_at__gte=since - _LATE_AFTER) | Q(id__in=late))
