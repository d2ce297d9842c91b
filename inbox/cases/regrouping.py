"""Split a case in two, or merge two cases of one customer.

Messages move with their answers; the history stays in the case where it happened and says what moved. The intervals of
custody of each case still sum to its lifetime. Both verbs raise `Case.DoesNotExist`, `NotAllowed`, `Invalid` or
`Conflict`, each with a sentence for the person, and nothing changed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from django.db import transaction

from accounts.models import Department, User
from inbox.cases import hand_overs
from inbox.cases.recounting import recount_case
from inbox.changes.change import Change, change_case_as
from inbox.changes.refusals import Invalid, require_open
from inbox.models import (
    MERGED_PREFIX,
    Case,
    Custody,
    Direction,
    Draft,
    LearningLink,
    Message,
    Reply,
    ReplyState,
    Status,
    Verb,
)
from inbox.models.case import CaseQuerySet
from inbox.models.reply import LIVE_STATES

#: Messages that the page of a split offers, and cases that the page of a merge offers.
MOST_OFFERED = 50


def list_splittable_messages(case: Case) -> list[Message]:
    """List the customer's newest messages of a case, oldest first."""
    newest = Message.objects.filter(case=case, direction=Direction.INBOUND).order_by("-network_time", "-id")
    return list(reversed(newest[:MOST_OFFERED]))


def mergeable_cases(case: Case, by: User) -> CaseQuerySet:
    """Return the cases that the person may merge into `case`.

    Of the same customer on the same brand account, as public or as direct as it is.
    """
    same = Case.objects.visible_to(by).filter(
        customer=case.customer_id, brand_account=case.brand_account_id, visibility=case.visibility
    )
    return same.exclude(pk=case.pk).exclude(close_reason__startswith=MERGED_PREFIX)


def split_case(
    case_id: int,
    by: User,
    message_ids: Collection[int],
    department: Department,
    *,
    version: int | None = None,
    now: dt.datetime,
) -> Case:
    """Move messages of the customer into a case of their own.

    Our answers to them go along. Return the new case, which `department` gets.
    """
    with change_case_as(case_id, by, "hand_over", now=now) as change:
        _require_changeable(change, version)
        case = change.case
        if department.pk != case.department_id and not department.is_open:
            raise Invalid(f"{department} takes no new cases. Choose another department.")
        moving = _choose_moving_messages(case, message_ids)
        change.accept_custody()
        opened = Change(_open_beside(change, moving, department), by, now)
        ids = [message.pk for message in moving]
        Message.objects.filter(pk__in=ids).update(case=opened.case)
        Reply.objects.filter(parent__in=ids).update(case=opened.case)
        recount_case(change)
        recount_case(opened)
        change.record(Verb.SPLIT, {"case": opened.case.pk, "messages": len(moving), "newer": True})
        opened.record(Verb.SPLIT, {"case": case.pk, "messages": len(moving)})
        opened.save()
    return opened.case


def _require_changeable(change: Change, version: int | None) -> None:
    """Require that a person may move messages of a case."""
    hand_overs.require_own_or_unassigned(change)
    change.require_version(version)
    require_open(change.case)
    _require_settled(change.case)


def _require_settled(case: Case) -> None:
    # One that waits for approval goes back to its author, as after every change of its case (`inbox.approvals`).
    if Reply.objects.filter(case=case, state__in=LIVE_STATES).exclude(state=ReplyState.PENDING).exists():
        raise Invalid("An answer is on its way. Wait until it is sent, or take it back first.")


def _choose_moving_messages(case: Case, message_ids: Collection[int]) -> list[Message]:
    """Return the chosen messages of the customer and our answers to them."""
    messages = list(Message.objects.filter(case=case).defer("raw", "search").order_by("network_time", "id"))
    inbound = [message for message in messages if message.direction == Direction.INBOUND]
    moving = [message for message in inbound if message.pk in message_ids]
    if not moving:
        raise Invalid("Choose the messages that are about something else.")
    if len(moving) == len(inbound):
        raise Invalid("One message has to stay. To move them all, hand the case over.")
    answered = {id_ for message in moving for id_ in (message.canonical_id, message.remote_id)}
    for message in messages:
        if message.direction == Direction.OUTBOUND and message.parent_remote_id in answered:
            moving.append(message)
            answered |= {message.canonical_id, message.remote_id}
    return moving


