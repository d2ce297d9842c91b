"""The three clocks of a case. Every change of a case sets them again, by `compute_clock_values`.

An exchange begins when the first message that needs an answer reaches us, and ends with our answer. Historical cases
and cases that need no answer have no clocks. The event that ends a clock records it under "clocks", for the timeline
and the reports.

A closed case keeps the start and the due time of an exchange without an answer: the answer may still be in the outbox,
or we may learn of it later. Nothing is due there meanwhile.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple, Protocol

from inbox.changes.case_row import STOPPED_CLOCKS
from inbox.models import Status
from routing.service_levels.policies import (
    CLOCKS,
    ClockName,
    Due,
    Policy,
    ServiceLevels,
    business_seconds_used,
)

#: Fields of a case whose change sets its clocks again.
CLOCK_INPUT_FIELDS = frozenset({
    "status", "department", "department_id", "priority", "waiting_since", "first_response_at", "last_outbound_at",
    "closed_at", "needs_answer", "historical",
})  # fmt: skip


class HasClocks(Protocol):
    """The attributes that clocks depend on: of a `Case`, or of a `CaseState` in ingest."""

    status: Any
    department_id: Any
    priority: Any
    historical: Any
    needs_answer: Any
    closed_at: Any
    waiting_since: Any
    last_inbound_at: Any
    last_outbound_at: Any
    first_response_at: Any
    exchange_from: Any
    first_response_due_at: Any
    next_response_due_at: Any
    resolution_from: Any
    resolution_used: Any
    resolution_due_at: Any
    next_clock_at: Any


class RunningClock(NamedTuple):
    """A running clock: when it started, and the business seconds that it had run before."""

    clock: ClockName
    since: dt.datetime
    used: int


def compute_clock_values(
    case: HasClocks,
    network: str,
    service_levels: ServiceLevels,
    now: dt.datetime,
    *,
    just_closed: bool = False,
    just_reopened: bool = False,
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the values of a case's clocks, and those that ended.

    The values are by `case_row.CLOCK_COLUMNS`. Each clock that ended with the change is a document for its event: "clock",
    "met", "policy", "version", and "from" and "due" (ISO) of a response or "used" and "target" (business seconds) of a
    resolution. `just_closed`: the change closed the case; `just_reopened`: it opened the case again.
    """
    if case.historical:
        return STOPPED_CLOCKS, []
    policy = service_levels.matching_policy(case.department_id, case.priority, network)
    policy_values = {"policy": policy.name if policy else "", "version": service_levels.number}
    ended: list[dict[str, Any]] = []
    exchange = _exchange_start(case, now, ended, just_closed=just_closed, just_reopened=just_reopened)
    since, used = _resolution_start(case, policy, now, ended, just_closed=just_closed)
    resolution = service_levels.due(policy, "resolution", since, used)
    if case.closed_at is None:
        due_times = _due_times(case, service_levels, policy, exchange, resolution)
    else:
        due_times = _kept_due_times(case, exchange)
    values = {
        **due_times,
        "exchange_from": exchange,
        "resolution_from": since,
        "resolution_used": used,
        "sla_version": service_levels.number or None,
    }
    return values, [clock | policy_values for clock in ended]


def _due_times(
    case: HasClocks,
    service_levels: ServiceLevels,
    policy: Policy | None,
    exchange: dt.datetime | None,
    resolution: Due | None,
) -> dict[str, Any]:
    """Return the due times of an open case, by column."""
    is_first = case.first_response_at is None and exchange is not None
    dues = (*_response_dues(service_levels, policy, exchange, is_first=is_first), resolution)
    running = [due for due in dues if due is not None]
    # After the first response its due time no longer changes.
    past_first_due = None if is_first else case.first_response_due_at
    return {
        "first_response_due_at": dues[0].at if dues[0] else past_first_due,
        "next_response_due_at": dues[1].at if dues[1] else None,
        "resolution_due_at": resolution.at if resolution else None,
        "next_due_at": min((due.at for due in running), default=None),
        "next_clock_at": _next_clock_at(case, dues, running),
    }


def _kept_due_times(case: HasClocks, exchange: dt.datetime | None) -> dict[str, Any]:
    """Return the due times of a closed case, by column.

    Those of an exchange without an answer stay, for an answer that we learn of later.
    """
    return {
        "first_response_due_at": case.first_response_due_at,
        "next_response_due_at": case.next_response_due_at if exchange is not None else None,
        "resolution_due_at": None,
        "next_due_at": None,
        "next_clock_at": None,
    }


