"""The work of one person from facts: as the measure of the same name. No statement here reads two people."""

from __future__ import annotations

import datetime as dt
from typing import Any

from accounts.models import User
from reports.filters import Filters
from reports.measures.by_person import PersonFigures
from reports.models import FactKind
from reports.periods import Period
from reports.rollups.choices import choose
from reports.rollups.freshness import fetch_kept, freshen_for

# One statement for all numbers: rows of (what, step, how many, a span).
_FIGURES = f"""
WITH own AS (SELECT f.* FROM reports_fact f WHERE f.person_id = %s AND {{condition}}{{cases}})
SELECT 'answers', width_bucket(at, %s::timestamptz[]) - 1, count(*), NULL::interval
FROM own WHERE kind = {FactKind.ANSWER} AND at >= %s AND at < %s GROUP BY 2
UNION ALL
SELECT 'first', 0, count(*), percentile_disc(0.5) WITHIN GROUP (ORDER BY span)
FROM own WHERE kind = {FactKind.EXCHANGE} AND n = 1 AND at >= %s AND at < %s
UNION ALL
SELECT CASE WHEN state LIKE '%%:met:%%' THEN 'met' ELSE 'missed' END, 0, count(*), NULL
FROM own WHERE kind = {FactKind.CLOCK} AND (state LIKE 'first_response:%%' OR state LIKE 'next_response:%%')
  AND ended_at >= %s AND ended_at < %s GROUP BY 1
"""  # noqa: S608 (constants)


def measure_person(
    reader: User, person_id: int, period: Period, filters: Filters, *, now: dt.datetime
) -> PersonFigures:
    """Measure what a person did.

    Of the cases that the reader may read. One statement.
    """
    freshen_for(reader, now)
    choice = choose(reader, filters)
    condition, parameters = choice.as_sql("f")
    cases, more = choice.cases_sql("f")
    ends = [period.start, period.end]
    starts = [step.start for step in period.steps]
    values: list[Any] = [person_id, *parameters, *more, starts, *ends, *ends, *ends]
    rows = fetch_kept(reader, choice, _FIGURES.format(condition=condition, cases=cases), values)
    by_step = [0] * len(period.steps)
    numbers: dict[str, tuple[int, dt.timedelta | None]] = {}
    for what, step, count, span in rows:
        if what == "answers":
            by_step[step] = count
        else:
            numbers[what] = (count, span)
    met, missed = (numbers.get(what, (0, None))[0] for what in ("met", "missed"))
    return PersonFigures(sum(by_step), tuple(by_step), *numbers["first"], met, met + missed)
