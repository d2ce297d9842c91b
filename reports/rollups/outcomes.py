"""Outcomes and closed cases from roll-ups: as the measures of the same names, read from cells and facts."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any, TypeVar

from accounts.models import User
from reports.filters import Filters
from reports.measures.outcomes import Outcome, Outcomes, read_outcome
from reports.models import FactKind
from reports.periods import Period
from reports.rollups.choices import Choice, choose
from reports.rollups.covering import cover_steps, cover_whole
from reports.rollups.freshness import freshen_for
from reports.rollups.tallies import count_facts, read_values
from reports.scopes import fetch_all

_Key = TypeVar("_Key")


def measure_outcomes(
    user: User, period: Period, filters: Filters, *, now: dt.datetime, in_detail: bool = True
) -> Outcomes:
    """Count answered exchanges by what followed.

    Without `in_detail` neither by step nor by department. Four statements, or two.
    """
    freshness, choice = freshen_for(user, now), choose(user, filters)
    whole, counted = cover_whole(period, freshness), Outcomes()
    counted.whole.update(read_values(FactKind.OUTCOME, user, choice, whole, _read_outcomes))
    if in_detail:
        for step, (deed,), n in count_facts(FactKind.OUTCOME, user, choice, cover_steps(period, freshness)):
            counted.by_step[step, deed] += n
        by = ("department_id", "state")
        for _, (department_id, deed), n in count_facts(FactKind.OUTCOME, user, choice, whole, by):
            counted.by_department[department_id, deed] += n
    _part_unripe(counted, period, choice, now)
    return counted


def _read_outcomes(rows: list[tuple[Any, ...]]) -> Counter[Outcome]:
    counted = Counter[Outcome]()
    for _, deed, code, n in rows:
        counted[read_outcome(deed, code)] += int(n)
    return counted


def count_closings(user: User, period: Period, filters: Filters, *, now: dt.datetime) -> dict[str, int]:
    """Count the closed cases of a period by state. One statement."""
    counted = Counter[str]()
    cover = cover_whole(period, freshen_for(user, now))
    for _, (state,), n in count_facts(FactKind.CLOSING, user, choose(user, filters), cover):
        counted[state] += n
    return dict(+counted)


def _part_unripe(counted: Outcomes, period: Period, choice: Choice, now: dt.datetime) -> None:
    """Part those whose time is not over yet from the silent ones. One statement."""
    condition, more = choice.as_sql("f")
    cases, more_of_cases = choice.cases_sql("f")
    steps = period.steps
    sql = f"""
SELECT step.place, f.department_id, f.value, count(*)
FROM reports_fact f
JOIN unnest(%s::int[], %s::timestamptz[], %s::timestamptz[]) AS step(place, starts, ends)
  ON f.at >= step.starts AND f.at < step.ends
WHERE f.kind = {FactKind.OUTCOME} AND f.state = 'silent' AND f.ended_at > %s AND {condition}{cases}
GROUP BY 1, 2, 3
"""  # noqa: S608 (constants)
    values: list[Any] = [list(range(len(steps))), [s.start for s in steps], [s.end for s in steps], now]
    for step, department_id, code, n in fetch_all(sql, [*values, *more, *more_of_cases]):
        _move(counted.whole, read_outcome("silent", code), read_outcome("unripe", code), n)
        _move(counted.by_step, (step, "silent"), (step, "unripe"), n)
        _move(counted.by_department, (department_id, "silent"), (department_id, "unripe"), n)


def _move(numbers: Counter[_Key], origin: _Key, to: _Key, n: int) -> None:
    """Move a number to another key; where nothing is counted by such keys, nothing happens."""
    if numbers:
        numbers[to] += n
        numbers[origin] -= n
        if not numbers[origin]:
            del numbers[origin]
