"""SLA attainment from roll-ups: as `reports.measures.attainment`, read from cells and facts, and from the open cases."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from typing import Any, NamedTuple

from accounts.models import User
from reports.filters import Filters
from reports.measures.attainment import Attainment, count_running_clocks
from reports.measures.local_times import offsets_between
from reports.measures.targets.running import hour_of_week_sql
from reports.models import FactKind
from reports.periods import Period
from reports.rollups.choices import choose, with_departments
from reports.rollups.covering import cover_steps, cover_whole
from reports.rollups.freshness import fetch_kept, freshen_for
from reports.rollups.tallies import count_facts, nearest_rank, read_counts, read_values
from routing.service_levels.policies import CLOCKS


class EndedTargets(NamedTuple):
    """The targets of a period that ended, as (met, missed)."""

    #: By clock, policy of then and department.
    sums: dict[tuple[str, str, int], tuple[int, int]]
    #: By the number of the step of their case.
    steps: dict[int, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Overruns:
    """Hold how late missed targets ended: the median by clock, and of how many; those still open are not among them."""

    medians: dict[str, dt.timedelta | None]
    counts: dict[str, int]


def sla_attainment(user: User, period: Period, filters: Filters, *, now: dt.datetime) -> list[Attainment]:
    """Count met and missed clocks; one item per clock, in the order of `CLOCKS`. Two statements."""
    choice = choose(user, filters)
    ended = Counter[str]()
    for _, (state,), n in count_facts(
        FactKind.CLOCK, user, choice, cover_whole(period, freshen_for(user, now))
    ):
        ended[":".join(state.split(":", 2)[:2])] += n
    running = count_running_clocks(user, period, filters, now=now)
    return [
        Attainment(
            clock,
            met=ended[f"{clock}:met"],
            missed=ended[f"{clock}:missed"] + running.get(clock, (0, 0))[0],
            running=running.get(clock, (0, 0))[0],
            in_time=running.get(clock, (0, 0))[1],
        )
        for clock in CLOCKS
    ]


def ended_targets(user: User, period: Period, filters: Filters, *, now: dt.datetime) -> EndedTargets:
    """Count the targets that ended. One statement."""
    cover, choice = cover_steps(period, freshen_for(user, now)), choose(user, filters)
    return read_counts(FactKind.CLOCK, user, choice, cover, ("state", "department_id"), _add_up)


def _add_up(rows: list[tuple[Any, ...]]) -> EndedTargets:
    """Add rows (step, state, department, number) up. A year has thousands of them."""
    sums: dict[tuple[str, str, int], tuple[int, int]] = {}
    steps: dict[int, tuple[int, int]] = {}
    for step, state, department_id, n in rows:
        clock, result, policy = state.split(":", 2)
        key, counted = (clock, policy, department_id), (int(n), 0) if result == "met" else (0, int(n))
        met, missed = sums.get(key, (0, 0))
        sums[key] = met + counted[0], missed + counted[1]
        met, missed = steps.get(step, (0, 0))
        steps[step] = met + counted[0], missed + counted[1]
    return EndedTargets(sums, steps)


def target_overruns(user: User, period: Period, filters: Filters, *, now: dt.datetime) -> Overruns:
    """Measure how late missed targets ended. Spans are as they are shown. One statement."""
    cover = cover_whole(period, freshen_for(user, now))
    values = read_values(FactKind.CLOCK, user, choose(user, filters), cover, _list_overruns)
    return Overruns(
        {clock: nearest_rank(each, 0.5) for clock, each in values.items()},
        {clock: sum(n for _, n in each) for clock, each in values.items()},
    )


def _list_overruns(rows: list[tuple[Any, ...]]) -> dict[str, list[tuple[int, int]]]:
    """Return by how much each clock's missed targets ended late.

    As (seconds as shown, number), the shortest first.
    """
    values: dict[str, Counter[int]] = {clock: Counter() for clock in CLOCKS}
    for _, state, value, n in rows:
        clock, result, _policy = state.split(":", 2)
        if result == "missed" and value is not None:
            values[clock][value] += int(n)
    return {clock: sorted(each.items()) for clock, each in values.items()}


def missed_hours(user: User, period: Period, filters: Filters, *, now: dt.datetime) -> Counter[int]:
    """Count missed targets that ended, by hour of the week.

    By the hour in which they were due. One statement.
    """
    freshen_for(user, now)
    choice = choose(user, filters)
    condition, parameters = with_departments(choice, user).as_sql("k")
    cases, of_cases = choice.cases_sql("k")
    # A response was due as much before its end as it was late; where that was not noted, the end stands for it.
    due = "CASE WHEN k.state LIKE 'resolution:%%' THEN k.ended_at ELSE coalesce(k.ended_at - k.span, k.ended_at) END"
    sql = f"""
SELECT {hour_of_week_sql(due)}, count(*) FROM reports_fact k
WHERE k.kind = {FactKind.CLOCK} AND k.at >= %s AND k.at < %s AND k.state LIKE %s AND k.ended_at IS NOT NULL
  AND {condition}{cases} GROUP BY 1
"""  # noqa: S608 (constants)
    offsets = offsets_between(period.zone, period.start, max(period.end, now))
    values: list[Any] = [*offsets, period.start, period.end, "%:missed:%", *parameters, *of_cases]
    return Counter(dict(fetch_kept(user, choice, sql, values)))
