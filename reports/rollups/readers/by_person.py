"""The work of people from facts: as the measure of the same name, for all people of a page at once."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence, Sized
from dataclasses import dataclass, field
from typing import Any, TypeVar

from accounts.models import User
from reports.filters import Filters
from reports.measures.by_person import PersonFigures
from reports.models import FactKind
from reports.periods import Period
from reports.rollups.choices import choose, with_departments
from reports.rollups.freshness import fetch_kept, freshen_for, read_kept

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

_SUMS = ("met", "missed", "reopened", "stayed")
_Rows = list[tuple[Any, ...]]
_Read = TypeVar("_Read", bound=Sized)


@dataclass(slots=True)
class _Work:
    """Hold what one person did: answers by step, numbers by state, first responses with their median."""

    by_step: list[tuple[int, int]] = field(default_factory=list)
    sums: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_SUMS, 0))
    first: tuple[int, dt.timedelta | None] = (0, None)


def measure_people(
    reader: User, people: Sequence[int], period: Period, filters: Filters, *, now: dt.datetime
) -> dict[int, PersonFigures]:
    """Measure what people did, and under 0 what all of them did.

    Of the cases that the reader may read. One statement.
    """
    works = _fetch(_FIGURES, 4, reader, people, period, filters, now, _sort_by_person)
    steps = len(period.steps)
    # Of all together there are only first responses: their median is no sum of medians.
    figures = {0: _sum_up([work for person, work in works.items() if person], works.get(0, _Work()), steps)}
    for person in people:
        work = works.get(person, _Work())
        figures[person] = _sum_up([work], work, steps)
    return figures


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
    works = _fetch(_ANSWERS, 1, reader, people, period, filters, now, _sort_by_person)
    for person, work in works.items():
        for step, count in work.by_step:
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
    read: Callable[[_Rows], _Read],
) -> _Read:
    freshen_for(reader, now)
    choice = choose(reader, filters)
    condition, parameters = choice.as_sql("f")
    cases, more = choice.cases_sql("f")
    arm = [period.start, period.end, list(people), *parameters, *more]
    starts = [step.start for step in period.steps]
    statement = sql.format(condition=condition, cases=cases)
    return read_kept(reader, choice, statement, [starts, *arm * arms], read)


def _sort_by_person(rows: _Rows) -> dict[int, _Work]:
    """Sort the rows by person; under 0 are the first responses of all."""
    works: dict[int, _Work] = defaultdict(_Work)
    for what, person, step, count, span in rows:
        work = works[person]
        if what == "first":
            work.first = count, span
        elif what == "answers":
            work.by_step.append((step, count))
        else:
            work.sums[what] += count
    return dict(works)


def _sum_up(works: Iterable[_Work], first: _Work, steps: int) -> PersonFigures:
    """Add works up; the first responses are those of `first`."""
    by_step, sums = [0] * steps, dict.fromkeys(_SUMS, 0)
    for work in works:
        for step, count in work.by_step:
            by_step[step] += count
        for what, count in work.sums.items():
            sums[what] += count
    met, reopened = sums["met"], sums["reopened"]
    return PersonFigures(
        sum(by_step),
        tuple(by_step),
        *first.first,
        met,
        met + sums["missed"],
        reopened,
        reopened + sums["stayed"],
    )
