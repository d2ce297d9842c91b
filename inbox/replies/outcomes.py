"""Outcomes of answers: each may be recorded twice, late, or by two workers at once.

Every function is one transaction. A state changes only by a conditional UPDATE: `lease` identifies the attempt whose
outcome it is. An attempt that lost its lease can still record that the network accepted the answer, but nothing else.
"""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q

from accounts.brand_accounts.health import health_from_error, set_health
from accounts.credentials.renewal import credential_stored_at
from accounts.models import BrandAccount
from inbox.changes.change import Change, change_case
from inbox.changes.refusals import Invalid
from inbox.live.publish import publish_cases_on_commit
from inbox.models import Case, Direction, Message, Reply, ReplyState, Status, Verb
from inbox.replies import drafts, unsent
from inbox.replies.answerers import assign_to_author
from inbox.replies.canned_uses import count_uses
from networks.base import NetworkError, Reauthorise, SentMessage
from postgres.retries import retry_when_database_busy

#: Seconds between checks for an unconfirmed answer. With the lease they add up to less than five minutes; then a
#: person decides.
CHECK_DELAYS: tuple[float, ...] = settings.OUTBOX_CHECK_DELAYS
_NOT_FOUND, _NOT_LOOKED_FOR = "We checked and did not find it.", "We could not check whether it is there."


@retry_when_database_busy
@transaction.atomic
def record_reply_sent(
    reply_id: int,
    sent: SentMessage,
    *,
    now: dt.datetime,
    sent_at: dt.datetime,
    lease: uuid.UUID | None = None,
) -> bool:
    """Record that the answer was published as `sent.remote_id` at `sent_at`.

    Replaces any state recorded before, unless another attempt is in progress (its lease is not `lease`). Returns False
    if the answer was already recorded as sent. Raises `Invalid` if that id is a customer's message.
    """
    replaceable = Q(state__in=[ReplyState.UNCONFIRMED, ReplyState.QUEUED, ReplyState.FAILED])
    row = Reply.objects.filter(replaceable | Q(state=ReplyState.SENDING, lease_token=lease), pk=reply_id)
    stored = row.update(
        state=ReplyState.SENT, remote_id=sent.remote_id, permalink=sent.permalink, sent_at=sent_at, lease_until=None,
        check_after=None, needs_person=False, error="", error_detail="", error_code="",
    )  # fmt: skip
    if not stored:
        return False
    reply = Reply.objects.select_related("parent", "author", "brand_account").get(pk=reply_id)
    if reply.outcome_unknown:
        drafts.withdraw_draft(reply.case_id, reply.author_id, reply.text)
    with change_case(reply.case_id, now=now) as change:
        message, created = _get_or_create_outbound_message(reply, sent, sent_at)
        if created:
            change.set(message_count=change.case.message_count + 1)
        _apply_answer_to_case(change, sent_at)
        unsent.clear_mark_if_settled(change)
        uses = count_uses(reply, sent_at)
        change.record(Verb.ANSWERED, {"reply": reply.pk, "message": message.pk} | uses, actor=reply.author)
        assign_to_author(change, reply.author)
    return True


def _get_or_create_outbound_message(
    reply: Reply, sent: SentMessage, sent_at: dt.datetime
) -> tuple[Message, bool]:
    """Return our message, and whether it was created.

    If its echo arrived first, the message exists and gets its author. Raises `Invalid` if the id is that of a
    customer's message.
    """
    parent = reply.parent
    message, created = Message.objects.get_or_create(
        brand_account=reply.brand_account,
        canonical_id=sent.remote_id,
        defaults={
            "case_id": reply.case_id,
            "stream": parent.stream,
            "remote_id": sent.remote_id,
            "thread_id": parent.thread_id,
            "parent_remote_id": parent.remote_id,
            "direction": Direction.OUTBOUND,
            "visibility": reply.visibility,
            "user": reply.author,
            "text": reply.text,
            "network_time": sent_at,
            "received_at": sent_at,
            "permalink": sent.permalink,
            "can_reply": False,
            "needs_answer": False,
        },
    )
    if message.direction != Direction.OUTBOUND:
        raise Invalid("That is the id of a customer's message, not of our answer.")
    if message.user_id is None:
        Message.objects.filter(pk=message.pk, user__isnull=True).update(user=reply.author)
    return message, created


