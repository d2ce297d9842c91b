"""Answers that wait for approval and no longer fit: they go back to their authors with the reason."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from accounts.models import Lifecycle
from inbox.approval_rules.requests import close_request
from inbox.changes.change import change_case
from inbox.live.publish import publish_notices_on_commit
from inbox.models import (
    ApprovalState,
    CaseEvent,
    Direction,
    Message,
    Notice,
    NoticedCase,
    NoticeKind,
    Reply,
    ReplyState,
    Verb,
    Visibility,
)
from inbox.notices.notify import notify_users
from inbox.replies import drafts, sendable, unsent

BATCH_SIZE = 200
#: Notices that one run reads.
_MOST_READ = 500


def give_back_overtaken_answers(now: dt.datetime) -> int:
    """Give the texts of overtaken answers back to their authors; return how many."""
    since = OuterRef("created_at")
    written = Message.objects.filter(case=OuterRef("case"), received_at__gt=since)
    moved = CaseEvent.objects.filter(case=OuterRef("case"), at__gt=since)
    moved = moved.filter(verb__in=[Verb.HANDED_OVER, Verb.ROUTED, Verb.MERGED, Verb.SPLIT])
    touched = Reply.objects.filter(state=ReplyState.PENDING).filter(
        Q(case__closed_at__isnull=False)
        | Q(visibility=Visibility.DIRECT)
        | Q(brand_account__lifecycle=Lifecycle.CLOSED)
        | Q(brand_account__answers_until__lte=now)
        | Q(brand_account__answers_until__isnull=True)
        | Q(parent__deleted_at__isnull=False)
        | Q(author__is_active=False)
        | Exists(written.filter(Q(direction=Direction.INBOUND) | ~Q(user=OuterRef("author"))))
        | Exists(moved)
    )
    rows = touched.select_related("parent", "author", "brand_account", "case").order_by("pk")
    count = 0
    for reply in rows[:BATCH_SIZE]:
        if (objection := sendable.find_overtaking(reply, now)) is not None:
            count += give_back(reply, objection.reason, now)
    return count


def read_settled_notices(now: dt.datetime) -> int:
    """Mark notices as read once none of their answers waits.

    Return how many.
    """
    waiting = Reply.objects.filter(state=ReplyState.PENDING, case=OuterRef("case"))
    still = NoticedCase.objects.filter(Exists(waiting), notice=OuterRef("pk"))
    unread = Notice.objects.filter(kind=NoticeKind.TO_APPROVE, read_at__isnull=True).exclude(Exists(still))
    rows = list(unread.order_by("pk").values_list("pk", "user_id")[:_MOST_READ])
    if not rows:
        return 0
    count = Notice.objects.filter(pk__in=[pk for pk, _ in rows], read_at__isnull=True).update(read_at=now)
    publish_notices_on_commit({user_id for _, user_id in rows})
    return count


@transaction.atomic
def give_back(reply: Reply, reason: str, now: dt.datetime) -> bool:
    """Give the text of a waiting answer back to its author.

    False, with nothing changed, when it does not wait any more.
    """
    pending = Reply.objects.filter(pk=reply.pk, state=ReplyState.PENDING)
    if not pending.update(state=ReplyState.CANCELLED):
        return False
    close_request(reply.pk, ApprovalState.OVERTAKEN, now, words=reason)
    with change_case(reply.case_id, now=now) as change:
        where = ""
        if not reply.prepared:
            drafts.add_to_draft(reply.case_id, reply.author_id, reply.text, now)
            where = " Its text is in the answer box."
        change.record(Verb.APPROVAL_OVERTAKEN, {"reply": reply.pk, "reason": reason, "of": str(reply.author)})
        unsent.refresh_mark(change)
        to = change.case.identity.display_name
        text = f"Your answer to {to} was not approved and not sent. {reason}{where}"
        key = f"approval:{reply.pk}:overtaken"
        notify_users([reply.author_id], reply.case_id, NoticeKind.DECIDED, text, key=key, now=now)
    return True
