"""What people do with a case. Each verb is one transaction that leaves its line in the case's history.

All raise `Case.DoesNotExist` alike for a case that is absent and one that the person may not read, `NotAllowed` when
the role does not allow it, `Invalid` for input that makes no sense and `Conflict` when somebody was quicker; each
with a sentence for the person, and nothing changed. `version` is the one the person looked at; None skips the check.
`now` is the moment of acting, in UTC.
"""

from __future__ import annotations

import datetime as dt

from accounts.access import viewer
from accounts.models import Department, User
from accounts.working_time import presence
from inbox.cases import custody
from inbox.cases import hand_overs as passing
from inbox.cases.readings import unanswered_since
from inbox.changes.change import Change, acting, require
from inbox.changes.refusals import Conflict, Invalid, NotAllowed, name_of, require_open, what_happened, words
from inbox.models import Case, Status, Verb
from inbox.notices import assignments as told
from inbox.notices import watches as watching
from inbox.text import clean_text

__all__ = [
    "Conflict",
    "Invalid",
    "NotAllowed",
    "assign",
    "claim",
    "dismiss",
    "hand_over",
    "note",
    "reopen",
    "resolve",
]

LONGEST_NOTE = 10_000
LONGEST_CLOSE_REASON = 200


def claim(case_id: int, by: User, *, version: int | None = None, now: dt.datetime) -> Case:
    """Take an unassigned case. Taking one's own again changes nothing; a colleague's is a `Conflict`."""
    with acting(case_id, by, "claim", now=now) as change:
        case = change.case
        if case.assignee_id == by.pk:
            return case
        if case.assignee_id is not None:
            raise Conflict(case, f"{name_of(case.assignee)} has this case already.")
        _require_no_leave(by, by, now)
        _give(change, by, version)
    return case


def assign(
    case_id: int, by: User, assignee: User | None, *, version: int | None = None, now: dt.datetime
) -> Case:
    """Give a case to a person who may work on it, or (None) to nobody.

    Agents may take an unassigned case, and pass on or give back one that is theirs; managers and community managers
    any that they see.
    """
    with acting(case_id, by, "claim", now=now) as change:
        case = change.case
        if case.assignee_id == (assignee.pk if assignee else None):
            return case
        if case.assignee_id != by.pk and not (case.assignee_id is None and assignee == by):
            require(by, "reassign")
        if assignee is not None:
            _check_assignee(case, assignee)
            _require_no_leave(assignee, by, now)
        _give(change, assignee, version)
    return case


def _check_assignee(case: Case, assignee: User) -> None:
    if not assignee.is_active:
        raise Invalid(f"{assignee} no longer works here. Choose somebody else.")
    if not viewer(assignee).may("claim"):
        raise Invalid(f"{assignee} does not work on cases. Choose somebody else.")
    if not Case.objects.visible_to(assignee).filter(pk=case.pk).exists():
        raise Invalid(
            f"{assignee} cannot see the cases of {case.department}. Hand the case over to a department instead."
        )


def _require_no_leave(assignee: User, by: User, now: dt.datetime) -> None:
    """A case of somebody on leave goes back by itself: it would be theirs for a moment."""
    leave = presence.leave_of(assignee, now)
    if leave is None:
        return
    if assignee == by:
        raise Invalid(presence.OWN_LEAVE.format(until=presence.until(leave)))
    substitute = leave.substitute
    instead = f" {substitute} stands in." if substitute and viewer(substitute).may("claim") else ""
    raise Invalid(f"{assignee} is on leave until {presence.until(leave)}.{instead} Choose somebody else.")


def _give(change: Change, assignee: User | None, version: int | None) -> None:
    change.expect(version)
    require_open(change.case)
    before = change.case.assignee
    change.accept()
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
    told.tell_given([(change, f"{change.by} gave it to you")], change.now)
    if before is not None and before != change.by:
        told.tell_taken(before, [change], f"{change.by} passed it on", change.now)


def hand_over(
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
    reason = words(reason, passing.LONGEST_REASON, "Say why the case goes to another department.")
    with acting(case_id, by, "hand_over", now=now) as change:
        passing.require_own(change)
        change.expect(version)
        passing.send(change, department, reason, wrong_department=wrong_department)
    return change.case


def note(case_id: int, by: User, text: str, *, now: dt.datetime) -> Case:
    """Add a private note, on open and closed cases alike."""
    text = words(clean_text(text)[0], LONGEST_NOTE, "Write something before you save the note.")
    with acting(case_id, by, "read_notes", now=now) as change:
        change.accept()
        change.record(Verb.NOTED, {"text": text})
    return change.case


def resolve(case_id: int, by: User, *, version: int | None = None, now: dt.datetime) -> Case:
    """Close a case as solved. Resolving a resolved case changes nothing; a dismissed one is a `Conflict`."""
    with acting(case_id, by, "claim", now=now) as change:
        case = change.case
        if case.status == Status.RESOLVED:
            return case
        _close(change, Status.RESOLVED, "", version)
        change.set(first_resolved_at=case.first_resolved_at or now)
        change.record(Verb.RESOLVED)
        watching.tell_closed(change)
    return case


def dismiss(case_id: int, by: User, reason: str, *, version: int | None = None, now: dt.datetime) -> Case:
    """Close a case without an answer, with the reason. Dismissing it again for the same reason changes nothing."""
    reason = words(reason, LONGEST_CLOSE_REASON, "Say why this case needs no answer.")
    with acting(case_id, by, "claim", now=now) as change:
        case = change.case
        if case.status == Status.DISMISSED and case.close_reason == reason:
            return case
        _close(change, Status.DISMISSED, reason, version)
        change.record(Verb.DISMISSED, {"reason": reason})
        watching.tell_closed(change)
    return case


def _close(change: Change, status: Status, reason: str, version: int | None) -> None:
    if not change.case.is_open:
        raise Conflict(change.case, what_happened(change.case))
    change.expect(version)
    change.accept()
    custody.end(change.case, change.now)
    change.set(status=status, closed_at=change.now, close_reason=reason, waiting_since=None)


def reopen(case_id: int, by: User, *, version: int | None = None, now: dt.datetime) -> Case:
    """Open a closed case again, with the department that had it. Reopening an open case changes nothing."""
    with acting(case_id, by, "claim", now=now) as change:
        case = change.case
        if case.is_open:
            return case
        change.expect(version)
        before = str(Status(case.status).label)
        custody.resume(case)
        change.set(status=Status.OPEN, closed_at=None, close_reason="", waiting_since=unanswered_since(case))
        change.set(reopen_count=case.reopen_count + 1)
        if (
            case.assignee is not None
            and not Case.objects.visible_to(case.assignee).filter(pk=case.pk).exists()
        ):
            change.set(assignee=None)
        change.accept()
        change.record(Verb.REOPENED, {"from": before})
    return case
