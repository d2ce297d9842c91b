"""The targets of a period, read once, and added up as each part of the page needs them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from reports.behind.selections import Selection
from reports.measures.targets.running import RunningTargets, running_targets
from reports.periods import Period
from reports.rollups.attainment import EndedTargets, Overruns, ended_targets, missed_hours, target_overruns


@dataclass(frozen=True, slots=True)
class TargetTally:
    """Some targets: met, missed, of the missed those still open, and those not due yet."""

    met: int = 0
    missed: int = 0
    overdue: int = 0
    in_time: int = 0

    @property
    def ended(self) -> int:
        return self.met + self.missed

    @property
    def share(self) -> tuple[int, int]:
        return self.met, self.ended


class TargetCount(NamedTuple):
    """Some targets of one clock and department. `policy` is of those that ended, by the policy of then; else None."""

    clock: str
    policy: str | None
    department_id: int
    tally: TargetTally


@dataclass(frozen=True, slots=True)
class Targets:
    """All targets of a period; `hours` are those missed, by the hour of the week in which they were due."""

    counts: tuple[TargetCount, ...]
    steps: tuple[TargetTally, ...]
    overruns: Overruns | None = None
    hours: Counter[int] | None = None

    def add_up(self, is_chosen: Callable[[TargetCount], bool] = lambda _: True) -> TargetTally:
        """Return the sum of those that are chosen."""
        return add_tallies(count.tally for count in self.counts if is_chosen(count))

    def of_clock(self, clock: str, department_id: int | None = None) -> TargetTally:
        """Return the sum of one clock, in all departments or one."""
        return self.add_up(
            lambda count: count.clock == clock and department_id in (None, count.department_id)
        )

    def of_department(self, department_id: int) -> TargetTally:
        """Return the sum of one department."""
        return self.add_up(lambda count: count.department_id == department_id)


def add_tallies(tallies: Iterable[TargetTally]) -> TargetTally:
    """Return the sum of tallies."""
    met = missed = overdue = in_time = 0
    for tally in tallies:
        met, missed = met + tally.met, missed + tally.missed
        overdue, in_time = overdue + tally.overdue, in_time + tally.in_time
    return TargetTally(met, missed, overdue, in_time)


def read_targets(selection: Selection) -> Targets:
    """Read the targets of the period. Four statements."""
    chosen = (selection.user, selection.period, selection.filters)
    now = selection.now
    running = running_targets(*chosen, now=now)
    hours = missed_hours(*chosen, now=now)
    for row in running:
        if row.hour is not None:
            hours[row.hour] += row.overdue
    ended = ended_targets(*chosen, now=now)
    steps = _by_step(ended, running, len(selection.period.steps))
    return Targets(_count(ended, running), steps, target_overruns(*chosen, now=now), hours)


def read_compared(selection: Selection, period: Period) -> Targets:
    """Read the targets of the period to compare with. Two statements."""
    chosen = (selection.user, period, selection.filters)
    ended, running = (
        ended_targets(*chosen, now=selection.now),
        running_targets(*chosen, now=selection.now),
    )
    return Targets(_count(ended, running), ())


def _count(ended: EndedTargets, running: Iterable[RunningTargets]) -> tuple[TargetCount, ...]:
    """Count by clock and department: those that ended, and those that run."""
    by_key: dict[tuple[str, int], list[TargetTally]] = defaultdict(list)
    for row in running:
        by_key[row.clock, row.department_id].append(_running_tally(row))
    return (
        *(
            TargetCount(clock, policy, department_id, TargetTally(met, missed))
            for (clock, policy, department_id), (met, missed) in ended.sums.items()
        ),
        *(
            TargetCount(clock, None, department_id, add_tallies(tallies))
            for (clock, department_id), tallies in by_key.items()
        ),
    )


def _by_step(ended: EndedTargets, running: Iterable[RunningTargets], count: int) -> tuple[TargetTally, ...]:
    """Count by step of the period, of which there are `count`."""
    steps = [[TargetTally(*ended.steps.get(step, (0, 0)))] for step in range(count)]
    for row in running:
        steps[row.step].append(_running_tally(row))
    return tuple(map(add_tallies, steps))


def _running_tally(row: RunningTargets) -> TargetTally:
    return TargetTally(0, row.overdue, row.overdue, row.in_time)
