"""The horseshoe from roll-ups: as the measure of the same name.

Cells say which cases are in the middle fifth: those between two times, as times are shown, and some of those with
either of the two. Only their facts are read.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from accounts.models import User
from inbox.horseshoe.parts import PartKind
from reports.filters import Filters
from reports.measures.horseshoe import Horseshoe, cut_of
from reports.models import FactKind
from reports.periods import Period
from reports.rollups.choices import choose, with_departments
from reports.rollups.covering import cover_whole
from reports.rollups.freshness import fetch_kept, freshen_for
from reports.rollups.tallies import list_values, nearest_rank
from wording.numbers import FEWEST

_PARTS = """
WITH way AS (
  SELECT f.details, row_number() OVER (ORDER BY f.span, f.case_id) AS place
  FROM reports_fact f
  WHERE f.kind = %s AND f.at >= %s AND f.at < %s AND f.value BETWEEN %s AND %s AND {condition}{cases}
),
middle AS MATERIALIZED (SELECT details FROM way WHERE place > %s AND place <= %s)
SELECT '', 0, count(*), coalesce(sum((details ->> 'gap')::bigint), 0)::bigint FROM middle
UNION ALL
SELECT part ->> 0, (part ->> 1)::bigint, count(*), sum((part ->> 2)::bigint)::bigint
FROM middle CROSS JOIN LATERAL jsonb_array_elements(details -> 'parts') AS part GROUP BY 1, 2
"""


def measure_horseshoe(
    user: User, period: Period, filters: Filters, *, in_business_time: bool, now: dt.datetime
) -> Horseshoe:
    """Measure the cases of a period that changed department and are closed.

    Two statements. The median is as it is shown.
    """
    kind = FactKind.BUSINESS_WAY if in_business_time else FactKind.WAY
    choice = choose(user, filters)
    values = list_values(kind, user, choice, cover_whole(period, freshen_for(user, now)), "closed")
    count = sum(number for _, number in values)
    if count < FEWEST:
        return Horseshoe(count, 0, None, {}, dt.timedelta())
    cut = cut_of(count)
    shortest, below = _value_at(values, cut + 1)
    longest, _ = _value_at(values, count - cut)
    condition, parameters = with_departments(choice, user).as_sql("f")
    cases, more = choice.cases_sql("f")
    chosen: list[Any] = [int(kind), period.start, period.end, shortest, longest, *parameters, *more]
    (_, _, middle, gap), *rows = fetch_kept(
        user,
        choice,
        _PARTS.format(condition=condition, cases=cases),
        [*chosen, cut - below, count - cut - below],
    )
    mean = max(middle, 1)
    return Horseshoe(
        count,
        middle,
        nearest_rank(values, 0.5),
        {(PartKind(part), department): _average(time, mean) for part, department, _, time in rows},
        _average(gap, mean),
    )


def _value_at(values: Sequence[tuple[int, int]], rank: int) -> tuple[int, int]:
    """Return the value of a rank, and how many are smaller.

    Ranks count from 1.
    """
    below = 0
    for value, number in values:
        if below + number >= rank:
            return value, below
        below += number
    return values[-1][0], below


def _average(microseconds: int, count: int) -> dt.timedelta:
    return dt.timedelta(microseconds=microseconds) / count
