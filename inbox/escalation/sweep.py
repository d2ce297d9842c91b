"""Automatic events of clocks: pre-warning, missed target, escalation. Each once, however often sweeps run.

A run finds the cases whose next event is due and handles each in its own transaction, under the case's lock;
`Escalation` records the event, in the same transaction as its notices and its actions.
"""

from __future__ import annotations

import datetime as dt
import logging

from django.db import transaction
from django.db.models import Q

from accounts.models import Department, Role, User
from inbox.cases import hand_overs
from inbox.changes import clocks
from inbox.changes.change import Change
from inbox.escalation.on_point import find_person_on_point
from inbox.models import Case, Escalation, NoticeKind, Verb
from inbox.notices.notify import notify_grouped, notify_users
from routing.models import Priority
from routing.service_levels import versions
from routing.service_levels.policies import (
    BREACH,
    CLOCK_LABELS,
    WARNING,
    ClockName,
    Due,
    Policy,
    Recipient,
    ServiceLevels,
    Step,
    clock_events,
)
from wording.spans import long_span
from wording.times import long_zoned_time

logger = logging.getLogger(__name__)

#: Cases that one run handles, and people notified of one event.
MAX_CASES, MAX_PEOPLE = 200, 200
#: How long until a case whose escalation failed is tried again.
RETRY_AFTER = dt.timedelta(minutes=5)


def escalate_due_cases(now: dt.datetime) -> int:
    """Do what is due and return to how many cases. A case that cannot be escalated holds up no other one."""
    due = Case.objects.open().filter(next_clock_at__lte=now).order_by("next_clock_at")
    done = 0
    for case_id in due.values_list("pk", flat=True)[:MAX_CASES]:
        try:
            done += escalate_case(case_id, now)
        except Exception:
            logger.exception("case %s could not be escalated; tried again in 5 minutes", case_id)
            Case.objects.filter(pk=case_id).update(next_clock_at=now + RETRY_AFTER)
    return done


@transaction.atomic
def escalate_case(case_id: int, now: dt.datetime) -> bool:
    """Do what is due with one case. False when nothing is, or somebody else has the case under lock."""
    case = (
        Case.objects.open()
        .select_for_update(of=("self",), no_key=True, skip_locked=True)
        .select_related("department", "assignee", "identity")
        .filter(pk=case_id, next_clock_at__lte=now)
        .first()
    )
    if case is None:
        return False
    service_levels = versions.live_service_levels()
    change = Change(case, None, now)
    values, _ = clocks.compute_clock_values(case, case.network, service_levels, now)
    change.set(**values)
    policy = service_levels.matching_policy(case.department_id, case.priority, case.network)
    upcoming: dt.datetime | None = None
    if policy is not None:
        fresh, upcoming = _record_and_look_ahead(case, service_levels, policy, now)
        for clock, due, number in fresh:
            _act_on_escalation(change, policy, clock, due, number)
    # Another policy has other events: let the sweep look at the case again.
    moved = change.fields & {"priority", "department"}
    change.set(next_clock_at=None if moved else upcoming)
    if change.events:
        change.save()
    else:
        # Bookkeeping does not raise the case's version: people who have the case open have missed nothing.
        Case.objects.filter(pk=case.pk).update(**{name: getattr(case, name) for name in values})
    return True


def _record_and_look_ahead(
    case: Case, service_levels: ServiceLevels, policy: Policy, now: dt.datetime
) -> tuple[list[tuple[ClockName, dt.datetime, int]], dt.datetime | None]:
    """Record what has come to pass, and find what comes next.

    Return the newly recorded as (clock, due time, number), and when the next falls due.
    """
    fresh, upcoming = record_escalations(case, service_levels, policy, now, is_notified=True), []
    for clock in clocks.running_clocks(case):
        if (due := service_levels.due(policy, clock.clock, clock.since, clock.used)) is not None:
            upcoming += [at for at, _ in clock_events(policy, clock.clock, due) if at > now]
    return fresh, min(upcoming, default=None)


def record_escalations(
    case: Case, service_levels: ServiceLevels, policy: Policy, until: dt.datetime, *, is_notified: bool
) -> list[tuple[ClockName, dt.datetime, int]]:
    """Note what has come to pass by `until`; what was new, oldest first. The case must be under lock."""
    passed: list[tuple[dt.datetime, ClockName, dt.datetime, int, dt.datetime]] = []
    for running in clocks.running_clocks(case):
        # The resolution clock pauses and resumes, but runs only once per case.
        began = case.created_at if running.clock == "resolution" else running.since
        due: Due | None = service_levels.due(policy, running.clock, running.since, running.used)
        for at, number in clock_events(policy, running.clock, due) if due else ():
            if at <= until:
                passed.append((at, running.clock, began, number, due.at if due else at))
    if not passed:
        return []
    rows = Escalation.objects.filter(case=case).values_list("clock", "started_at", "step")
    have = set(rows)
    fresh = sorted(row for row in passed if (row[1], row[2], row[3]) not in have)
    Escalation.objects.bulk_create(
        Escalation(case=case, clock=clock, started_at=began, step=number, at=at, told=is_notified)
        for at, clock, began, number, _ in fresh
    )
    return [(clock, due_at, number) for _, clock, _, number, due_at in fresh]


