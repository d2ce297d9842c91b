"""The work of one person on the cases that the reader may read: answers, first responses, promises kept.

Never compared with anybody: there is no statement here that reads two people.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from accounts.models import User
from reports.filters import Filters
from reports.measures.exchanges import exchanges_sql
from reports.periods import Period
from reports.scopes import CaseScope, fetch_all, reported_cases, with_cases

_ANSWERS = """
WITH scope AS ({}),
unit AS (
  SELECT m.case_id, m.id AS n, m.received_at AS at, NULL::interval AS span, 'sent' AS state
  FROM inbox_message m JOIN scope ON scope.id = m.case_id
  WHERE m.user_id = %s AND m.direction = 'out' AND NOT m.historical AND m.received_at >= %s AND m.received_at < %s
)
"""
# The answer that ended an exchange is the first of ours after the customer's message.
_FIRST_RESPONSES = """,
unit AS (
  SELECT x.case_id, x.exchange AS n, x.arrived AS at,
         CASE WHEN x.answered >= x.arrived THEN x.answered - x.arrived
              ELSE greatest(x.answered - x.asked, interval '0') END AS span, 'answered' AS state
  FROM exchange x
  JOIN LATERAL (SELECT m.user_id FROM inbox_message m
                WHERE m.case_id = x.case_id AND m.direction = 'out' AND NOT m.historical AND m.network_time = x.answered
                ORDER BY m.id LIMIT 1) answer ON answer.user_id = %s
  WHERE x.exchange = 1 AND x.arrived >= %s AND x.arrived < %s
)
"""
#: Response targets that ended with an answer of the person; of the records of one target the newest counts.
_PROMISES = """
WITH scope AS ({}),
ended AS (
  SELECT e.case_id, e.id, e.at, e.actor_id, (k.one ->> 'met')::boolean AS met,
         row_number() OVER (PARTITION BY e.case_id, k.one ->> 'clock', k.one ->> 'from' ORDER BY e.id DESC) AS newest
  FROM inbox_caseevent e JOIN scope ON scope.id = e.case_id
  CROSS JOIN LATERAL jsonb_array_elements(e.data -> 'clocks') AS k(one)
  WHERE k.one ->> 'clock' IN ('first_response', 'next_response')
),
unit AS (
  SELECT case_id, id AS n, at, NULL::interval AS span, CASE WHEN met THEN 'met' ELSE 'missed' END AS state
  FROM ended WHERE newest = 1 AND met IS NOT NULL AND actor_id = %s AND at >= %s AND at < %s
                   AND (%s::boolean IS NULL OR met = %s)
)
"""
_ANSWER_FACTS = """
WITH scope AS ({}),
fact AS (
  SELECT m.case_id, m.id AS n, m.received_at AS at, NULL::interval AS span, 'sent' AS state, m.user_id AS person_id
  FROM inbox_message m JOIN scope ON scope.id = m.case_id
  WHERE m.user_id IS NOT NULL AND m.direction = 'out' AND NOT m.historical
)
"""
_COUNT_BY_STEP = """
SELECT width_bucket(at, %s::timestamptz[]) - 1, count(*) FROM unit GROUP BY 1
"""
_MEDIAN = "SELECT count(*), percentile_disc(0.5) WITHIN GROUP (ORDER BY span) FROM unit"
_KEPT = "SELECT count(*) FILTER (WHERE state = 'met'), count(*) FROM unit"
_Units = tuple[str, list[Any]]


@dataclass(frozen=True, slots=True)
class PersonFigures:
    """One person's work in a period; `by_step` are the answers of each step."""

    answers: int
    by_step: tuple[int, ...]
    first_responses: int
    first_response_median: dt.timedelta | None
    promises_kept: int
    promises: int


def measure_person(
    reader: User, person_id: int, period: Period, filters: Filters, *, now: dt.datetime
) -> PersonFigures:
    """Measure what a person did.

    Of the cases that the reader may read. Three statements.
    """
    sql, parameters = answer_units(reader, person_id, period, filters)
    starts = [step.start for step in period.steps]
    counted = dict(fetch_all(sql + _COUNT_BY_STEP, [*parameters, starts]))
    by_step = tuple(counted.get(number, 0) for number in range(len(period.steps)))
    sql, parameters = first_response_units(reader, person_id, period, filters)
    (responses, median), *_ = fetch_all(sql + _MEDIAN, parameters)
    sql, parameters = promise_units(reader, person_id, period, filters, met=None)
    (met, promises), *_ = fetch_all(sql + _KEPT, parameters)
    return PersonFigures(sum(by_step), by_step, responses, median, met, promises)


def answer_facts(cases: CaseScope) -> tuple[str, list[Any]]:
    """Return a statement that ends with a table `fact`.

    The answers of people in some cases.
    """
    return with_cases(_ANSWER_FACTS, cases)


def answer_units(reader: User, person_id: int, period: Period, filters: Filters) -> _Units:
    """Return the units (`reports.behind.lists`) of the answers that a person sent."""
    sql, parameters = with_cases(_ANSWERS, filters.narrow(reported_cases(reader)))
    return sql, [*parameters, person_id, period.start, period.end]


def first_response_units(reader: User, person_id: int, period: Period, filters: Filters) -> _Units:
    """Return the units of first exchanges that a person answered."""
    sql, parameters = exchanges_sql(filters.narrow(reported_cases(reader)), period.start)
    return sql + _FIRST_RESPONSES, [*parameters, person_id, period.start, period.end]


def promise_units(
    reader: User, person_id: int, period: Period, filters: Filters, *, met: bool | None
) -> _Units:
    """Return the units of response targets that ended with a person's answer.

    `met` selects those that were met or missed; None all.
    """
    sql, parameters = with_cases(_PROMISES, filters.narrow(reported_cases(reader)))
    return sql, [*parameters, person_id, period.start, period.end, met, met]
