"""The work of people from facts: as the measure of the same name, for all people of a page at once."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from accounts.models import User
from reports.filters import Filters
from reports.measures.by_person import PersonFigures
from reports.models import FactKind
from reports.periods import Period
from reports.rollups.choices import choose, with_departments
from reports.rollups.freshness import fetch_kept, freshen_for

_OF_PEOPLE = "f.person_id = ANY(%s::bigint[]) AND {condition}{cases}"
_ANSWERS = f"""
SELECT 'answers', f.person_id, width_bucket(f.at, %s::timestamptz[]) - 1, count(*), NULL::interval
FROM reports_fact f WHERE f.kind = {FactKind.ANSWER} AND f.at >= %s AND f.at < %s AND {_OF_PEOPLE} GROUP BY 2, 3
"""  # noqa: S608 (constants)
# One statement for all numbers: rows of (what, person or 0 for all, step, how many, a span).
_FIGURES = f"""{_ANSWERS}
UNION ALL
SELECT 'first', coalesce(f.person_id, 0), 0, count(*), percentile_disc(0.5) WITHIN GROUP (ORDER BY f.span)
FROM reports_fact f WHERE f.kind = {FactKind.EXCHANGE} AND f.n = 1 AND f.at >= %s AND f.at < %s AND {_OF_PEOPLE}
GROUP BY GROUPING SETS ((f.person_id), ())
UNION ALL
SELECT CASE WHEN f.state LIKE '%%:met:%%' THEN 'met' ELSE 'missed' END, f.person_id, 0, count(*), NULL
FROM reports_fact f
WHERE f.kind = {FactKind.CLOCK} AND (f.state LIKE 'first_response:%%' OR f.state LIKE 'next_response:%%')
  AND f.ended_at >= %s AND f.ended_at < %s AND {_OF_PEOPLE} GROUP BY 1, 2
UNION ALL
SELECT f.state, f.person_id, 0, count(*), NULL
FROM reports_fact f WHERE f.kind = {FactKind.RESOLVED} AND f.at >= %s AND f.at < %s AND {_OF_PEOPLE} GROUP BY 1, 2
"""  # noqa: S608 (constants)
_NATIVE = f"""
SELECT count(*) FROM reports_fact f
WHERE f.kind = {FactKind.ANSWER} AND f.state = 'native' AND f.at >= %s AND f.at < %s AND {{condition}}{{cases}}
"""  # noqa: S608 (constants)


def measure_people(
    reader: User, people: Sequence[int], period: Period, filters: Filters, *, now: dt.datetime
) -> dict[int, PersonFigures]:
    """Measure what people did, and under 0 what all of them did.

    Of the cases that the reader may read. One statement.
    """
    rows = _fetch(_FIGURES, 4, reader, people, period, filters, now)
    return {
        person: _sum_up(rows, people if person == 0 else [person], person, period) for person in (0, *people)
    }


def measure_person(
    reader: User, person_id: int, period: Period, filters: Filters, *, now: dt.datetime
) -> PersonFigures:
    """Measure what a person did.

    Of the cases that the reader may read. One statement.
    """
    return measure_people(reader, [person_id], period, filters, now=now)[person_id]


def answers_by_step(
    reader: User, people: Sequence[int], period: Period, filters: Filters, *, now: dt.datetime
) -> dict[int, list[int]]:
    """Count the answers of each person in each step. One statement."""
    counted: dict[int, list[int]] = defaultdict(lambda: [0] * len(period.steps))
    for _, person, step, count, _ in _fetch(_ANSWERS, 1, reader, people, period, filters, now):
        counted[person][step] = count
    return counted


def count_native(reader: User, period: Period, filters: Filters, *, now: dt.datetime) -> int:
    """Count the answers in the networks' own apps. One statement."""
    freshen_for(reader, now)
    choice = with_departments(choose(reader, filters), reader)
    condition, parameters = choice.as_sql("f")
    cases, more = choice.cases_sql("f")
    sql = _NATIVE.format(condition=condition, cases=cases)
    return int(fetch_kept(reader, choice, sql, [period.start, period.end, *parameters, *more])[0][0])


def _fetch(
    sql: str,
    arms: int,
    reader: User,
    people: Sequence[int],
    period: Period,
    filters: Filters,
    now: dt.datetime,
) -> list[tuple[Any, ...]]:
    freshen_for(reader, now)
    choice = choose(reader, filters)
    condition, parameters = choice.as_sql("f")
    cases, more = choice.cases_sql("f")
    arm = [period.start, period.end, list(people), *parameters, *more]
    starts = [step.start for step in period.steps]
    return fetch_kept(reader, choice, sql.format(condition=condition, cases=cases), [starts, *arm * arms])


def _sum_up(rows: list[tuple[Any, ...]], people: Sequence[int], key: int, period: Period) -> PersonFigures:
    """Add the rows of people up.

    The first responses are those under `key`.
    """
    by_step, sums = [0] * len(period.steps), dict.fromkeys(("met", "missed", "reopened", "stayed"), 0)
    responses, median = 0, None
    for what, person, step, count, span in rows:
        if what == "first" and person == key:
            responses, median = count, span
        elif what == "answers" and person in people:
            by_step[step] += count
        elif what in sums and person in people:
            sums[what] += count
    met, reopened = sums["met"], sums["reopened"]
    return PersonFigures(
        sum(by_step), tuple(by_step), responses, median, met, met + sums["missed"], reopened, reopened + sums["stayed"]
    )  # fmt: skip
