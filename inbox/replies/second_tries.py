"""A failed answer that a person sends once more, as it is."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db import IntegrityError, transaction

from accounts.models import User
from inbox.approval_rules.asking import require_no_approval
from inbox.changes.change import change_case, require_permission
from inbox.changes.refusals import HAS_CHANGED, Conflict, Invalid, NotAllowed
from inbox.models import Reply, ReplyState, Verb
from inbox.replies import drafts, unsent
from inbox.replies.composer import why_cannot_answer_as, why_cannot_answer_message
from inbox.replies.readable import get_readable_reply
from networks.base import Refusal

#: Codes of refusals after which the same text would be refused again.
NEEDS_OTHER_WORDS = frozenset({Refusal.DUPLICATE, Refusal.TOO_LONG, Refusal.AUTOMATED})


def try_again(reply_id: int, by: User, *, now: dt.datetime) -> Reply:
    """Queue a failed answer once more, with the same text and author.

    Allowed for its author and for everybody who may settle answers. It leaves after `settings.UNDO_SECONDS`. The text
    that was put back into the author's draft is taken out of it, unless it was changed. Raises `Reply.DoesNotExist` for
    an answer of a case that the person may not read, `Conflict` when it or another answer is on its way, `NotAllowed`
    or `Invalid` when it could not be sent.
    """
    with transaction.atomic():
        reply = get_readable_reply(reply_id, by)
        require_permission(by, "publish" if reply.author_id == by.pk else "settle_reply")
        if reason := why_cannot_answer_as(reply.author, reply.brand_account, now):
            raise NotAllowed(reason)
        if reason := why_cannot_answer_message(reply.case, reply.parent, now=now):
            raise Invalid(reason)
        require_no_approval(reply)
        if not _queue_again(reply, by, now):
            raise Conflict(reply.case, "This answer has been sent again already.", HAS_CHANGED)
        with change_case(reply.case_id, now=now, by=by) as change:
            change.record(Verb.REPLY_QUEUED, {"reply": reply.pk, "again": True})
            drafts.withdraw_draft(reply.case_id, reply.author_id, reply.text)
            unsent.refresh_mark(change)
    reply.refresh_from_db()
    return reply


def _queue_again(reply: Reply, by: User, now: dt.datetime) -> bool:
    failed = Reply.objects.filter(pk=reply.pk, state=ReplyState.FAILED)
    try:
        with transaction.atomic():
            return bool(
                failed.update(
                    state=ReplyState.QUEUED,
                    queued_at=now,
                    planned_at=None,
                    send_after=now + dt.timedelta(seconds=settings.UNDO_SECONDS),
                    settled_by=by,
                    attempts=0,
                    error="",
                    error_detail="",
                    error_code="",
                )
            )
    except IntegrityError as error:
        raise Conflict(reply.case, "Another answer to this message is on its way.", HAS_CHANGED) from error
