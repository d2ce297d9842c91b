"""The work of people on the cases that the reader may read: answers, first responses, promises kept, cases opened again.

In lists and tables in the order of the alphabet, never of the numbers. Definitions: docs/metrics.md.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
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
  WHERE m.user_id = ANY(%s::bigint[]) AND m.direction = 'out' AND NOT m.historical AND m.received_at >= %s AND m.received_at < %s
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
                ORDER BY m.id LIMIT 1) answer ON answer.user_id = ANY(%s::bigint[])
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
  FROM ended WHERE newest = 1 AND met IS NOT NULL AND actor_id = ANY(%s::bigint[]) AND at >= %s AND at < %s
                   AND (%s::boolean IS NULL OR met = %s)
)
"""
_ANSWER_FACTS = """
WITH scope AS ({}),
fact AS (
  SELECT m.case_id, m.id AS n, m.received_at AS at, NULL::interval AS span,
         CASE WHEN m.user_id IS NULL THEN 'native' ELSE 'sent' END AS state, m.user_id AS person_id
  FROM inbox_message m JOIN scope ON scope.id = m.case_id
  WHERE m.direction = 'out' AND NOT m.historical
)
"""
#: Answers in the networks' own apps: nobody here wrote them.
_NATIVE = _ANSWERS.replace("m.user_id = ANY(%s::bigint[])", "m.user_id IS NULL")
# A resolving that was undone at once is none. Who answered since the case was last opened worked on it, and who resolved it.
_RESOLVED = """
WITH scope AS ({}),
life AS (
  SELECT e.case_id, e.id, e.at, e.verb, e.actor_id, lead(e.verb) OVER w AS next, lead(e.at) OVER w AS until,
         max(e.at) FILTER (WHERE e.verb = 'reopened') OVER w AS since
  FROM inbox_caseevent e JOIN scope ON scope.id = e.case_id
  WHERE e.verb IN ('resolved', 'reopened') OR (e.verb = 'undone' AND e.data ->> 'what' = 'resolved')
  WINDOW w AS (PARTITION BY e.case_id ORDER BY e.id)
),
resolved AS (SELECT * FROM life WHERE verb = 'resolved' AND next IS DISTINCT FROM 'undone'),
worked AS (
  SELECT case_id, id, at, next, actor_id AS person_id FROM resolved WHERE actor_id IS NOT NULL
  UNION
  SELECT r.case_id, r.id, r.at, r.next, m.user_id
  FROM resolved r JOIN inbox_message m ON m.case_id = r.case_id
  WHERE m.direction = 'out' AND NOT m.historical AND m.user_id IS NOT NULL
    AND (r.since IS NULL OR m.received_at > r.since) AND (r.until IS NULL OR m.received_at < r.until)
),
fact AS (
  SELECT case_id, row_number() OVER (PARTITION BY case_id ORDER BY id, person_id) AS n, at, NULL::interval AS span,
         CASE WHEN next = 'reopened' THEN 'reopened' ELSE 'stayed' END AS state, person_id
  FROM worked
)
"""
_RESOLVED_UNITS = """,
unit AS (
  SELECT case_id, n, at, span, state FROM fact
  WHERE person_id = ANY(%s::bigint[]) AND at >= %s AND at < %s AND (%s::boolean IS NULL OR (state = 'reopened') = %s)
)
"""
_COUNT_BY_STEP = """
SELECT width_bucket(at, %s::timestamptz[]) - 1, count(*) FROM unit GROUP BY 1
"""
_MEDIAN = "SELECT count(*), percentile_disc(0.5) WITHIN GROUP (ORDER BY span) FROM unit"
_KEPT = "SELECT count(*) FILTER (WHERE state = 'met'), count(*) FROM unit"
_REOPENED = "SELECT count(*) FILTER (WHERE state = 'reopened'), count(*) FROM unit"
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
    #: Resolved cases that they answered or resolved, and those of them that were opened again.
    reopened: int = 0
    resolved: int = 0


def measure_person(
    reader: User, person_id: int, period: Period, filters: Filters, *, now: dt.datetime
) -> PersonFigures:
    """Measure what a person did.

    Of the cases that the reader may read. Four statements.
    """
    person_ids = [person_id]
    sql, parameters = answer_units(reader, person_ids, period, filters)
    starts = [step.start for step in period.steps]
    counted = dict(fetch_all(sql + _COUNT_BY_STEP, [*parameters, starts]))
    by_step = tuple(counted.get(number, 0) for number in range(len(period.steps)))
    sql, parameters = first_response_units(reader, person_ids, period, filters)
    (responses, median), *_ = fetch_all(sql + _MEDIAN, parameters)
    sql, parameters = promise_units(reader, person_ids, period, filters, met=None)
    (met, promises), *_ = fetch_all(sql + _KEPT, parameters)
    sql, parameters = resolved_units(reader, person_ids, period, filters, reopened=None)
    (reopened, resolved), *_ = fetch_all(sql + _REOPENED, parameters)
    return PersonFigures(sum(by_step), by_step, responses, median, met, promises, reopened, resolved)


def answer_facts(cases: CaseScope) -> tuple[str, list[Any]]:
    """Return a statement that ends with a table `fact`: our answers."""
    return with_cases(_ANSWER_FACTS, cases)


def resolved_facts(cases: CaseScope) -> tuple[str, list[Any]]:
    """Return a statement that ends with a table `fact`: resolved cases."""
    return with_cases(_RESOLVED, cases)


def answer_units(reader: User, person_ids: Sequence[int], period: Period, filters: Filters) -> _Units:
    """Return the units (`reports.behind.lists`) of the answers that people sent."""
    sql, parameters = with_cases(_ANSWERS, filters.narrow(reported_cases(reader)))
    return sql, [*parameters, list(person_ids), period.start, period.end]


def native_units(reader: User, period: Period, filters: Filters) -> _Units:
    """Return the units of answers in the networks' own apps."""
    sql, parameters = with_cases(_NATIVE, filters.narrow(reported_cases(reader)))
    return sql, [*parameters, period.start, period.end]


def first_response_units(reader: User, person_ids: Sequence[int], period: Period, filters: Filters) -> _Units:
    """Return the units of first exchanges that people answered."""
    sql, parameters = exchanges_sql(filters.narrow(reported_cases(reader)), period.start)
    return sql + _FIRST_RESPONSES, [*parameters, list(person_ids), period.start, period.end]


def promise_units(
    reader: User, person_ids: Sequence[int], period: Period, filters: Filters, *, met: bool | None
) -> _Units:
    """Return the units of response targets that ended with their answer.

    `met` selects those that were met or missed; None all.
    """
    sql, parameters = with_cases(_PROMISES, filters.narrow(reported_cases(reader)))
    return sql, [*parameters, list(person_ids), period.start, period.end, met, met]


def resolved_units(
    reader: User, person_ids: Sequence[int], period: Period, filters: Filters, *, reopened: bool | None
) -> _Units:
    """Return the units of resolved cases that people answered or resolved.

    One for each of them. `reopened` selects those that were opened again, or were not; None all.
    """
    sql, parameters = with_cases(_RESOLVED, filters.narrow(reported_cases(reader)))
    return sql + _RESOLVED_UNITS, [
        *parameters,
        list(person_ids),
        period.start,
        period.end,
        reopened,
        reopened,
    ]
