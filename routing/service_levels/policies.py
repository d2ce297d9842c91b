"""Compute what customers were promised: the policy of a case, when its clocks are due, and what happens when.

Three clocks. *First response* runs from the moment a case that needs an answer reaches us to the first answer by a
person; *next response* from the first unanswered message of a later exchange to our answer; *resolution* from the
beginning to the end, standing still while the case waits for the customer or is closed (docs/metrics.md).

Pure: plain facts in, moments in UTC out, business time by `routing.business_hours.calendar`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol

ClockName = Literal["first_response", "next_response", "resolution"]
#: The three clocks in their order, each with its name for people.
CLOCK_LABELS: dict[ClockName, str] = {
    "first_response": "First response",
    "next_response": "Next response",
    "resolution": "Resolution",
}
CLOCKS: tuple[ClockName, ...] = tuple(CLOCK_LABELS)
Recipient = Literal["assignee", "managers", "department"]
RECIPIENTS: tuple[Recipient, ...] = ("assignee", "managers", "department")

#: Numbers of the events of a clock; escalation steps follow.
WARNING, BREACH, FIRST_STEP = 0, 1, 2
_MAX_CACHED_DUES = 4_000


class BusinessTime(Protocol):
    """What a policy needs of a calendar: `CompiledCalendar` and `VersionedCalendar` have it."""

    def add(self, at: dt.datetime, duration: dt.timedelta) -> dt.datetime | None: ...

    def between(self, a: dt.datetime, b: dt.datetime) -> dt.timedelta: ...


@dataclass(frozen=True, slots=True)
class Step:
    """An escalation `after` so much business time past a missed target.

    `clock` "" is any clock; `notify` are kinds of people; `move_to` is a department's slug, "" to leave the case where it
    is. `number` is the step's own, whatever its place among the others (`routing.service_levels.step_numbers`).
    """

    after: dt.timedelta
    clock: ClockName | Literal[""] = ""
    notify: tuple[Recipient, ...] = ()
    raise_priority: bool = False
    move_to: str = ""
    number: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Policy:
    """One compiled policy. None in `department_id` or `priority`, "" in `network`: any."""

    key: str
    name: str
    calendar: BusinessTime
    calendar_name: str
    targets: Mapping[ClockName, dt.timedelta]
    department_id: int | None = None
    priority: int | None = None
    network: str = ""
    #: How long before the due time the pre-warning comes: a length of business time, or a share of the target.
    warning: dt.timedelta | float = 0.25
    steps: tuple[Step, ...] = ()

    def matches(self, department_id: int, priority: int, network: str) -> bool:
        return (
            self.department_id in (None, department_id)
            and self.priority in (None, priority)
            and self.network in ("", network)
        )

    def step(self, number: int) -> Step:
        """Return the step of a number that `clock_events` yielded."""
        return next(step for step_number, step in self.numbered_steps() if step_number == number)

    def numbered_steps(self) -> Iterable[tuple[int, Step]]:
        """Return each step with its number: its own, or by its place where it has none."""
        return ((step.number or place, step) for place, step in enumerate(self.steps, FIRST_STEP))

    def warning_lead(self, clock: ClockName) -> dt.timedelta:
        """Return how long before its due time a clock is pre-warned."""
        if isinstance(self.warning, dt.timedelta):
            return self.warning
        return self.targets[clock] * self.warning


class Due(NamedTuple):
    """When a clock is due, and when its pre-warning comes, the first of its events."""

    at: dt.datetime
    warned_at: dt.datetime


@dataclass(slots=True, eq=False)
class ServiceLevels:
    """All policies of one version, compiled. `number` is the version's."""

    number: int
    policies: tuple[Policy, ...]
    calendars: Mapping[int, BusinessTime] = field(default_factory=dict)
    _policy_cache: dict[tuple[int, int, str], Policy | None] = field(default_factory=dict, repr=False)
    _due_cache: dict[tuple[str, ClockName, dt.datetime, int], Due | None] = field(
        default_factory=dict, repr=False
    )

    def matching_policy(self, department_id: int, priority: int, network: str) -> Policy | None:
        """Return the first policy that matches, None when none does."""
        key = (department_id, priority, network)
        if key not in self._policy_cache:
            self._policy_cache[key] = next((policy for policy in self.policies if policy.matches(*key)), None)
        return self._policy_cache[key]

    def due(
        self, policy: Policy | None, clock: ClockName, start: dt.datetime | None, used: int = 0
    ) -> Due | None:
        """Return when a clock that has run since `start` is due.

        `used` are the business seconds that had passed before `start`. None for a clock that does not run (`start` is
        None), without a policy or a target, and when the calendar is never open that long.
        """
        if policy is None or start is None or clock not in policy.targets:
            return None
        key = (policy.key, clock, start, used)
        if key not in self._due_cache:
            if len(self._due_cache) >= _MAX_CACHED_DUES:
                self._due_cache.clear()
            self._due_cache[key] = compute_due(policy, clock, start, used)
        return self._due_cache[key]


def compute_due(policy: Policy, clock: ClockName, start: dt.datetime, used: int = 0) -> Due | None:
    """Compute when a running clock that has a target is due.

    `used` are the business seconds that had passed before `start`; when they are more than the target, the due time lies
    before `start` by the excess. None when the calendar is never open that long.
    """
    left = policy.targets[clock] - dt.timedelta(seconds=used)
    if left < dt.timedelta():
        return Due(start + left, start + left)
    at = policy.calendar.add(start, left)
    warned_at = policy.calendar.add(start, max(left - policy.warning_lead(clock), dt.timedelta()))
    return None if at is None else Due(at, min(warned_at or at, at))


def clock_events(policy: Policy, clock: ClockName, due: Due) -> Iterable[tuple[dt.datetime, int]]:
    """Yield the events of a running clock as (moment, number).

    They are the pre-warning, the breach, and the steps that concern the clock.
    """
    if due.warned_at < due.at:
        yield due.warned_at, WARNING
    yield due.at, BREACH
    for number, step in policy.numbered_steps():
        if step.clock in ("", clock):
            at = policy.calendar.add(due.at, step.after)
            if at is not None:
                yield at, number


def business_seconds_used(policy: Policy | None, since: dt.datetime, until: dt.datetime) -> int:
    """Return the business seconds that a clock ran from `since` to `until`.

    0 without a policy; never negative.
    """
    if policy is None or until <= since:
        return 0
    return int(policy.calendar.between(since, until).total_seconds())
