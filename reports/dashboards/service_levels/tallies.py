"""The targets of a period, read once, and added up as each part of the page needs them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class Targets:
    """All targets of a period; `hours` are those missed, by the hour of the week in which they were due."""

    ended: list[EndedTargets]
    running: list[RunningTargets]
    overruns: Overruns | None = None
    hours: Counter[int] | None = None

    def add_up(
        self,
        ended: Callable[[EndedTargets], bool] = lambda _: True,
        running: Callable[[RunningTargets], bool] = lambda _: True,
    ) -> TargetTally:
        """Return the sum of those that are chosen."""
        met = sum(row.n for row in self.ended if row.is_met and ended(row))
        missed = sum(row.n for row in self.ended if not row.is_met and ended(row))
        overdue = sum(row.overdue for row in self.running if running(row))
        in_time = sum(row.in_time for row in self.running if running(row))
        return TargetTally(met, missed + overdue, overdue, in_time)

    def of_clock(self, clock: str, department_id: int | None = None) -> TargetTally:
        """Return the sum of one clock, in all departments or one."""

        def is_chosen(row: EndedTargets | RunningTargets) -> bool:
            return row.clock == clock and department_id in (None, row.department_id)

        return self.add_up(is_chosen, is_chosen)

    def of_department(self, department_id: int) -> TargetTally:
        """Return the sum of one department."""
        return self.add_up(
            lambda row: row.department_id == department_id, lambda row: row.department_id == department_id
        )

    def by_step(self, count: int) -> tuple[TargetTally, ...]:
        """Return the sum of each of `count` steps, in one pass.

        A year has thousands of rows.
        """
        met, missed, overdue, in_time = ([0] * count for _ in range(4))
        for row in self.ended:
            (met if row.is_met else missed)[row.step] += row.n
        for running in self.running:
            missed[running.step] += running.overdue
            overdue[running.step] += running.overdue
            in_time[running.step] += running.in_time
        return tuple(map(TargetTally, met, missed, overdue, in_time))


def read_targets(selection: Selection) -> Targets:
    """Read the targets of the period. Four statements."""
    chosen = (selection.user, selection.period, selection.filters)
    now = selection.now
    running = running_targets(*chosen, now=now)
    hours = missed_hours(*chosen, now=now)
    for row in running:
        if row.hour is not None:
            hours[row.hour] += row.overdue
    return Targets(ended_targets(*chosen, now=now), running, target_overruns(*chosen, now=now), hours)


def read_compared(selection: Selection, period: Period) -> Targets:
    """Read the targets of the period to compare with. Two statements."""
    chosen = (selection.user, period, selection.filters)
    return Targets(ended_targets(*chosen, now=selection.now), running_targets(*chosen, now=selection.now))
