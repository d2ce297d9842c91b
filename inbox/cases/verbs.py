"""Verbs of a case. Each is one transaction that also writes its event into the case's history.

All raise `Case.DoesNotExist` both for a missing case and for one that the person may not read, `NotAllowed` when the
role does not allow it, `Invalid` for invalid input and `Conflict` when somebody was quicker; each with a sentence for
the person, and nothing changed. `version` is the version that the person looked at; None skips the check. `now` is the
time of the action, in UTC.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from accounts.access import viewer
from accounts.models import Department, User
from accounts.working_time import presence
from inbox.cases import hand_overs
from inbox.changes.change import Change, change_case_as, require_permission
from inbox.changes.refusals import (
    Conflict,
    Invalid,
    NotAllowed,
    clean_required_text,
    conflict_with_newest,
    name_or_somebody,
    require_open,
)
from inbox.changes.waiting import unanswered_since
from inbox.models import Case, Status, Unsent, Verb
from inbox.notices import assignments, watches
from inbox.text import clean_text
from inbox.visibility import case_scope

__all__ = [
    "Conflict",
    "Invalid",
    "NotAllowed",
    "add_note",
    "assign",
    "assign_case",
    "claim",
    "claim_case",
    "dismiss",
    "dismiss_case",
    "hand_over_case",
    "reopen_case",
    "require_not_on_leave",
    "resolve",
    "resolve_case",
]

LONGEST_NOTE = 10_000
LONGEST_CLOSE_REASON = 200

#: Refuses an assignee who is on leave: `require_not_on_leave`, or one that asks only once for many cases.
LeaveCheck = Callable[[User, User, dt.datetime], None]


def claim_case(case_id: int, by: User, *, version: int | None = None, now: dt.datetime) -> Case:
    """Take an unassigned case. Taking one's own again changes nothing; a colleague's is a `Conflict`."""
    with change_case_as(case_id, by, "claim", now=now) as change:
        if claim(change, by, version):
            _notify_of_assignment(change)
    return change.case


def claim(
    change: Change, by: User, version: int | None = None, check_leave: LeaveCheck | None = None
) -> bool:
    """Take a locked case. Return False when it was theirs already."""
    case = change.case
    if case.assignee_id == by.pk:
        return False
    if case.assignee_id is not None:
        raise Conflict(case, f"{name_or_somebody(case.assignee)} has this case already.")
    (check_leave or require_not_on_leave)(by, by, change.now)
    _change_assignee(change, by, version)
    return True


def assign_case(
    case_id: int, by: User, assignee: User | None, *, version: int | None = None, now: dt.datetime
) -> Case:
    """Give a case to a person or (None) to nobody. The person must be one who may work on it.

    Agents may take an unassigned case, and pass on or give back one that is theirs; managers and community
    managers any that they see.
    """
    with change_case_as(case_id, by, "claim", now=now) as change:
        if assign(change, by, assignee, version):
            _notify_of_assignment(change)
    return change.case


def assign(
    change: Change,
    by: User,
    assignee: User | None,
    version: int | None = None,
    check_leave: LeaveCheck | None = None,
) -> bool:
    """Give a locked case to a person or to nobody. Return False when they had it already."""
    case = change.case
    if case.assignee_id == (assignee.pk if assignee else None):
        return False
    if case.assignee_id != by.pk and not (case.assignee_id is None and assignee == by):
        require_permission(by, "reassign")
    if assignee is not None:
        _check_assignee(case, assignee)
        (check_leave or require_not_on_leave)(assignee, by, change.now)
    _change_assignee(change, assignee, version)
    return True


def _check_assignee(case: Case, assignee: User) -> None:
    if not assignee.is_active:
        raise Invalid(f"{assignee} no longer works here. Choose somebody else.")
    if not viewer(assignee).may("claim"):
        raise Invalid(f"{assignee} does not work on cases. Choose somebody else.")
    if not case_scope(assignee).includes(case):
        raise Invalid(
            f"{assignee} cannot see the cases of {case.department}. Hand the case over to a department instead."
        )


def require_not_on_leave(assignee: User, by: User, now: dt.datetime) -> None:
    """Refuse somebody on leave. A case of theirs goes back by itself: it would be theirs for a moment only."""
    leave = presence.find_current_leave(assignee, now)
    if leave is None:
        return
    if assignee == by:
        raise Invalid(presence.OWN_LEAVE_MESSAGE.format(until=presence.leave_until_words(leave)))
    substitute = leave.substitute
    instead = f" {substitute} stands in." if substitute and viewer(substitute).may("claim") else ""
    raise Invalid(
        f"{assignee} is on leave until {presence.leave_until_words(leave)}.{instead} Choose somebody else."
    )


def _change_assignee(change: Change, assignee: User | None, version: int | None) -> None:
    change.require_version(version)
    require_open(change.case)
    before = change.case.assignee
    change.accept_custody()
    change.set(assignee=assignee)
    if assignee is not None and change.case.status == Status.NEW:
        change.set(status=Status.OPEN)
    change.record(
        Verb.ASSIGNED,
        {
            "from": str(before) if before else "",
            "to": str(assignee) if assignee else "",
            "to_id": assignee.pk if assignee else None,
        },
    )
    change.is_undoable = True


def _notify_of_assignment(change: Change) -> None:
    assignments.notify_assignees([(change, f"{change.by} gave it to you")], change.now)
    before = change.before["assignee"]
    if before is not None and before != change.by:
        assignments.notify_former_assignee(before, [change], f"{change.by} passed it on", change.now)


def hand_over_case(
    case_id: int,
    by: User,
    department: Department,
    reason: str,
    wrong_department: bool = False,
    *,
    version: int | None = None,
    now: dt.datetime,
) -> Case:
    """Send a case to another department, which begins its custody; the case leaves its assignee.

    `wrong_department` says that it should never have come here (a misroute). Agents may hand over what is theirs or
    nobody's.
    """
    reason = clean_required_text(
        reason, hand_overs.LONGEST_REASON, "Say why the case goes to another department."
    )
    with change_case_as(case_id, by, "hand_over", now=now) as change:
        hand_overs.require_own_or_unassigned(change)
        change.require_version(version)
        hand_overs.send_to_department(change, department, reason, wrong_department=wrong_department)
    return change.case


def add_note(case_id: int, by: User, text: str, *, now: dt.datetime) -> Case:
    """Add a private note, on open and closed cases alike."""
    text = clean_required_text(clean_text(text)[0], LONGEST_NOTE, "Write something before you save the note.")
    with change_case_as(case_id, by, "read_notes", now=now) as change:
        change.accept_custody()
        change.record(Verb.NOTED, {"text": text})
    return change.case


def resolve_case(case_id: int, by: User, *, version: int | None = None, now: dt.datetime) -> Case:
    """Close a case as solved. Resolving a resolved case changes nothing; a dismissed one is a `Conflict`."""
    with change_case_as(case_id, by, "claim", now=now) as change:
        if resolve(change, version):
            watches.notify_watchers_of_closing(change)
    return change.case


def resolve(change: Change, version: int | None = None) -> bool:
    """Close a locked case as solved. Return False when it is resolved already."""
    case = change.case
    if case.status == Status.RESOLVED:
        return False
    _close_case(change, Status.RESOLVED, "", version)
    change.set(first_resolved_at=case.first_resolved_at or change.now)
    change.record(Verb.RESOLVED)
    change.is_undoable = True
    return True


def dismiss_case(
    case_id: int, by: User, reason: str, *, version: int | None = None, now: dt.datetime
) -> Case:
    """Close a case without an answer, with the reason. Dismissing it again for the same reason changes nothing."""
    reason = clean_close_reason(reason)
    with change_case_as(case_id, by, "claim", now=now) as change:
        if dismiss(change, reason, version):
            watches.notify_watchers_of_closing(change)
    return change.case


def clean_close_reason(reason: str) -> str:
    """Return why a case needs no answer, trimmed. Raises `Invalid` without one."""
    return clean_required_text(reason, LONGEST_CLOSE_REASON, "Say why this case needs no answer.")


def dismiss(change: Change, reason: str, version: int | None = None) -> bool:
    """Close a locked case without an answer. Return False when it is dismissed for the same reason already."""
    case = change.case
    if case.status == Status.DISMISSED and case.close_reason == reason:
        return False
    _close_case(change, Status.DISMISSED, reason, version)
    change.record(Verb.DISMISSED, {"reason": reason})
    change.is_undoable = True
    return True


def _close_case(change: Change, status: Status, reason: str, version: int | None) -> None:
    if not change.case.is_open:
        raise conflict_with_newest(change.case, change.by)
    change.require_version(version)
    change.accept_custody()
    change.end_custody()
    change.set(status=status, closed_at=change.now, close_reason=reason, waiting_since=None)
    if change.case.unsent == Unsent.FAILED:
        # Whoever closes it has seen that the answer was not sent. An unconfirmed one still needs a decision.
        change.set(unsent="", unsent_since=None)


def reopen_case(case_id: int, by: User, *, version: int | None = None, now: dt.datetime) -> Case:
    """Open a closed case again, with the department that had it. Reopening an open case changes nothing."""
    with change_case_as(case_id, by, "claim", now=now) as change:
        case = change.case
        if case.is_open:
            return case
        change.require_version(version)
        before = str(Status(case.status).label)
        change.resume_custody()
        change.set(status=Status.OPEN, closed_at=None, close_reason="", waiting_since=unanswered_since(case))
        change.set(reopen_count=case.reopen_count + 1)
        if (
            case.assignee is not None
            and not Case.objects.visible_to(case.assignee).filter(pk=case.pk).exists()
        ):
            change.set(assignee=None)
        change.accept_custody()
        change.record(Verb.REOPENED, {"from": before})
    return case
