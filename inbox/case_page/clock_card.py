"""The card of a case's clocks: each with its target, due time, state and policy."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from inbox.changes import clocks
from inbox.countdown import due_chip
from inbox.display import Chip
from inbox.models import Case, Status
from routing.service_levels import versions
from routing.service_levels.policies import CLOCK_LABELS, CLOCKS, ClockName, Policy, ServiceLevels
from wording.spans import business_span
from wording.times import short_time


@dataclass(frozen=True, slots=True)
class ClockRow:
    """One clock: its target in words, when it is due ("" while it does not run), and its state."""

    label: str
    target: str
    due: str
    state: Chip


@dataclass(frozen=True, slots=True)
class ClockCard:
    """The clocks of a case; `basis` names the policy, calendar and version that set them."""

    rows: list[ClockRow]
    basis: str


def clock_card(case: Case, now: dt.datetime) -> ClockCard | None:
    """Return the card of a case's clocks at `now`.

    None for imported history and where no policy applies. No statement when this process has the version cached.
    """
    if case.historical or not case.sla_version:
        return None
    service_levels = versions.service_levels_by_number(case.sla_version)
    policy = service_levels.matching_policy(case.department_id, case.priority, case.network)
    if policy is None or not policy.targets:
        return None
    rows = [
        _clock_row(case, service_levels, policy, clock, now) for clock in CLOCKS if clock in policy.targets
    ]
    basis = f"Policy “{policy.name}”, calendar “{policy.calendar_name}”, version {service_levels.number}"
    return ClockCard(rows, basis)


def _clock_row(
    case: Case, service_levels: ServiceLevels, policy: Policy, clock: ClockName, now: dt.datetime
) -> ClockRow:
    target = f"{business_span(policy.targets[clock])} of business time"
    for running in clocks.running_clocks(case):
        if running.clock == clock:
            due = service_levels.due(policy, clock, running.since, running.used)
            if due is None:
                return ClockRow(CLOCK_LABELS[clock], target, "", Chip("never open", "late"))
            return ClockRow(
                CLOCK_LABELS[clock],
                target,
                short_time(due.at),
                due_chip("Due", due.at, due.warned_at, now),
            )
    return ClockRow(CLOCK_LABELS[clock], target, "", _stopped_clock_chip(case, policy, clock))


def _stopped_clock_chip(case: Case, policy: Policy, clock: ClockName) -> Chip:
    if clock == "first_response":
        due_at, answered_at = case.first_response_due_at, case.first_response_at
        if answered_at is None:
            return Chip("not running")
        when = f"answered {short_time(answered_at)}"
        return (
            Chip("met", "ok", when)
            if due_at is None or answered_at <= due_at
            else Chip("missed", "late", when)
        )
    if clock == "next_response":
        return Chip("not running")
    used, target = case.resolution_used, int(policy.targets[clock].total_seconds())
    spent = f"{business_span(dt.timedelta(seconds=used))} of business time used"
    if case.is_open:
        return Chip("paused", "", spent) if case.status == Status.WAITING else Chip("not running", "", spent)
    if case.status != Status.RESOLVED:
        return Chip("not running", "", spent)
    return Chip("met", "ok", spent) if used <= target else Chip("missed", "late", spent)