def _response_dues(
    service_levels: ServiceLevels, policy: Policy | None, exchange: dt.datetime | None, *, is_first: bool
) -> tuple[Due | None, Due | None]:
    """Return when the first and the next response are due."""
    first, following = (exchange, None) if is_first else (None, exchange)
    return (
        service_levels.due(policy, "first_response", first),
        service_levels.due(policy, "next_response", following),
    )


def _next_clock_at(
    case: HasClocks, dues: tuple[Due | None, Due | None, Due | None], running: list[Due]
) -> dt.datetime | None:
    """Return when the sweep has to look at the case next.

    None for never; at the first pre-warning, or as before where no due time has changed.
    """
    before = (case.first_response_due_at, case.next_response_due_at, case.resolution_due_at)
    if (
        running
        and before == tuple(due.at if due else None for due in dues)
        and case.next_clock_at is not None
    ):
        next_clock_at: dt.datetime | None = case.next_clock_at
        return next_clock_at
    return min((due.warned_at for due in running), default=None)


def _exchange_start(
    case: HasClocks,
    now: dt.datetime,
    ended: list[dict[str, Any]],
    *,
    just_closed: bool,
    just_reopened: bool,
) -> dt.datetime | None:
    """Return when the exchange that has no answer of ours yet began.

    None for none. The response clock that the change ended is added to `ended`.
    """
    began, answer = case.exchange_from, case.last_outbound_at
    waits = case.waiting_since is not None
    if began is None:
        return now if waits else None
    if answer is not None and _is_exchange_answered(case, began, answer):
        first = case.first_response_at is not None and case.first_response_at >= min(began, answer)
        due = case.first_response_due_at if first else case.next_response_due_at
        _record_end(ended, "first_response" if first else "next_response", began, due, answer)
        return max(case.last_inbound_at or answer, answer) if waits else None
    first = case.first_response_at is None
    due = case.first_response_due_at if first else case.next_response_due_at
    is_late = due is not None and due < now
    if waits:
        # Reopened in time, the exchange goes on, so that closing by mistake wins no time. One that was late is over.
        return now if just_reopened and is_late else began
    if just_closed and is_late and case.status == Status.RESOLVED:
        _record_end(ended, "first_response" if first else "next_response", began, due, now)
    return began if case.closed_at is not None else None


def _is_exchange_answered(case: HasClocks, began: dt.datetime, answer: dt.datetime) -> bool:
    """Return whether our message written at `answer` ends the exchange.

    It may be before `began`: the network's clock may be slow, and it has a message before it reaches us.
    """
    if answer >= began:
        return True
    if case.waiting_since is not None:
        return False
    if case.closed_at is None:
        return bool(case.status == Status.WAITING)
    return case.last_inbound_at is not None and bool(answer >= case.last_inbound_at)


def _resolution_start(
    case: HasClocks,
    policy: Policy | None,
    now: dt.datetime,
    ended: list[dict[str, Any]],
    *,
    just_closed: bool,
) -> tuple[dt.datetime | None, int]:
    """Return since when the resolution clock runs, and the seconds before.

    None when it stands still; the seconds are business seconds. If the change ended the clock, it is added to `ended`.
    """
    since, used = case.resolution_from, case.resolution_used
    if case.closed_at is None and case.status != Status.WAITING and case.needs_answer:
        return since or now, used
    if since is not None:
        until = case.last_outbound_at if case.status == Status.WAITING else None
        until = min(max(until or now, since), now)
        used += business_seconds_used(policy, since, until)
    if (
        just_closed
        and case.status == Status.RESOLVED
        and policy is not None
        and "resolution" in policy.targets
    ):
        target = int(policy.targets["resolution"].total_seconds())
        ended.append({"clock": "resolution", "used": used, "target": target, "met": used <= target})
    return None, used


def _record_end(
    ended: list[dict[str, Any]],
    clock: ClockName,
    began: dt.datetime,
    due: dt.datetime | None,
    at: dt.datetime,
) -> None:
    if due is not None:
        ended.append({"clock": clock, "from": began.isoformat(), "due": due.isoformat(), "met": at <= due})


def running_clocks(case: HasClocks) -> list[RunningClock]:
    """Return a case's running clocks, with a target or without."""
    running: list[RunningClock] = []
    if case.exchange_from is not None and case.closed_at is None:
        running.append(RunningClock(CLOCKS[case.first_response_at is not None], case.exchange_from, 0))
    if case.resolution_from is not None:
        running.append(RunningClock("resolution", case.resolution_from, case.resolution_used))
    return running
