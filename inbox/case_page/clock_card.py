"""The card of a case's clocks: each with its target, when it is due, how it stands, and by which policy."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from inbox.changes import clocks
from inbox.countdown import due_chip
from inbox.display import Chip, local
from inbox.models import Case, Status
from routing.business_hours.notation import say_minutes
from routing.service_levels import versions as terms
from routing.service_levels.policies import CLOCKS, ClockName, Policy, Terms

LABELS: dict[ClockName, str] = {
    "first_response": "First response",
    "next_response": "Next response",
    "resolution": "Resolution",
}


@dataclass(frozen=True, slots=True)
class ClockRow:
    """One clock: its target in words, when it is due ("" while it does not run), and its state."""

    label: str
    target: str
    due: str
    state: Chip


@dataclass(frozen=True, slots=True)
class ClockCard:
    """`basis` says by what it was set."""

    rows: list[ClockRow]
    basis: str


def clock_card(case: Case, now: dt.datetime) -> ClockCard | None:
    """None for history and where no policy applies. Reads no row when the version is known to this process."""
    if case.historical or not case.sla_version:
        return None
    known = terms.of_number(case.sla_version)
    policy = known.policy(case.department_id, case.priority, case.network)
    if policy is None or not policy.targets:
        return None
    rows = [_row(case, known, policy, clock, now) for clock in CLOCKS if clock in policy.targets]
    basis = f"Policy “{policy.name}”, calendar “{policy.calendar_name}”, version {known.number}"
    return ClockCard(rows, basis)


def _row(case: Case, known: Terms, policy: Policy, clock: ClockName, now: dt.datetime) -> ClockRow:
    target = f"{say_minutes(int(policy.targets[clock].total_seconds()) // 60)} of business time"
    for one in clocks.running(case):
        if one.clock == clock:
            found = known.due(policy, clock, one.since, one.used)
            if found is None:
                return ClockRow(LABELS[clock], target, "", Chip("never open", "late"))
            return ClockRow(
                LABELS[clock], target, _at(found.at), due_chip("Due", found.at, found.warned_at, now)
            )
    return ClockRow(LABELS[clock], target, "", _stopped(case, policy, clock))


def _stopped(case: Case, policy: Policy, clock: ClockName) -> Chip:
    if clock == "first_response":
        due, given = case.first_response_due_at, case.first_response_at
        if given is None:
            return Chip("not running")
        when = f"answered {_at(given)}"
        return Chip("met", "ok", when) if due is None or given <= due else Chip("missed", "late", when)
    if clock == "next_response":
        return Chip("not running")
    used, target = case.resolution_used, int(policy.targets[clock].total_seconds())
    spent = f"{say_minutes(used // 60)} of business time used"
    if case.is_open:
        return Chip("paused", "", spent) if case.status == Status.WAITING else Chip("not running", "", spent)
    if case.status != Status.RESOLVED:
        return Chip("not running", "", spent)
    return Chip("met", "ok", spent) if used <= target else Chip("missed", "late", spent)


def _at(moment: dt.datetime) -> str:
    return f"{local(moment):%-d %b, %H:%M}"
