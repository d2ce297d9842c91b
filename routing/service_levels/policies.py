"""Service levels promised to customers: the policy of a case, the due times of its clocks, and their events.

There are three clocks. *First response* runs from the moment a case that needs an answer arrives to the first
answer by a person. *Next response* runs from the first unanswered message of a later exchange to our answer.
*Resolution* runs from the beginning of the case to its end, and is paused while the case waits for the
customer or is closed (docs/metrics.md).

Pure: plain facts in, moments in UTC out. Business time is computed by `routing.business_hours.calendar`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol

ClockName = Literal["first_response", "next_response", "resolution"]
#: The three clocks in order, with their names for people.
CLOCK_LABELS: dict[ClockName, str] = {
    "first_response": "First response",
    "next_response": "Next response",
    "resolution": "Resolution",
}
CLOCKS: tuple[ClockName, ...] = tuple(CLOCK_LABELS)
Recipient = Literal["assignee", "managers", "department"]
RECIPIENTS: tuple[Recipient, ...] = ("assignee", "managers", "department")

#: The numbers of a clock's events; those of escalation steps begin at `FIRST_STEP`.
WARNING, BREACH, FIRST_STEP = 0, 1, 2
_MAX_CACHED_DUES = 4_000


class BusinessTime(Protocol):
    """The methods of a calendar that a policy uses; `CompiledCalendar` and `VersionedCalendar` have them."""

    def add(self, at: dt.datetime, duration: dt.timedelta) -> dt.datetime | None: ...

    def between(self, a: dt.datetime, b: dt.datetime) -> dt.timedelta: ...

    def open_spans(self, a: dt.datetime, b: dt.datetime) -> Iterator[tuple[dt.datetime, dt.datetime]]: ...


@dataclass(frozen=True, slots=True)
class Step:
    """An escalation step, `after` this much business time past a missed target.

    `clock` "" is any clock. `notify` are kinds of recipients. `move_to` is a department's slug, "" to leave
    the case where it is. `number` identifies the step independently of its place in the list
    (`routing.service_levels.step_numbers`).
    """

    after: dt.timedelta
    clock: ClockName | Literal[""] = ""
    notify: tuple[Recipient, ...] = ()
    raise_priority: bool = False
    move_to: str = ""
    number: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Policy:
    """One compiled policy. None in `department_id` or `priority`, or "" in `network`, matches any."""

    key: str
    name: str
    calendar: BusinessTime
    calendar_name: str
    targets: Mapping[ClockName, dt.timedelta]
    department_id: int | None = None
    priority: int | None = None
    network: str = ""
    #: The lead of the pre-warning before the due time: a length of business time, or a share of the target.
    warning: dt.timedelta | float = 0.25
    steps: tuple[Step, ...] = ()

    def matches(self, department_id: int, priority: int, network: str) -> bool:
        return (
            self.department_id in (None, department_id)
            and self.priority in (None, priority)
            and self.network in ("", network)
        )

    def step(self, number: int) -> Step:
        """Return the step with a number that `clock_events` yielded."""
        return next(step for step_number, step in self.numbered_steps() if step_number == number)

    def numbered_steps(self) -> Iterable[tuple[int, Step]]:
        """Return each step with its number.

        A step without a number of its own is numbered by its place.
        """
        return ((step.number or place, step) for place, step in enumerate(self.steps, FIRST_STEP))

    def warning_lead(self, clock: ClockName) -> dt.timedelta:
        """Return how long before its due time a clock is pre-warned."""
        if isinstance(self.warning, dt.timedelta):
            return self.warning
        return self.targets[clock] * self.warning


class Due(NamedTuple):
    """The due time of a clock, and the time of its pre-warning, which is its first event."""

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

        `used` is the number of business seconds that had passed before `start`. None when the clock does not
        run (`start` is None), when there is no policy or target, and when the calendar is never open that
        long.
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

    `used` is the number of business seconds that had passed before `start`. When it exceeds the target, the
    due time is before `start` by the excess. None when the calendar is never open that long.
    """
    left = policy.targets[clock] - dt.timedelta(seconds=used)
    if left < dt.timedelta():
        return Due(start + left, start + left)
    at = policy.calendar.add(start, left)
    warned_at = policy.calendar.add(start, max(left - policy.warning_lead(clock), dt.timedelta()))
    return None if at is None else Due(at, min(warned_at or at, at))


def clock_events(policy: Policy, clock: ClockName, due: Due) -> Iterable[tuple[dt.datetime, int]]:
    """Yield the events of a running clock as (moment, number).

    They are the pre-warning, the breach, and the steps for this clock.
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
