"""Verbs about answers: queue one, cancel it, and settle one whose publication is uncertain.

Sending is in `inbox.replies.outbox`. All verbs raise `Case.DoesNotExist` (or `Reply.DoesNotExist`) for an absent
object and also for one that the person may not read, and `NotAllowed`, `Invalid` or `Conflict` with a sentence for the
person.

Rows are locked in the order reply, case, message, as in ingest, which adopts echoes.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection
from typing import Any, Literal

from django.conf import settings
from django.db import IntegrityError, transaction

from accounts.models import User
from inbox.approval_rules.asking import ask_for_approval, mark_for_approval, require_no_approval
from inbox.approval_rules.requests import close_request
from inbox.changes.change import Change, change_case, change_case_as, require_permission
from inbox.changes.refusals import (
    Conflict,
    Invalid,
    NotAllowed,
    NothingKept,
)
from inbox.models import ApprovalState, Case, Message, Reply, ReplyState, Verb
from inbox.replies import drafts, unsent
from inbox.replies.answer_checks import check_and_sign
from inbox.replies.canned_uses import used_in_text
from inbox.replies.composer import why_cannot_answer_as, why_cannot_answer_message
from inbox.replies.freshness import require_nobody_answers, require_nothing_new
from inbox.replies.look_ups import parse_remote_id
from inbox.replies.outcomes import record_reply_sent
from inbox.replies.planned import require_possible_time
from inbox.replies.readable import get_readable_reply
from inbox.text import clean_text
from networks.base import SentMessage

Settlement = Literal["sent", "again", "give_up"]


def queue_reply(
    case_id: int,
    by: User,
    parent_message_id: int,
    text: str,
    composer_id: uuid.UUID,
    seen_version: int,
    *,
    now: dt.datetime,
    visibility: str | None = None,
    canned_ids: Collection[int] = (),
    planned_at: dt.datetime | None = None,
    asks_approval: bool = False,
) -> Reply:
    """Put an answer into the outbox.

    It is sent `settings.UNDO_SECONDS` after `now`, or at `planned_at`; first it is pending if it needs approval or `asks_approval`. The signature is added, and the brand account is the message's. The same `composer_id` again returns the first answer. `parent_message_id` is 0 if there is nothing to answer. `visibility` is compared with the message's unless None. `canned_ids` are the canned answers that were put into it. Raises
    `Conflict` if the customer has written since `seen_version`, or somebody has answered or is answering. If it is
    refused, the text is stored as the person's draft, unless nothing more is stored in the case.
    """
    text = clean_text(text)[0].strip()
    try:
        return _queue_reply(
            case_id,
            by,
            parent_message_id,
            text,
            composer_id,
            seen_version,
            now,
            visibility,
            canned_ids,
            planned_at=planned_at,
            asks_approval=asks_approval,
        )
    except NothingKept:
        raise
    except (Conflict, Invalid, NotAllowed):
        drafts.keep_refused_text(case_id, by.pk, text, now)
        raise


def queue_prepared_reply(
    case_id: int,
    by: User,
    parent_message_id: int,
    text: str,
    composer_id: uuid.UUID,
    seen_version: int,
    *,
    now: dt.datetime,
    approved_by: User | None = None,
) -> Reply:
    """Put an answer into the outbox that was written for many customers.

    As `queue_reply`, but nobody's draft is touched, and it leaves only while its case stays as it is. `approved_by` has
    approved its text; that counts if they may approve in its case.
    """
    return _queue_reply(
        case_id, by, parent_message_id, text, composer_id, seen_version, now, None, prepared=True, approved_by=approved_by
    )  # fmt: skip


def _queue_reply(
    case_id: int, by: User, parent_message_id: int, text: str, composer_id: uuid.UUID, seen_version: int, now: dt.datetime,
    visibility: str | None, canned_ids: Collection[int] = (), *, prepared: bool = False, planned_at: dt.datetime | None = None,
    asks_approval: bool = False, approved_by: User | None = None,
) -> Reply:  # fmt: skip
    with change_case_as(case_id, by, "publish", now=now) as change:
        case = change.case
        if (first := _find_first_submit(composer_id, case, by, text, now)) is not None:
            return first
        parent = _get_parent(case, parent_message_id, now)
        require_nobody_answers(case, parent, by)
        require_nothing_new(case, seen_version, by)
        _require_answerable(case, parent, by, visibility, now)
        if planned_at is not None:
            require_possible_time(case, planned_at, now)
        reply = Reply(
            case=case,
            parent=parent,
            brand_account=parent.brand_account,
            author=by,
            composer_id=composer_id,
            text=check_and_sign(text, parent, by),
            canned_answer_ids=used_in_text(canned_ids, text, by),
            visibility=parent.visibility,
            created_at=now,
            send_after=planned_at or now + dt.timedelta(seconds=settings.UNDO_SECONDS),
            planned_at=planned_at,
            prepared=prepared,
        )
        reasons = mark_for_approval(reply, asks_approval=asks_approval, approved_by=approved_by)
        _insert_reply(reply, change, reasons)
    return reply


def _require_answerable(
    case: Case, parent: Message, by: User, visibility: str | None, now: dt.datetime
) -> None:
    if reason := why_cannot_answer_as(by, parent.brand_account, now):
        raise NotAllowed(reason)
    if reason := why_cannot_answer_message(case, parent, now=now):
        raise Invalid(reason)
    if visibility not in (None, parent.visibility):
        raise Invalid(f"This {parent.visibility} message can only be answered where it was written.")


def _get_parent(case: Case, message_id: int, now: dt.datetime) -> Message:
    """Return the message that is answered. Raises `Invalid`."""
    messages = Message.objects.filter(pk=message_id, case=case).select_related("brand_account")
    if (parent := messages.first()) is not None:
        return parent
    if not message_id:
        raise Invalid(f"{why_cannot_answer_message(case, None, now=now)} Nothing was sent.")
    raise Invalid("That message is not part of this case. Open the case again.")


def _insert_reply(reply: Reply, change: Change, reasons: list[str]) -> None:
    try:
        with transaction.atomic():
            reply.save(force_insert=True)
    except IntegrityError as error:
        raise Conflict(reply.case, "Somebody is answering this message at this moment.") from error
    change.accept_custody()
    if reasons:
        ask_for_approval(change, reply, reasons)
    if reply.state == ReplyState.PENDING:
        pass
    elif reply.planned_at is not None:
        change.record(Verb.REPLY_PLANNED, {"reply": reply.pk, "at": reply.planned_at.isoformat()})
    else:
        change.record(Verb.REPLY_QUEUED, {"reply": reply.pk})
    if not reply.prepared:
        drafts.save_draft_unchecked(reply.case_id, reply.author_id, "", change.now)
    unsent.clear_mark_if_settled(change)


def _find_first_submit(
    composer_id: uuid.UUID, case: Case, by: User, text: str, now: dt.datetime
) -> Reply | None:
    reply = Reply.objects.filter(composer_id=composer_id).first()
    if reply is not None and (reply.case_id, reply.author_id) != (case.pk, by.pk):
        raise Invalid("This form belongs to another case. Open the case again.")
    if reply is not None and not reply.prepared:
        drafts.settle_draft_of_queued(reply, text, now)
    return reply


def cancel_reply(reply_id: int, by: User, *, now: dt.datetime) -> Reply:
    """Cancel an answer before it is sent, and restore its author's draft.

    Allowed for its author and for everybody who may settle answers. Cancelling it again changes nothing. Raises
    `Conflict` if it has already been sent.
    """
    with transaction.atomic():
        # Its author may cancel it even if the case has been handed over in the meantime.
        own = Reply.objects.select_related("author").filter(pk=reply_id, author=by).first()
        reply = own or get_readable_reply(reply_id, by)
        if own is None:
            require_permission(by, "settle_reply")
        if reply.state == ReplyState.CANCELLED:
            return reply
        taken_back = (ReplyState.QUEUED, ReplyState.PENDING) if own is not None else (ReplyState.QUEUED,)
        queued = Reply.objects.filter(
            pk=reply.pk, state__in=taken_back, outcome_unknown=reply.outcome_unknown
        )
        if not queued.update(**_taken_back_values(reply), settled_by=by):
            reply.refresh_from_db()
            if reply.state == ReplyState.CANCELLED:
                return reply
            if reply.state == ReplyState.PENDING:
                raise NotAllowed(
                    "Only its author withdraws an answer that waits for approval. You can decline it."
                )
            raise Conflict(reply.case, "Sending has already begun.", "Too late to take it back")
        withdrawn = close_request(reply.pk, ApprovalState.WITHDRAWN, now, by=by)
        with change_case(reply.case_id, now=now, by=by) as change:
            if not (reply.outcome_unknown or reply.prepared):
                drafts.restore_draft(reply, now)
            change.record(Verb.APPROVAL_WITHDRAWN if withdrawn else Verb.REPLY_CANCELLED, {"reply": reply.pk})
            unsent.refresh_mark(change)
    reply.refresh_from_db()
    return reply


def _taken_back_values(reply: Reply) -> dict[str, Any]:
    """Return what an answer becomes that is taken back.

    One that an earlier attempt may have published is not gone with that: a person still has to look for it.
    """
    if reply.outcome_unknown:
        return {"state": ReplyState.UNCONFIRMED, "needs_person": True, "check_after": None}
    return {"state": ReplyState.CANCELLED}


def settle_reply(
    reply_id: int, by: User, decision: Settlement, *, now: dt.datetime, remote_id: str = ""
) -> Reply:
    """Store a person's decision about an answer that was never found.

    "sent": it was published; `remote_id` is its id or address on the network, and without it the answer is looked for
    once more. "again": it was not published, so send it again, after one more check on the network. "give_up": do not
    send it; the text goes back into the draft. Raises `Conflict` if it is already settled, `NotAllowed` without the
    right.
    """
    with transaction.atomic():
        reply = get_readable_reply(reply_id, by)
        require_permission(by, "settle_reply")
        undecided = Reply.objects.filter(pk=reply.pk, state=ReplyState.UNCONFIRMED, needs_person=True)
        if not undecided.update(settled_by=by):
            reply.refresh_from_db()
            raise Conflict(
                reply.case, f"This answer is already settled: {reply.get_state_display().lower()}."
            )
        if decision == "again":
            require_no_approval(reply)
        if decision == "sent" and remote_id.strip():
            sent = SentMessage(parse_remote_id(remote_id, reply))
            record_reply_sent(reply.pk, sent, now=now, sent_at=reply.sending_since or now)
        else:
            _apply_settlement(reply, decision, now)
        with change_case(reply.case_id, now=now, by=by) as change:
            change.record(Verb.REPLY_SETTLED, {"reply": reply.pk, "decision": decision})
            unsent.refresh_mark(change)
    reply.refresh_from_db()
    return reply


def _apply_settlement(reply: Reply, decision: Settlement, now: dt.datetime) -> None:
    row = Reply.objects.filter(pk=reply.pk)
    if decision == "sent":
        row.update(check_after=now)
    elif decision == "again":
        row.update(
            state=ReplyState.QUEUED, send_after=now, needs_person=False, check_after=None, lease_token=None,
            attempts=0, error="", error_detail="", error_code="", queued_at=now,
        )  # fmt: skip
    else:
        row.update(
            state=ReplyState.FAILED, needs_person=False, check_after=None, lease_token=None,
            error="Given up: nobody knows whether it was published.", error_code=unsent.GIVEN_UP,
        )  # fmt: skip
        drafts.restore_draft(reply, now)
