"""Put policies and due times into words."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from routing.models import SLAPolicy
from routing.service_levels.policies import CLOCK_LABELS, CLOCKS, Policy, ServiceLevels
from wording.spans import business_span
from wording.times import full_time

_RECIPIENT_WORDS = {
    "assignee": "the assignee",
    "managers": "the managers",
    "department": "everybody in the department",
}


def targets_in_words(policy: SLAPolicy) -> list[tuple[str, str]]:
    """Return each clock that has a target, with its length in words."""
    lengths = [(CLOCK_LABELS[clock], getattr(policy, f"{clock}_minutes")) for clock in CLOCKS]
    return [(label, business_span(dt.timedelta(minutes=minutes))) for label, minutes in lengths if minutes]


def steps_in_words(policy: SLAPolicy, departments: dict[str, str]) -> list[str]:
    """Return the pre-warning and the escalation steps, each as a sentence.

    `departments` maps slugs to names.
    """
    before = (
        business_span(dt.timedelta(minutes=policy.warning_minutes))
        if policy.warning_minutes is not None
        else f"{policy.warning_percent}% of the time"
    )
    return [
        f"With {before} left: warn the assignee.",
        *(_step_in_words(step, departments) for step in policy.steps),
    ]


def _step_in_words(step: dict[str, object], departments: dict[str, str]) -> str:
    after, clock = step["after"], step.get("clock")
    notify, move = step.get("notify"), step.get("move_to")
    acts = []
    if isinstance(notify, list) and notify:
        acts.append(
            f"notify {' and '.join(_RECIPIENT_WORDS[kind] for kind in notify if kind in _RECIPIENT_WORDS)}"
        )
    if step.get("raise"):
        acts.append("raise the priority")
    if move:
        acts.append(f"move it to {departments.get(str(move), move)}")
    of_clock = f" of the {CLOCK_LABELS[clock].lower()}" if clock in CLOCK_LABELS else ""
    when = (
        f"{business_span(dt.timedelta(minutes=after))} overdue"
        if isinstance(after, int) and after
        else "Once overdue"
    )
    return f"{when}{of_clock}: {', '.join(acts) or 'nothing'}."


@dataclass(frozen=True, slots=True)
class DueInWords:
    """One clock of a message in words: its length, its due time and the time of its warning."""

    label: str
    due: str
    after: str
    warned: str


def due_times_in_words(
    service_levels: ServiceLevels, policy: Policy | None, at: dt.datetime
) -> list[DueInWords]:
    """Return the due times of a message that arrives at `at`.

    Times are in the display zone; [] without a policy.
    """
    dues = []
    for clock in CLOCKS:
        due = service_levels.due(policy, clock, at)
        if policy is None or clock not in policy.targets:
            continue
        if due is None:
            dues.append(
                DueInWords(CLOCK_LABELS[clock], "never: the calendar is not open for so long", "", "")
            )
            continue
        length = business_span(policy.targets[clock])
        dues.append(
            DueInWords(
                CLOCK_LABELS[clock],
                full_time(due.at),
                f"{length} of business time",
                full_time(due.warned_at),
            )
        )
    return dues