def _act_on_escalation(
    change: Change, policy: Policy, clock: ClockName, due: dt.datetime, number: int
) -> None:
    case, label, who = change.case, CLOCK_LABELS[clock], change.case.identity.display_name
    key = f"sla:{case.pk}:{clock}:{int(due.timestamp())}:{number}"
    when = long_zoned_time(due)
    if number == WARNING:
        # Found only after the target was missed: the notice of the missed target is enough.
        if due > change.now:
            text = f"{who}: {label.lower()} is due in {long_span(due - change.now)}, at {when}."
            notify_people(change, people_to_notify(change, ("assignee",)), NoticeKind.DUE_SOON, text, key)
        return
    if number == BREACH:
        change.record(Verb.SLA_MISSED, {"clock": clock, "due": due.isoformat(), "policy": policy.name})
        text = f"{who}: {label.lower()} was due {when} and is overdue (policy “{policy.name}”)."
        notify_people(change, people_to_notify(change, ("assignee",)), NoticeKind.BREACHED, text, key)
        return
    _apply_step(change, policy, clock, policy.step(number), f"{label} is overdue since {when}", key)


def _apply_step(change: Change, policy: Policy, clock: ClockName, step: Step, reason: str, key: str) -> None:
    """One step: whom it concerns is worked out before the case moves."""
    case, assignee, people = change.case, change.case.assignee_id, people_to_notify(change, step.notify)
    raised = _raise_priority(change) if step.raise_priority else ""
    change.record(
        Verb.ESCALATED,
        {
            "reason": reason,
            "policy": policy.name,
            "clock": clock,
            "priority": raised,
            "notified": list(step.notify),
        },
    )
    moved = _move_case(change, step, f"{reason} (policy “{policy.name}”).") if step.move_to else ""
    done = [f"priority raised to {raised}"] if raised else []
    done += [f"moved to {moved}"] if moved else []
    text = (
        f"{case.identity.display_name}: {reason[:1].lower()}{reason[1:]}; {', '.join(done) or 'escalated'}."
    )
    kind = NoticeKind.MOVED if moved else NoticeKind.BREACHED
    if moved:
        # The managers of the department that receives an overdue case are always notified.
        people += people_to_notify(change, ("managers",))
    notify_people(change, people, kind, text, key, assignee_id=assignee)


def _raise_priority(change: Change) -> str:
    """Raise the priority and return the new one. "" when it was the highest before."""
    if change.case.priority >= Priority.URGENT:
        return ""
    raised = change.case.priority + 1
    change.set(priority=raised)
    return str(Priority(raised).label).lower()


def _move_case(change: Change, step: Step, reason: str) -> str:
    """Move the case and return the name of its new department. "" when it stays: that department is closed,
    or has it already.
    """
    to = (
        Department.objects.filter(slug=step.move_to, is_open=True)
        .exclude(pk=change.case.department_id)
        .first()
    )
    if to is None:
        return ""
    hand_overs.send_to_department(change, to, reason)
    return to.name


def people_to_notify(change: Change, whom: tuple[Recipient, ...]) -> list[int]:
    """Return the ids of whom to notify. The assignee (without one, who is on point, and without either the
    department's managers), its managers, or all who work there.
    """
    case, kinds, person_ids = change.case, set(whom), list[int]()
    if "assignee" in kinds:
        if case.assignee_id is not None:
            person_ids.append(case.assignee_id)
        elif (on_point := find_person_on_point(case, change.now)) is not None:
            person_ids.append(on_point.pk)
        else:
            kinds.add("managers")
    roles = [Role.MANAGER, Role.AGENT] if "department" in kinds else [Role.MANAGER]
    if kinds & {"managers", "department"}:
        works_there = Q(memberships__department=case.department_id, role__in=roles, is_active=True)
        person_ids += (
            User.objects.filter(works_there).order_by("pk").values_list("pk", flat=True)[:MAX_PEOPLE]
        )
    return person_ids


def notify_people(
    change: Change,
    people: list[int],
    kind: NoticeKind,
    text: str,
    key: str,
    *,
    assignee_id: int | None = None,
) -> None:
    """Notify people. The assignee hears of each case, everybody else once a department for as long as they
    have not read it.
    """
    case, assignee_id = change.case, assignee_id or change.case.assignee_id
    if assignee_id is not None and assignee_id in people:
        own_kind = NoticeKind.BREACHED if kind == NoticeKind.MOVED else kind
        notify_users([assignee_id], case.pk, own_kind, text, key=key, now=change.now)
    others = [person_id for person_id in people if person_id != assignee_id]
    notify_grouped(others, case, case.department_id, kind, text, key=key, now=change.now)
