"""What customers were promised: which policy holds for a case, when its clocks are due, and what happens by when.

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

#: Numbers of the things that happen to a clock; escalation steps follow.
WARNING, BREACH, FIRST_STEP = 0, 1, 2
_MAX_CACHED_DUES = 4_000


class BusinessTime(Protocol):
    """What a policy needs of a calendar: `Calendar` and `VersionedCalendar` alike."""

    def add(self, at: dt.datetime, duration: dt.timedelta) -> dt.datetime | None: ...

    def between(self, a: dt.datetime, b: dt.datetime) -> dt.timedelta: ...


@dataclass(frozen=True, slots=True)
class Step:
    """Something that happens `after` so much business time past a missed target. `clock` "" is any clock.

    `notify` are kinds of people; `move_to` is a department's slug, "" to leave the case where it is. `number` is the
    step's own, whatever place it has among the others (`routing.service_levels.step_numbers`).
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
    #: How long before the due time the pre-warning comes: minutes, or a share of the target.
    warning: dt.timedelta | float = 0.25
    steps: tuple[Step, ...] = ()

    def matches(self, department_id: int, priority: int, network: str) -> bool:
        return (
            self.department_id in (None, department_id)
            and self.priority in (None, priority)
            and self.network in ("", network)
        )

    def step(self, number: int) -> Step:
        """The step of a number that `clock_events` gave."""
        return next(one for found, one in self.numbered_steps() if found == number)

    def numbered_steps(self) -> Iterable[tuple[int, Step]]:
        """Each step with its number: its own, or by its place where none was given."""
        return ((one.number or place, one) for place, one in enumerate(self.steps, FIRST_STEP))

    def warning_lead(self, clock: ClockName) -> dt.timedelta:
        """How much business time before the due time the pre-warning of a clock comes."""
        if isinstance(self.warning, dt.timedelta):
            return self.warning
        return self.targets[clock] * self.warning


class Due(NamedTuple):
    """When a clock is due, and the first moment at which anything happens to it (the pre-warning)."""

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
        """The first policy that matches, None when none does."""
        key = (department_id, priority, network)
        if key not in self._policy_cache:
            self._policy_cache[key] = next((one for one in self.policies if one.matches(*key)), None)
        return self._policy_cache[key]

    def due(
        self, policy: Policy | None, clock: ClockName, start: dt.datetime | None, used: int = 0
    ) -> Due | None:
        """When a clock that runs since `start` (None: it does not) is due, `used` business seconds having passed
        before. None without a target, and for a calendar that is never open that long."""
        if policy is None or start is None or clock not in policy.targets:
            return None
        key = (policy.key, clock, start, used)
        if key not in self._due_cache:
            if len(self._due_cache) >= _MAX_CACHED_DUES:
                self._due_cache.clear()
            self._due_cache[key] = compute_due(policy, clock, start, used)
        return self._due_cache[key]


def compute_due(policy: Policy, clock: ClockName, start: dt.datetime, used: int = 0) -> Due | None:
    """As `Terms.due`, for a clock that has a target. What is overdue already has been so for as much longer."""
    left = policy.targets[clock] - dt.timedelta(seconds=used)
    if left < dt.timedelta():
        return Due(start + left, start + left)
    at = policy.calendar.add(start, left)
    warned = policy.calendar.add(start, max(left - policy.warning_lead(clock), dt.timedelta()))
    return None if at is None else Due(at, min(warned or at, at))


def clock_events(policy: Policy, clock: ClockName, found: Due) -> Iterable[tuple[dt.datetime, int]]:
    """What happens to a running clock, as (moment, number): pre-warning, breach, and the steps that concern it."""
    if found.warned_at < found.at:
        yield found.warned_at, WARNING
    yield found.at, BREACH
    for number, step in policy.numbered_steps():
        if step.clock in ("", clock):
            at = policy.calendar.add(found.at, step.after)
            if at is not None:
                yield at, number


def business_seconds_used(policy: Policy | None, since: dt.datetime, until: dt.datetime) -> int:
    """Business seconds that a clock ran from `since` to `until`, 0 without a policy; never negative."""
    if policy is None or until <= since:
        return 0
    return int(policy.calendar.between(since, until).total_seconds())
