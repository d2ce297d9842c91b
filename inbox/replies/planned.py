"""Answers that leave at a time that their author chose, unless something happens before.

The outbox sends them like any other, with its own guarantees; a planned answer only becomes due later. Whatever makes
it unfit (`sendable`) gives its text back to its author: at the next run, and in any case before it is sent. Rows are
locked in the order reply, case.
"""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import User
from inbox.approval_rules.asking import require_no_approval
from inbox.changes.change import change_case, require_permission
from inbox.changes.refusals import HAS_CHANGED, Conflict, Invalid, NotAllowed
from inbox.models import Case, CaseEvent, Direction, Message, NoticeKind, Reply, ReplyState, Verb
from inbox.notices.notify import notify_users
from inbox.replies import drafts, sendable, unsent
from inbox.replies.composer import reply_window_end, why_cannot_answer_as
from inbox.replies.readable import get_readable_reply
from wording.times import at_time_phrase, long_zoned_time

#: How far ahead an answer can be planned.
LONGEST_WAIT = dt.timedelta(days=60)
BATCH_SIZE = 200
#: Codes of objections after which the text goes back to its author, who writes anew; others are failures.
OVERTAKEN = frozenset({"moved_on", "out_of_sight", "approval"})


def require_possible_time(case: Case, at: dt.datetime, now: dt.datetime) -> None:
    """Check when an answer is to leave, else raise `Invalid`.

    One statement for a direct conversation on a network with a reply window, none otherwise.
    """
    if at <= now:
        raise Invalid("That time is past. Choose one that is still to come.")
    if at > now + LONGEST_WAIT:
        raise Invalid(f"Choose a time within {LONGEST_WAIT.days} days.")
    ends_at = reply_window_end(case)
    if ends_at is not None and at >= ends_at:
        raise Invalid(f"The network lets us answer only until {at_time_phrase(ends_at).removeprefix('at ')}.")


def plan_again(reply_id: int, by: User, at: dt.datetime | None, *, now: dt.datetime) -> Reply:
    """Let a planned answer leave at another time.

    None means at once, after the time to undo it.     Allowed for its author and for everybody who may settle answers. Raises `Reply.DoesNotExist` for an answer of a case
    that the person may not read, `Conflict` when it is no longer planned or the case has moved on since.
    """
    with transaction.atomic():
        reply = get_readable_reply(reply_id, by)
        require_permission(by, "publish" if reply.author_id == by.pk else "settle_reply")
        if reason := why_cannot_answer_as(reply.author, reply.brand_account, now):
            raise NotAllowed(reason)
        if at is not None:
            require_possible_time(reply.case, at, now)
        require_no_approval(reply)
        if (objection := sendable.find_objection(reply, now)) is not None:
            raise Conflict(reply.case, objection.reason, HAS_CHANGED)
        send_after = at or now + dt.timedelta(seconds=settings.UNDO_SECONDS)
        if not _planned(reply_id).update(planned_at=at, send_after=send_after, queued_at=now):
            raise Conflict(reply.case, "This answer is not planned any more.", HAS_CHANGED)
        with change_case(reply.case_id, now=now, by=by) as change:
            when = at.isoformat() if at is not None else ""
            change.record(Verb.REPLY_PLANNED, {"reply": reply.pk, "at": when, "again": True})
    reply.refresh_from_db()
    return reply


def take_back_overtaken_answers(now: dt.datetime) -> int:
    """Give the texts of overtaken answers back; return how many."""
    since = OuterRef("created_at")
    messages = Message.objects.filter(case=OuterRef("case"), received_at__gt=since)
    written = messages.filter(direction=Direction.INBOUND) | messages.exclude(user=OuterRef("author"))
    moved = CaseEvent.objects.filter(case=OuterRef("case"), at__gt=since)
    moved = moved.filter(verb__in=[Verb.HANDED_OVER, Verb.ROUTED])
    planned = Reply.objects.filter(state=ReplyState.QUEUED, planned_at__isnull=False, outcome_unknown=False)
    touched = planned.filter(Q(case__closed_at__isnull=False) | Exists(written) | Exists(moved))
    rows = touched.select_related("parent", "author", "brand_account", "case").order_by("pk")
    count = 0
    for reply in rows[:BATCH_SIZE]:
        objection = sendable.find_objection(reply, now)
        if objection is not None and objection.code in OVERTAKEN:
            count += take_back(reply, objection.reason, now)
    return count


@transaction.atomic
def take_back(reply: Reply, reason: str, now: dt.datetime) -> bool:
    """Give the text of a planned answer back to its author.

    False, with nothing changed, when it is no longer planned or may have been sent.
    """
    if not _planned(reply.pk).update(state=ReplyState.CANCELLED):
        return False
    with change_case(reply.case_id, now=now) as change:
        drafts.add_to_draft(reply.case_id, reply.author_id, reply.text, now)
        change.record(Verb.REPLY_CANCELLED, {"reply": reply.pk, "reason": reason})
        unsent.refresh_mark(change)
        planned_at = reply.planned_at or now
        words = f"Your answer for {long_zoned_time(planned_at)} was not sent. {reason} Its text is in the answer box."
        key = f"taken_back:{reply.pk}"
        notify_users([reply.author_id], reply.case_id, NoticeKind.TAKEN_BACK, words, key=key, now=now)
    return True


def _planned(reply_id: int) -> QuerySet[Reply]:
    return Reply.objects.filter(
        pk=reply_id, state=ReplyState.QUEUED, planned_at__isnull=False, outcome_unknown=False
    )
