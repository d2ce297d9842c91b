"""The outbox: each answer is sent once, and pages show its true state.

queued → sending (committed before the request to the network) → sent, failed or unconfirmed. Only an answer that was
certainly not sent is queued again. An answer that may have been sent is looked for on the network; if the checks are
inconclusive, a person decides. Every function may run twice, or in two workers at the same time.
"""

from __future__ import annotations

import datetime as dt
import logging
import uuid
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db.models import Min, Q, QuerySet
from django.utils import timezone

from accounts.credentials.store import CredentialUnusable
from accounts.models import Health, Lifecycle
from inbox.connections import connect_renewed
from inbox.deletions import looking
from inbox.deletions.marking import mark_deleted
from inbox.models import Reply, ReplyState, Visibility
from inbox.replies import outcomes, pauses, planned, sendable
from inbox.replies.composer import is_late_answer
from inbox.replies.look_ups import find_after_refusal, find_on_network
from inbox.replies.refusal_words import describe_refusal
from networks.base import (
    AmbiguousSend,
    BudgetExhausted,
    Connector,
    Gone,
    MissingPermission,
    NetworkError,
    OutgoingMessage,
    Reauthorise,
    Rejected,
    RetryLater,
)

logger = logging.getLogger(__name__)
Clock = Callable[[], dt.datetime]

#: How long one attempt may take. Longer than the longest response that a connector waits for (65 s), so that nobody
#: decides about an answer that a slow worker is still sending.
SEND_LEASE = dt.timedelta(seconds=settings.OUTBOX_LEASE_SECONDS)
#: A worker that needed longer than this to prepare does not send.
_READY_WITHIN = SEND_LEASE / 4
#: How long one check for an answer may take before another worker may check as well.
_LOOK_LEASE = SEND_LEASE
#: Attempts that the network may postpone before the author is notified; 5 s, 10 s, 20 s … at most 15 min apart.
MAX_ATTEMPTS = 10
_FIRST_RETRY = dt.timedelta(seconds=5)
_LONGEST_RETRY = dt.timedelta(minutes=15)
_BUDGET_RETRY = dt.timedelta(hours=1)
_BATCH = 200
_UNCONFIRMED = "The network did not confirm it: it may or may not have been published."


def brand_accounts_with_due_replies(now: dt.datetime) -> list[int]:
    """Return the brand accounts with something to send or to check.

    The one that has waited longest comes first.
    """
    waiting: dict[int, dt.datetime] = {}
    for due, since in ((_due_replies(now), "send_after"), (_due_checks(now), "check_after")):
        oldest = due.order_by().values_list("brand_account_id").annotate(since=Min(since))
        for brand_account_id, at in oldest:
            waiting[brand_account_id] = min(at, waiting.get(brand_account_id, at))
    return sorted(waiting, key=lambda brand_account_id: waiting[brand_account_id])


def due_reply_ids(now: dt.datetime, brand_account_id: int | None = None) -> list[int]:
    """Return the ids of queued answers that are due, oldest first.

    Of one brand account, if given. Without those of an account whose sending pauses or that must be connected again:
    they wait for that, unless it was disconnected or they waited for too long.
    """
    due = _due_replies(now)
    if brand_account_id is not None:
        due = due.filter(brand_account=brand_account_id)
    return list(due.order_by("send_after", "pk").values_list("pk", flat=True)[:_BATCH])


def due_check_ids(now: dt.datetime, brand_account_id: int | None = None) -> list[int]:
    """Return the ids of unconfirmed answers that are due for a check."""
    due = _due_checks(now)
    if brand_account_id is not None:
        due = due.filter(brand_account=brand_account_id)
    return list(due.order_by("check_after", "pk").values_list("pk", flat=True)[:_BATCH])


def _due_replies(now: dt.datetime) -> QuerySet[Reply]:
    due = Reply.objects.filter(state=ReplyState.QUEUED, send_after__lte=now)
    due = due.annotate(due_since=sendable.DUE_SINCE)
    ready = due.filter(
        ~Q(brand_account__health=Health.REAUTHORISE)
        | Q(brand_account__lifecycle=Lifecycle.CLOSED)
        | sendable.held_too_long(now)
    )
    return ready.exclude(brand_account__sending_paused_until__gt=now)


def _due_checks(now: dt.datetime) -> QuerySet[Reply]:
    return Reply.objects.filter(state=ReplyState.UNCONFIRMED, check_after__lte=now)


