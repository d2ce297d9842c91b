"""Policies and due times as sentences."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.conf import settings

from routing.business_hours.notation import say_minutes
from routing.models import SLAPolicy
from routing.service_levels.policies import CLOCKS, ClockName, Policy, Terms

LABELS: dict[ClockName, str] = {
    "first_response": "First response",
    "next_response": "Next response",
    "resolution": "Resolution",
}
_WHOM = {"assignee": "the assignee", "managers": "the managers", "department": "everybody in the department"}


def targets_in_words(policy: SLAPolicy) -> list[tuple[str, str]]:
    """The clocks that have a target, each with its length of business time."""
    lengths = [(LABELS[clock], getattr(policy, f"{clock}_minutes")) for clock in CLOCKS]
    return [(label, say_minutes(minutes)) for label, minutes in lengths if minutes]


def steps_in_words(policy: SLAPolicy, departments: dict[str, str]) -> list[str]:
    """The pre-warning and the escalation steps, each as a sentence. `departments` are names by slug."""
    before = (
        say_minutes(policy.warning_minutes)
        if policy.warning_minutes is not None
        else f"{policy.warning_percent} % of the time"
    )
    return [f"When {before} is left: warn the assignee.", *(_step(one, departments) for one in policy.steps)]


def _step(step: dict[str, object], departments: dict[str, str]) -> str:
    after, clock = step["after"], step.get("clock")
    notify, move = step.get("notify"), step.get("move_to")
    acts = []
    if isinstance(notify, list) and notify:
        acts.append(f"tell {' and '.join(_WHOM[one] for one in notify if one in _WHOM)}")
    if step.get("raise"):
        acts.append("raise the priority")
    if move:
        acts.append(f"move it to {departments.get(str(move), move)}")
    what = f" of the {LABELS[clock].lower()}" if clock in LABELS else ""
    when = f"{say_minutes(after)} overdue" if isinstance(after, int) and after else "Once overdue"
    return f"{when}{what}: {', '.join(acts) or 'nothing'}."


@dataclass(frozen=True, slots=True)
class SaidDue:
    """When one clock would be due, in words."""

    label: str
    due: str
    after: str
    warned: str


def said_due(known: Terms, policy: Policy | None, at: dt.datetime) -> list[SaidDue]:
    """The due times of a message that arrives at `at`, in the display's time zone; nothing without a policy."""
    found = []
    for clock in CLOCKS:
        due = known.due(policy, clock, at)
        if policy is None or clock not in policy.targets:
            continue
        if due is None:
            found.append(SaidDue(LABELS[clock], "never: the calendar is not open for so long", "", ""))
            continue
        length = say_minutes(int(policy.targets[clock].total_seconds()) // 60)
        found.append(SaidDue(LABELS[clock], _at(due.at), f"{length} of business time", _at(due.warned_at)))
    return found


def _at(moment: dt.datetime) -> str:
    there = moment.astimezone(ZoneInfo(settings.DISPLAY_TIME_ZONE))
    return f"{there:%A, %-d %B %Y, %H:%M %Z}"
