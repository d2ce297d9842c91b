"""Verbs of hand-overs between departments: accept, hand over, bounce back, undo.

Each verb is one transaction that writes its event. All raise `Case.DoesNotExist`, `NotAllowed`, `Invalid` or
`Conflict`, each with a sentence for the person.
"""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from accounts.access import viewer
from accounts.models import Department, User
from inbox.cases import custody, lessons
from inbox.changes.change import Change, change_case, change_case_as, require_permission
from inbox.changes.refusals import Conflict, Invalid, clean_required_text, require_open
from inbox.models import Case, CaseEvent, Custody, Verb
from inbox.notices import watches

LONGEST_REASON = 300
WRONG_DEPARTMENT = "Wrong department"
#: How long a page offers to take a hand-over back, and how long that is accepted (longer: a click takes a moment).
UNDO_OFFERED, UNDO_GRANTED = dt.timedelta(seconds=10), dt.timedelta(seconds=20)


def accept_case(case_id: int, by: User, *, version: int | None = None, now: dt.datetime) -> Case:
    """Accept the case for its department ("We have it"). Accepting again changes nothing."""
    with change_case_as(case_id, by, "claim", now=now) as change:
        case = change.case
        require_open(case)
        if case.department_id not in viewer(by).department_ids:
            raise Invalid(f"Only people of {case.department} can accept it.")
        if not Custody.objects.filter(case=case, left_at__isnull=True, accepted_at__isnull=True).exists():
            return case
        change.require_version(version)
        change.accept_custody()
        change.set(hint="")
        change.is_undoable = True
    return case


def bounce_case(case_id: int, by: User, reason: str, *, version: int | None = None, now: dt.datetime) -> Case:
    """Send a case back to the department that it came from."""
    reason = clean_required_text(reason, LONGEST_REASON, "Say why the case goes back.")
    with change_case_as(case_id, by, "hand_over", now=now) as change:
        require_own_or_unassigned(change)
        change.require_version(version)
        require_open(change.case)
        current = Custody.objects.filter(case=change.case, left_at__isnull=True)
        origin = current.select_related("from_department").get().from_department
        if origin is None:
            raise Invalid("No department sent this case here, so there is none to bounce it back to.")
        send_to_department(change, origin, reason, bounced=True)
    return change.case


def require_own_or_unassigned(change: Change) -> None:
    """Require that an agent passes on only own or unassigned cases. Raises `NotAllowed`."""
    if change.by is not None and change.case.assignee_id not in (None, change.by.pk):
        require_permission(change.by, "reassign")


def send_to_department(
    change: Change,
    department: Department,
    reason: str,
    *,
    wrong_department: bool = False,
    bounced: bool = False,
    effects: bool = True,
) -> None:
    """Send a locked case to `department` and unassign it.

    Without `effects` nobody is notified and nothing is learned: that is left to the caller. A misrouted or bounced case does not accept the custody that ends. Raises `Invalid` when it may not go there.
    """
    case, before = change.case, change.case.department
    require_open(case)
    _require_other_open_department(department, before)
    if not (wrong_department or bounced):
        change.accept_custody()
    returned = change.was_with(department)
    begun = custody.transfer_custody(change, department, reason, wrong_department=wrong_department)
    change.from_department_id = before.pk
    data = {
        "from": before.name,
        "to": department.name,
        "from_id": before.pk,
        "to_id": department.pk,
        "reason": reason,
        "wrong_department": wrong_department,
        "bounced": bounced,
        "returned": returned,
        "assignee_id": case.assignee_id,
    }
    change.set(department=department, assignee=None, hint="", returned_count=case.returned_count + returned)
    change.record(Verb.HANDED_OVER, data)
    if not effects:
        return
    watches.start_watches(change)
    if returned:
        watches.notify_of_return(change, begun, before, bounced=bounced)
    _teach_from_hand_over(change, before, department, wrong_department=wrong_department, bounced=bounced)


def _teach_from_hand_over(
    change: Change, before: Department, department: Department, *, wrong_department: bool, bounced: bool
) -> None:
    """Teach the router: a misroute belongs to `department`, a bounced case not to `before`."""
    if wrong_department:
        lessons.teach_router(change, department)
    elif bounced:
        lessons.withdraw_lesson(change, before)


def _require_other_open_department(department: Department, before: Department) -> None:
    if department.pk == before.pk:
        raise Invalid(f"{department} has this case already.")
    if not department.is_open:
        raise Invalid(f"{department} takes no new cases. Choose another department.")


def find_undoable_hand_over(case_id: int, by: User, now: dt.datetime) -> int | None:
    """Return the custody that `by` may still take back, or None.

    It began when they handed the case over, at most `UNDO_OFFERED` ago, and has not been accepted.
    """
    sent = Custody.objects.filter(
        case_id=case_id,
        sent_by=by,
        left_at__isnull=True,
        accepted_at__isnull=True,
        sent_at__gt=now - UNDO_OFFERED,
    )
    return sent.filter(from_department__isnull=False).values_list("pk", flat=True).first()


def take_back_hand_over(custody_id: int, by: User, *, now: dt.datetime) -> Case:
    """Undo a hand-over by `by`: delete its custody and resume the one before.

    Raises `Custody.DoesNotExist` alike for none and for one that somebody else sent, `Conflict` when the department
    has accepted it or passed it on, or when it is too late.
    """
    own_hand_overs = Custody.objects.filter(sent_by=by, from_department__isnull=False)
    case_id = own_hand_overs.values_list("case_id", flat=True).get(pk=custody_id)
    with transaction.atomic(), change_case(case_id, now=now, by=by) as change:
        sent = own_hand_overs.select_related("department", "from_department").get(pk=custody_id)
        _require_undoable(change, sent)
        event = CaseEvent.objects.filter(case_id=case_id, verb=Verb.HANDED_OVER, at=sent.sent_at).last()
        data = event.data if event is not None else {}
        origin, recipient = sent.from_department, sent.department
        watches.undo_hand_over_watches(change.case, sent)
        sent.delete()
        change.resume_custody()
        change.from_department_id = recipient.pk
        change.set(
            department=origin,
            assignee=User.objects.filter(pk=data.get("assignee_id") or 0, is_active=True).first(),
            returned_count=max(change.case.returned_count - bool(data.get("returned")), 0),
        )
        lessons.reteach_router_after_undo(change)
        change.record(Verb.TAKEN_BACK, {"from": recipient.name, "to": str(origin), "from_id": recipient.pk})
    return change.case


def _require_undoable(change: Change, sent: Custody) -> None:
    if sent.left_at is not None:
        raise Conflict(change.case, f"{sent.department} has passed it on or closed it already.")
    if sent.accepted_at is not None:
        raise Conflict(change.case, f"{sent.department} has accepted it already. Ask them to bounce it back.")
    if change.now - sent.sent_at > UNDO_GRANTED:
        raise Conflict(change.case, f"It is too late: {sent.department} has it. Ask them to bounce it back.")