def expire_reply_leases(now: dt.datetime) -> int:
    """Mark answers whose worker died while sending as unconfirmed.

    Never as queued, because they may have been sent. Returns how many.
    """
    expired = Reply.objects.filter(state=ReplyState.SENDING, lease_until__lte=now)
    reason = f"Sending was interrupted. {_UNCONFIRMED}"
    return sum(
        outcomes.record_reply_unconfirmed(reply_id, reason, now=now, lease=lease, code="interrupted")
        for reply_id, lease in expired.values_list("pk", "lease_token")[:_BATCH]
        if lease is not None
    )


def send_queued_reply(reply_id: int, *, clock: Clock = timezone.now) -> None:
    """Send a due answer once, unless another worker has claimed it."""
    now, lease = clock(), uuid.uuid4()
    reply = (
        Reply.objects.select_related("parent", "author", "brand_account", "case").filter(pk=reply_id).first()
    )
    if reply is None or reply.state != ReplyState.QUEUED or reply.send_after > now or _is_held(reply, now):
        return
    if (objection := sendable.find_objection(reply, now)) is not None:
        if objection.code not in planned.OVERTAKEN or not planned.take_back(reply, objection.reason, now):
            outcomes.record_reply_failed(reply_id, objection.reason, now=now, code=objection.code)
        return
    claimed = outcomes.claim_reply(reply_id, now=now, lease=lease, until=now + SEND_LEASE)
    if claimed is not None:
        _attempt_send(claimed, lease, clock)


def _is_held(reply: Reply, now: dt.datetime) -> bool:
    """Return whether an answer waits until its brand account is connected again."""
    brand_account = reply.brand_account
    held = brand_account.health == Health.REAUTHORISE and brand_account.lifecycle != Lifecycle.CLOSED
    return held and not sendable.is_held_too_long(reply, now)


def _attempt_send(reply: Reply, lease: uuid.UUID, clock: Clock) -> None:
    """Prepare the connector and post the answer.

    If an earlier attempt may have been published, first look for it on the network.
    """
    started = clock()
    try:
        connector = connect_renewed(reply.brand_account, now=started)
        published = find_on_network(connector, reply) if reply.outcome_unknown else None
    except CredentialUnusable as error:
        _requeue_or_fail(reply, Reauthorise(str(error), code="credential"), lease, clock())
        return
    except AmbiguousSend as error:
        _requeue_or_fail(reply, RetryLater(str(error), code=error.code), lease, clock())
        return
    except NetworkError as error:
        _requeue_or_fail(reply, error, lease, clock())
        return
    if published is not None:
        outcomes.record_reply_sent(reply.pk, published, now=clock(), sent_at=started, lease=lease)
        return
    if looking.is_gone_before_answering(connector, reply.parent, clock()):
        _requeue_or_fail(reply, Gone("", code="gone"), lease, clock())
        return
    if clock() - started > _READY_WITHIN:
        outcomes.requeue_reply(reply.pk, "", lease=lease, send_after=clock())
        return
    _post_reply(connector, reply, lease, clock)


def _post_reply(connector: Connector, reply: Reply, lease: uuid.UUID, clock: Clock) -> None:
    """Post an answer to the network; no other function does.

    Call it outside any transaction.
    """
    draft = OutgoingMessage(reply.text, is_late=is_late_answer(reply, clock()))
    send = connector.send_dm if reply.visibility == Visibility.DIRECT else connector.reply
    try:
        sent = send(reply.parent.reply_ref, draft, str(reply.composer_id))
    except AmbiguousSend as error:
        _count_attempt(reply, error, clock())
        outcomes.record_reply_unconfirmed(
            reply.pk, _UNCONFIRMED, now=clock(), lease=lease, code=error.code, detail=str(error)
        )
    except NetworkError as error:
        _look_after_refusal(connector, reply, error, lease, clock)
    except Exception as error:
        # The failure happened during the request, so the answer may have been published.
        logger.exception("Reply %s: sending failed in an unforeseen way", reply.pk)
        reason = f"Something unexpected happened while sending. {_UNCONFIRMED}"
        outcomes.record_reply_unconfirmed(
            reply.pk, reason, now=clock(), lease=lease, code=type(error).__name__
        )
    else:
        at = clock()
        outcomes.record_reply_sent(reply.pk, sent, now=at, sent_at=at, lease=lease)
        _count_attempt(reply, None, at)