def _apply_answer_to_case(change: Change, sent_at: dt.datetime) -> None:
    """Apply an answer to its case.

    The case then waits for the customer, unless they wrote again after `sent_at`.
    """
    case = change.case
    previous = case.last_outbound_at
    if not case.historical:
        # Never before the case reached us: the network's clock may be slow.
        change.set(first_response_at=case.first_response_at or max(sent_at, case.created_at))
    change.set(last_outbound_at=max(previous, sent_at) if previous else sent_at)
    wrote_again = case.last_inbound_at is not None and case.last_inbound_at > sent_at
    if wrote_again or not case.is_open:
        return
    change.set(waiting_since=None, status=Status.WAITING)


@retry_when_database_busy
@transaction.atomic
def record_reply_failed(
    reply_id: int, reason: str, *, now: dt.datetime, code: str = "", detail: str = "",
    lease: uuid.UUID | None = None,
) -> bool:  # fmt: skip
    """Record that the answer was refused, and restore its draft.

    `detail` is what the network said. If an earlier attempt may have been published, the answer is unconfirmed again
    instead: the refusal says nothing about that attempt. With a `lease` it must be the one of the attempt; without one
    the answer must still be queued. Otherwise returns False and changes nothing.
    """
    row = _filter_attempt(reply_id, lease)
    why = {"error": reason[:500], "error_detail": detail[:500], "error_code": code[:60]}
    if row.filter(outcome_unknown=True).update(**_unconfirmed_values(now), **why):
        _record_unconfirmed(reply_id, reason, now)
        return True
    if not row.update(state=ReplyState.FAILED, lease_until=None, lease_token=None, **why):
        return False
    reply = Reply.objects.select_related("author").get(pk=reply_id)
    with change_case(reply.case_id, now=now) as change:
        drafts.restore_draft(reply, now)
        change.record(Verb.REPLY_FAILED, {"reply": reply.pk, "reason": reason[:300]}, actor=reply.author)
        unsent.mark_unsent(change, reply)
    return True


@retry_when_database_busy
@transaction.atomic
def record_reply_unconfirmed(
    reply_id: int, reason: str, *, now: dt.datetime, lease: uuid.UUID, code: str = "", detail: str = ""
) -> bool:
    """Record that the answer may or may not have been published.

    `detail` is what the network said. It will be looked for, and never sent again automatically. Returns False and
    changes nothing if the attempt has lost its `lease`.
    """
    row = Reply.objects.filter(pk=reply_id, state=ReplyState.SENDING, lease_token=lease)
    why = {"error": reason[:500], "error_detail": detail[:500], "error_code": code[:60]}
    if not row.update(**_unconfirmed_values(now), **why):
        return False
    _record_unconfirmed(reply_id, reason, now)
    return True


def _unconfirmed_values(now: dt.datetime) -> dict[str, Any]:
    first_look = now + dt.timedelta(seconds=CHECK_DELAYS[0])
    return {
        "state": ReplyState.UNCONFIRMED, "outcome_unknown": True, "lease_until": None, "checks": 0,
        "check_after": first_look, "needs_person": False,
    }  # fmt: skip


def _record_unconfirmed(reply_id: int, reason: str, now: dt.datetime) -> None:
    reply = Reply.objects.select_related("author").get(pk=reply_id)
    with change_case(reply.case_id, now=now) as change:
        change.record(Verb.REPLY_UNCONFIRMED, {"reply": reply.pk, "reason": reason[:300]}, actor=reply.author)


