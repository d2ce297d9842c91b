"""Decide about answers that wait for approval: approve, ask for changes, decline.

All verbs raise `Reply.DoesNotExist` for an answer of a case that the person may not read, `NotAllowed` for somebody who may
not decide, and `Conflict` when it was decided before, or no longer fits. The row of the answer is changed first: of two
who decide at once, one wins. Rows are locked in the order reply, case.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import transaction

from accounts.models import User
from inbox.approval_rules.approvers import may_approve
from inbox.approval_rules.requests import close_request, count_for_ramp
from inbox.approvals.edits import describe_edit
from inbox.approvals.overtaking import give_back
from inbox.changes.change import Change, change_case, require_permission
from inbox.changes.refusals import (
    HAS_CHANGED,
    Conflict,
    NotAllowed,
    clean_required_text,
    name_or_somebody,
    require_kept,
)
from inbox.models import Approval, ApprovalState, NoticeKind, Reply, ReplyState, Verb
from inbox.notices.notify import notify_users
from inbox.replies import drafts, sendable, unsent
from inbox.replies.answer_checks import check_and_sign
from inbox.replies.freshness import require_nothing_new
from inbox.replies.readable import get_readable_reply
from inbox.text import clean_text
from wording.times import at_time_phrase

LONGEST_WORDS = 500


class _Overtaken(Exception):
    """The answer no longer fits its case; the text says why."""


def approve(
    reply_id: int, by: User, *, seen_version: int, now: dt.datetime, text: str | None = None
) -> Reply:
    """Approve an answer: it leaves after the time to undo it, or at its planned time.

    `text` replaces its text; the author's is kept beside it. `seen_version` is the version of the case that the person
    has read. One that no longer fits goes back to its author, and `Conflict` says so.
    """
    try:
        with transaction.atomic(), _pending(reply_id, by, now) as (reply, change):
            if (objection := sendable.find_overtaking(reply, now)) is not None:
                raise _Overtaken(objection.reason)
            require_nothing_new(change.case, seen_version, by)
            _release(reply, change, by, text)
    except _Overtaken as overtaken:
        reply = get_readable_reply(reply_id, by)
        give_back(reply, str(overtaken), now)
        sentence = f"{overtaken} The answer was not sent: it is back with {reply.author}."
        raise Conflict(reply.case, sentence, HAS_CHANGED) from overtaken
    reply.refresh_from_db()
    return reply


def _release(reply: Reply, change: Change, by: User, text: str | None) -> None:
    """Queue an approved answer; record, notify and count it."""
    now, asked_text = change.now, ""
    if text is not None:
        edited = check_and_sign(clean_text(text)[0].strip(), reply.parent, reply.author)
        if edited != reply.text:
            asked_text, reply.text = reply.text, edited
    undo = now + dt.timedelta(seconds=settings.UNDO_SECONDS)
    if reply.planned_at is not None and reply.planned_at <= undo:
        reply.planned_at = None
    reply.state, reply.approved_by, reply.queued_at = ReplyState.QUEUED, by, now
    reply.send_after = reply.planned_at or undo
    reply.save(update_fields=["text", "state", "approved_by", "queued_at", "send_after", "planned_at"])
    close_request(reply.pk, ApprovalState.APPROVED, now, by=by, asked_text=asked_text)
    count_for_ramp(reply.author_id)
    edit = describe_edit(asked_text, reply.text) if asked_text else ""
    more = {"text": edit} if edit else {}
    change.record(Verb.APPROVED, {"reply": reply.pk, "of": str(reply.author), "edited": bool(edit)} | more)
    changes = f" with changes: {edit}" if edit else ""
    _tell_author(reply, change, f"{by} approved your answer to {_customer(change)}{changes}.", "approved")


def take_approval_back(reply_id: int, by: User, *, now: dt.datetime) -> Reply:
    """Undo an approval of one's own while the answer has not left: it waits again, with its author's text.

    Raises `Conflict` once sending has begun, or when somebody took the answer back.
    """
    with transaction.atomic():
        reply = get_readable_reply(reply_id, by)
        request = Approval.objects.filter(reply=reply, decided_by=by).first()
        if request is None or reply.approved_by_id != by.pk:
            raise NotAllowed("Only whoever approved an answer takes that back.")
        asked_text = request.asked_text or reply.text
        queued = Reply.objects.filter(pk=reply_id, state=ReplyState.QUEUED, attempts=0, outcome_unknown=False)
        if not queued.update(state=ReplyState.PENDING, approved_by=None, queued_at=None, text=asked_text):
            raise Conflict(reply.case, "This answer is not on its way any more.", "Too late to take it back")
        Approval.objects.filter(pk=request.pk).update(
            state=ApprovalState.PENDING, decided_by=None, decided_at=None, asked_text=""
        )
        count_for_ramp(reply.author_id, -1)
        with change_case(reply.case_id, now=now, by=by) as change:
            change.record(Verb.APPROVAL_UNDONE, {"reply": reply.pk, "of": str(reply.author)})
            text = f"{by} took the approval of your answer to {_customer(change)} back: it waits again."
            _tell_author(reply, change, text, "undone")
    reply.refresh_from_db()
    return reply


def ask_for_changes(reply_id: int, by: User, words: str, *, now: dt.datetime) -> Reply:
    """Give an answer back to its author with what to change; its text becomes their draft."""
    return _return_to_author(
        reply_id, by, words, "Say what to change.", ApprovalState.CHANGES, Verb.CHANGES_ASKED, now
    )


def decline(reply_id: int, by: User, words: str, *, now: dt.datetime) -> Reply:
    """Decline an answer, with the reason. Its author keeps the text as a draft."""
    when_empty = "Say why it is not to be sent."
    return _return_to_author(
        reply_id, by, words, when_empty, ApprovalState.DECLINED, Verb.APPROVAL_DECLINED, now
    )


def _return_to_author(
    reply_id: int, by: User, words: str, when_empty: str, state: ApprovalState, verb: Verb, now: dt.datetime
) -> Reply:
    with transaction.atomic(), _pending(reply_id, by, now) as (reply, change):
        words = clean_required_text(words, LONGEST_WORDS, when_empty)
        reply.state = ReplyState.CANCELLED
        reply.save(update_fields=["state"])
        close_request(reply.pk, state, now, by=by, words=words)
        where = ""
        if not reply.prepared:
            drafts.add_to_draft(reply.case_id, reply.author_id, reply.text, now)
            where = " Its text is in the answer box."
        change.record(verb, {"reply": reply.pk, "of": str(reply.author), "text": words})
        unsent.refresh_mark(change)
        did = "asked for changes to" if state == ApprovalState.CHANGES else "declined"
        _tell_author(reply, change, f"{by} {did} your answer to {_customer(change)}: {words}{where}", state)
    return reply


@contextmanager
def _pending(reply_id: int, by: User, now: dt.datetime) -> Iterator[tuple[Reply, Change]]:
    """Lock a waiting answer, then its case, for who may decide."""
    reply = get_readable_reply(reply_id, by)
    require_permission(by, "approve")
    request = Approval.objects.select_related("decided_by").filter(reply=reply).first()
    if request is None:
        raise Conflict(reply.case, "This answer does not wait for approval.", HAS_CHANGED)
    if by.pk in (reply.author_id, request.text_by_id):
        raise NotAllowed("Somebody else has to approve what you wrote. Nothing was sent.")
    if not may_approve(by, reply, request.text_by_id):
        raise NotAllowed(
            "Only managers of its department, and people with that right there, approve answers."
        )
    state = Reply.objects.select_for_update(no_key=True).values_list("state", flat=True).get(pk=reply_id)
    if state != ReplyState.PENDING:
        raise Conflict(reply.case, _describe_decision(reply_id, by), "Decided already")
    with change_case(reply.case_id, now=now, by=by) as change:
        require_kept(change.case)
        reply.case = change.case
        yield reply, change


def _describe_decision(reply_id: int, by: User) -> str:
    """Return who decided about an answer, as a sentence."""
    request = Approval.objects.select_related("decided_by", "reply__author").get(reply=reply_id)
    at = at_time_phrase(request.decided_at) if request.decided_at else ""
    who = "You" if request.decided_by_id == by.pk else name_or_somebody(request.decided_by)
    sentences = {
        ApprovalState.APPROVED: f"{who} approved this answer {at}",
        ApprovalState.CHANGES: f"{who} asked for changes {at}: {request.words}",
        ApprovalState.DECLINED: f"{who} declined this answer {at}: {request.words}",
        ApprovalState.WITHDRAWN: f"{request.reply.author} withdrew this answer {at}",
        ApprovalState.OVERTAKEN: f"It went back to {request.reply.author} {at}: {request.words}",
    }
    sentence = sentences.get(ApprovalState(request.state), "This answer does not wait for approval")
    return sentence if sentence.endswith((".", "!", "?")) else f"{sentence}."


def _customer(change: Change) -> str:
    return change.case.identity.display_name


def _tell_author(reply: Reply, change: Change, text: str, what: str) -> None:
    key = f"approval:{reply.pk}:{what}:{change.case.version}"
    notify_users([reply.author_id], reply.case_id, NoticeKind.DECIDED, text, key=key, now=change.now)