def _open_beside(change: Change, moving: list[Message], department: Department) -> Case:
    """Create the case for the moving messages.

    It is as old as the first of them is here.
    """
    case, first = change.case, moving[0]
    began = min(message.received_at for message in moving)
    stays = department.pk == case.department_id
    opened = Case.objects.create(
        customer_id=case.customer_id,
        identity_id=first.identity_id or case.identity_id,
        brand_account_id=case.brand_account_id,
        network=case.network,
        visibility=case.visibility,
        thread_id=first.thread_id,
        status=Status.OPEN if stays else Status.NEW,
        department=department,
        assignee=case.assignee if stays else None,
        priority=case.priority,
        historical=all(message.historical for message in moving),
        needs_answer=False,
        created_at=began,
        opened_at=first.network_time,
        activity_at=first.network_time,
        resolution_from=began,
    )
    _begin_custody(change, opened, began)
    return opened


def _begin_custody(change: Change, opened: Case, began: dt.datetime) -> None:
    """Store who has had a split case: the department of the old case until now, then its own."""
    case, department = change.case, opened.department
    stays = department.pk == case.department_id
    reason = f"Split from case {case.pk}"
    held = Custody(case=opened, department_id=case.department_id, sent_at=began, reason=reason)
    held.accepted_at, held.accepted_by = change.now, change.by
    held.left_at = None if stays else change.now
    held.save()
    if not stays:
        Custody.objects.create(
            case=opened,
            department=department,
            from_department_id=case.department_id,
            sent_at=change.now,
            sent_by=change.by,
            reason=reason,
        )


def merge_case(
    case_id: int, by: User, other_id: int, *, version: int | None = None, now: dt.datetime
) -> Case:
    """Move everything of the case `other_id` into this one.

    The other is closed. Return this one.
    """
    with transaction.atomic():
        locked = Case.objects.filter(pk__in=(case_id, other_id)).order_by("pk")
        list(locked.select_for_update(of=("self",), no_key=True))
        with change_case_as(case_id, by, "hand_over", now=now) as change:
            _require_changeable(change, version)
            other = mergeable_cases(change.case, by).filter(pk=other_id).first()
            if other is None:
                raise Invalid("Choose another case of this customer on the same account.")
            emptied = Change(other, by, now)
            hand_overs.require_own_or_unassigned(emptied)
            _require_settled(other)
            change.accept_custody()
            count = _move_everything(other, change.case)
            if other.unsent and not change.case.unsent:
                change.set(unsent=other.unsent, unsent_since=other.unsent_since)
            _close_emptied(emptied, change.case)
            change.set(
                priority=max(change.case.priority, other.priority),
                tags=list(dict.fromkeys([*change.case.tags, *other.tags])),
                historical=change.case.historical and other.historical,
            )
            recount_case(change)
            change.record(Verb.MERGED, {"case": other.pk, "messages": count})
            emptied.record(Verb.MERGED, {"case": case_id, "messages": count, "newer": True})
            emptied.save()
    return change.case


def _move_everything(other: Case, case: Case) -> int:
    """Move messages, answers, drafts and links to learning items. Return the number of messages."""
    Reply.objects.filter(case=other).update(case=case)
    links = LearningLink.objects.filter(case=other)
    links.exclude(item__in=LearningLink.objects.filter(case=case).values("item")).update(case=case)
    links.delete()
    own_drafts = {draft.user_id: draft for draft in Draft.objects.filter(case=case)}
    for draft in Draft.objects.filter(case=other):
        if (own := own_drafts.get(draft.user_id)) is None:
            draft.case = case
            draft.save(update_fields=["case"])
        elif draft.text:
            own.text = f"{own.text}\n\n{draft.text}".strip()
            own.save(update_fields=["text"])
    return Message.objects.filter(case=other).update(case=case)


def _close_emptied(emptied: Change, case: Case) -> None:
    """Close a case whose messages went to `case`."""
    other = emptied.case
    emptied.end_custody()
    emptied.set(
        status=Status.DISMISSED,
        closed_at=other.closed_at or emptied.now,
        close_reason=f"{MERGED_PREFIX}{case.pk}",
        waiting_since=None,
        exchange_from=None,
        needs_answer=False,
        message_count=0,
        hint="",
        unsent="",
        unsent_since=None,
    )