@retry_when_database_busy
@transaction.atomic
def requeue_reply(
    reply_id: int,
    reason: str,
    *,
    lease: uuid.UUID,
    send_after: dt.datetime,
    code: str = "",
    detail: str = "",
    attempts: int | None = None,
) -> bool:
    """Queue an answer that was certainly not sent, for `send_after`.

    `detail` is what the network said. `attempts` replaces the count unless None. Returns False if the attempt has lost its `lease`.
    """
    changes: dict[str, Any] = {} if attempts is None else {"attempts": attempts}
    row = _filter_attempt(reply_id, lease)
    updated = row.update(
        state=ReplyState.QUEUED, lease_until=None, lease_token=None, send_after=send_after, error=reason[:500],
        error_detail=detail[:500], error_code=code[:60], **changes,
    )  # fmt: skip
    if updated:
        publish_reply_state(reply_id)
    return bool(updated)


@retry_when_database_busy
@transaction.atomic
def record_fruitless_look(reply_id: int, *, now: dt.datetime, failure: str = "") -> None:
    """Record that a check did not find the answer.

    `failure` is a sentence about a check that itself failed. After the last check a person decides.
    """
    reply = (
        Reply.objects.select_for_update(of=("self",))
        .select_related("author")
        .filter(pk=reply_id, state=ReplyState.UNCONFIRMED)
        .first()
    )
    if reply is None:
        return
    reply.checks += 1
    if reply.checks < len(CHECK_DELAYS) and not reply.needs_person:
        reply.check_after = now + dt.timedelta(seconds=CHECK_DELAYS[reply.checks])
    else:
        reply.check_after, reply.needs_person = None, True
    if failure:
        reply.error = f"{_NOT_LOOKED_FOR} {failure}"[:500]
    elif reply.needs_person:
        before = (
            "" if reply.error.startswith(_NOT_LOOKED_FOR) else reply.error.removesuffix(_NOT_FOUND).strip()
        )
        reply.error = f"{before[:400]} {_NOT_FOUND}".strip()
    reply.save(update_fields=["checks", "check_after", "needs_person", "error"])
    if not reply.needs_person:
        publish_reply_state(reply_id)
        return
    with change_case(reply.case_id, now=now) as change:
        found_out = {"reply": reply.pk, "reason": reply.error[:300], "needs_person": True}
        change.record(Verb.REPLY_UNCONFIRMED, found_out, actor=reply.author)
        unsent.mark_unsent(change, reply)


def publish_reply_state(reply_id: int) -> None:
    """Publish an answer's new state to open pages.

    Its case has not changed.
    """
    case = Case.objects.filter(replies=reply_id).first()
    if case is not None:
        publish_cases_on_commit([Change(case, None, case.activity_at).as_case_change()])


@retry_when_database_busy
@transaction.atomic
def record_brand_account_health(
    brand_account_id: int, error: NetworkError, *, started: dt.datetime, now: dt.datetime
) -> None:
    """Store the health of the brand account after a network failure.

    A refused credential counts only if no other was stored since the attempt `started`.
    """
    brand_account = BrandAccount.objects.select_for_update(no_key=True).get(pk=brand_account_id)
    if isinstance(error, Reauthorise) and (credential_stored_at(brand_account) or started) > started:
        return
    health, until = health_from_error(error)
    set_health(brand_account, health, str(error), now=now, until=until)


def _filter_attempt(reply_id: int, lease: uuid.UUID | None) -> Any:
    if lease is None:
        return Reply.objects.filter(pk=reply_id, state=ReplyState.QUEUED)
    return Reply.objects.filter(pk=reply_id, state=ReplyState.SENDING, lease_token=lease)


def claim_reply(reply_id: int, *, now: dt.datetime, lease: uuid.UUID, until: dt.datetime) -> Reply | None:
    """Claim a due answer for one attempt.

    None if another worker has claimed it, or nobody has approved it though it needs that. Committed before the request to the network. The condition uses only columns
    of the answer: a claim that waited for another one's lock is checked against them again and fails.
    """
    due = Reply.objects.filter(pk=reply_id, state=ReplyState.QUEUED, send_after__lte=now)
    due = due.filter(Q(needs_approval=False) | Q(approved_by__isnull=False))
    if not due.update(
        state=ReplyState.SENDING,
        sending_since=now,
        lease_until=until,
        lease_token=lease,
        attempts=F("attempts") + 1,
    ):
        return None
    publish_reply_state(reply_id)
    return Reply.objects.select_related("parent", "author", "brand_account").get(pk=reply_id)