def _look_after_refusal(
    connector: Connector, reply: Reply, error: NetworkError, lease: uuid.UUID, clock: Clock
) -> None:
    """Record a refusal, unless the answer stands on the network.

    Where the network calls it a duplicate and it cannot be looked for, nobody can say that it was not sent.
    """
    try:
        published = find_after_refusal(connector, reply, error)
    except NetworkError:
        account = reply.brand_account
        words, detail = describe_refusal(error, account.network_label, account.display_name, in_doubt=True)
        outcomes.record_reply_unconfirmed(
            reply.pk, words, now=clock(), lease=lease, code=error.refusal or error.code, detail=detail
        )
        return
    if published is None:
        _requeue_or_fail(reply, error, lease, clock())
        return
    at = clock()
    outcomes.record_reply_sent(reply.pk, published, now=at, sent_at=reply.sending_since or at, lease=lease)


def _count_attempt(reply: Reply, error: NetworkError | None, now: dt.datetime) -> None:
    pauses.record_send_attempt(reply.brand_account, error, started=reply.sending_since or now, now=now)


def _requeue_or_fail(reply: Reply, error: NetworkError, lease: uuid.UUID, now: dt.datetime) -> None:
    """Queue an unsent answer again, or mark it as failed.

    It was certainly not sent. It is queued again if waiting helps; otherwise its author sees that it failed.
    """
    _count_attempt(reply, error, now)
    brand_account, started = reply.brand_account, reply.sending_since or now
    words, detail = describe_refusal(
        error, brand_account.network_label, brand_account.display_name, in_doubt=reply.outcome_unknown
    )
    outcome: dict[str, Any] = {"lease": lease, "code": error.refusal or error.code, "detail": detail}
    if isinstance(error, Reauthorise | BudgetExhausted | MissingPermission):
        outcomes.record_brand_account_health(reply.brand_account_id, error, started=started, now=now)
    if isinstance(error, Reauthorise):
        outcomes.requeue_reply(reply.pk, words, send_after=now, attempts=reply.attempts - 1, **outcome)
    elif isinstance(error, BudgetExhausted):
        until = error.until or now + _BUDGET_RETRY
        outcomes.requeue_reply(reply.pk, words, send_after=until, attempts=reply.attempts - 1, **outcome)
    elif isinstance(error, RetryLater) and reply.attempts < MAX_ATTEMPTS:
        wait = min(_FIRST_RETRY * 2 ** (reply.attempts - 1), _LONGEST_RETRY)
        outcomes.requeue_reply(reply.pk, words, send_after=max(error.at or now, now + wait), **outcome)
    elif isinstance(error, RetryLater):
        reason = f"Tried {reply.attempts} times. {words}"
        outcomes.record_reply_failed(reply.pk, reason, now=now, **outcome)
    else:
        if not isinstance(error, Rejected | Gone | MissingPermission):
            logger.error("Reply %s: %s is none of the known refusals", reply.pk, type(error).__name__)
        outcomes.record_reply_failed(reply.pk, words, now=now, **outcome)
        if isinstance(error, Gone):
            mark_deleted([reply.parent_id], now)
        elif not isinstance(error, MissingPermission):
            looking.look_again_soon(reply.parent)


def look_for_reply(reply_id: int, *, clock: Clock = timezone.now) -> None:
    """Look on the network for an unconfirmed answer that is due.

    Does nothing if another worker is looking for it.
    """
    now = clock()
    due = Reply.objects.filter(Q(check_after__lte=now), pk=reply_id, state=ReplyState.UNCONFIRMED)
    if not due.update(check_after=now + _LOOK_LEASE):
        return
    reply = Reply.objects.select_related("parent", "brand_account").get(pk=reply_id)
    try:
        published = find_on_network(connect_renewed(reply.brand_account, now=now), reply)
    except (NetworkError, CredentialUnusable) as error:
        if isinstance(error, NetworkError):
            pauses.record_failed_check(reply.brand_account, error, started=now, now=clock())
        if isinstance(error, Reauthorise):
            outcomes.record_brand_account_health(reply.brand_account_id, error, started=now, now=clock())
        outcomes.record_fruitless_look(reply_id, now=clock(), failure=str(error))
    except Exception:
        logger.exception("Reply %s: looking failed in an unforeseen way", reply_id)
        outcomes.record_fruitless_look(reply_id, now=clock(), failure="Something unexpected happened.")
    else:
        if published is None:
            outcomes.record_fruitless_look(reply_id, now=clock())
        else:
            outcomes.record_reply_sent(reply_id, published, now=clock(), sent_at=reply.sending_since or now)
