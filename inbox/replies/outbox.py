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

from django.conf import settings
from django.db.models import Min, Q, QuerySet
from django.utils import timezone

from accounts.access import viewer
from accounts.credentials.store import CredentialUnusable
from accounts.models import Health, Lifecycle
from inbox.connections import connect_renewed
from inbox.models import Reply, ReplyState, Visibility
from inbox.replies import outcomes, pauses
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
    SentMessage,
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

    Of one brand account, if given. Without those of an account that must be connected again, or whose sending pauses: they wait for that.
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
    sendable = due.exclude(brand_account__health=Health.REAUTHORISE)
    return sendable.exclude(brand_account__sending_paused_until__gt=now)


def _due_checks(now: dt.datetime) -> QuerySet[Reply]:
    return Reply.objects.filter(state=ReplyState.UNCONFIRMED, check_after__lte=now)


def expire_reply_leases(now: dt.datetime) -> int:
    """Mark answers whose worker died while sending as unconfirmed.

    Never as queued, because they may have been sent. Returns how many.
    """
    expired = Reply.objects.filter(state=ReplyState.SENDING, lease_until__lte=now)
    reason = "Sending was interrupted. The answer may or may not have been published."
    return sum(
        outcomes.record_reply_unconfirmed(reply_id, reason, now=now, lease=lease, code="interrupted")
        for reply_id, lease in expired.values_list("pk", "lease_token")[:_BATCH]
        if lease is not None
    )


def send_queued_reply(reply_id: int, *, clock: Clock = timezone.now) -> None:
    """Send a due answer once, unless another worker has claimed it."""
    now, lease = clock(), uuid.uuid4()
    reply = Reply.objects.select_related("parent", "author", "brand_account").filter(pk=reply_id).first()
    if reply is None or reply.brand_account.health == Health.REAUTHORISE:
        return
    if reply.state == ReplyState.QUEUED and (reason := _why_not_sendable(reply)):
        outcomes.record_reply_failed(reply_id, reason, now=now, code="not_allowed")
        return
    claimed = outcomes.claim_reply(reply_id, now=now, lease=lease, until=now + SEND_LEASE)
    if claimed is not None:
        _attempt_send(claimed, lease, clock)


def _why_not_sendable(reply: Reply) -> str:
    """Return why an answer may no longer be sent, or "".

    It was allowed when it was written.
    """
    author, brand_account = reply.author, reply.brand_account
    if not author.is_active:
        return f"Not sent: {author} no longer works here."
    if not viewer(author).may_publish_as(brand_account.pk):
        return f"Not sent: {author} may no longer answer as {brand_account.display_name}."
    if brand_account.lifecycle == Lifecycle.CLOSED:
        return f"Not sent: {brand_account.display_name} is no longer connected."
    if reply.parent.deleted_at is not None:
        return "Not sent: the customer's message was deleted."
    if (reply.parent.brand_account_id, reply.parent.case_id) != (reply.brand_account_id, reply.case_id):
        return "Not sent: the message belongs to another account or case by now."
    return ""


def _attempt_send(reply: Reply, lease: uuid.UUID, clock: Clock) -> None:
    """Prepare the connector and post the answer.

    If a person asked for it to be sent again, first look for it on the network.
    """
    started = clock()
    try:
        connector = connect_renewed(reply.brand_account, now=started)
        published = _find_on_network(connector, reply) if reply.settled_by_id is not None else None
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
    if clock() - started > _READY_WITHIN:
        outcomes.requeue_reply(reply.pk, "", lease=lease, send_after=clock())
        return
    _post_reply(connector, reply, lease, clock)


def _post_reply(connector: Connector, reply: Reply, lease: uuid.UUID, clock: Clock) -> None:
    """Post an answer to the network; no other function does.

    Call it outside any transaction.
    """
    send = connector.send_dm if reply.visibility == Visibility.DIRECT else connector.reply
    try:
        sent = send(reply.parent.reply_ref, OutgoingMessage(reply.text), str(reply.composer_id))
    except AmbiguousSend as error:
        _count_attempt(reply, error, clock())
        outcomes.record_reply_unconfirmed(reply.pk, str(error), now=clock(), lease=lease, code=error.code)
    except NetworkError as error:
        _requeue_or_fail(reply, error, lease, clock())
    except Exception as error:
        # The failure happened during the request, so the answer may have been published.
        logger.exception("Reply %s: sending failed in an unforeseen way", reply.pk)
        reason = "Something unforeseen happened while sending. The answer may or may not have been published."
        outcomes.record_reply_unconfirmed(
            reply.pk, reason, now=clock(), lease=lease, code=type(error).__name__
        )
    else:
        at = clock()
        outcomes.record_reply_sent(reply.pk, sent, now=at, sent_at=at, lease=lease)
        _count_attempt(reply, None, at)


def _count_attempt(reply: Reply, error: NetworkError | None, now: dt.datetime) -> None:
    pauses.record_send_attempt(reply.brand_account, error, started=reply.sending_since or now, now=now)


def _requeue_or_fail(reply: Reply, error: NetworkError, lease: uuid.UUID, now: dt.datetime) -> None:
    """Queue an unsent answer again, or mark it as failed.

    It was certainly not sent. It is queued again if waiting helps; otherwise its author sees that it failed.
    """
    _count_attempt(reply, error, now)
    words = str(error) or "The network gave no reason."
    if isinstance(error, Reauthorise):
        outcomes.record_brand_account_health(reply.brand_account_id, error, now=now)
        reason = f"Held until {reply.brand_account.display_name} is connected again. {words}"
        outcomes.requeue_reply(
            reply.pk, reason, lease=lease, send_after=now, code=error.code, attempts=reply.attempts - 1
        )
    elif isinstance(error, BudgetExhausted):
        outcomes.record_brand_account_health(reply.brand_account_id, error, now=now)
        until = error.until or now + _BUDGET_RETRY
        outcomes.requeue_reply(
            reply.pk, words, lease=lease, send_after=until, code=error.code, attempts=reply.attempts - 1
        )
    elif isinstance(error, RetryLater) and reply.attempts < MAX_ATTEMPTS:
        wait = min(_FIRST_RETRY * 2 ** (reply.attempts - 1), _LONGEST_RETRY)
        outcomes.requeue_reply(
            reply.pk, words, lease=lease, send_after=max(error.at or now, now + wait), code=error.code
        )
    elif isinstance(error, RetryLater):
        reason = f"Not published after {reply.attempts} attempts. {words}"
        outcomes.record_reply_failed(reply.pk, reason, now=now, code=error.code, lease=lease)
    else:
        if isinstance(error, MissingPermission):
            outcomes.record_brand_account_health(reply.brand_account_id, error, now=now)
        elif not isinstance(error, Rejected | Gone):
            logger.error("Reply %s: %s is none of the known refusals", reply.pk, type(error).__name__)
        outcomes.record_reply_failed(reply.pk, words, now=now, code=error.code, lease=lease)


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
        published = _find_on_network(connect_renewed(reply.brand_account, now=now), reply)
    except (NetworkError, CredentialUnusable) as error:
        if isinstance(error, NetworkError):
            pauses.record_failed_check(reply.brand_account, error, started=now, now=clock())
        if isinstance(error, Reauthorise):
            outcomes.record_brand_account_health(reply.brand_account_id, error, now=clock())
        outcomes.record_fruitless_look(reply_id, now=clock(), failure=f"It could not be looked for. {error}")
    except Exception:
        logger.exception("Reply %s: looking failed in an unforeseen way", reply_id)
        outcomes.record_fruitless_look(reply_id, now=clock(), failure="It could not be looked for.")
    else:
        if published is None:
            outcomes.record_fruitless_look(reply_id, now=clock())
        else:
            outcomes.record_reply_sent(reply_id, published, now=clock(), sent_at=reply.sending_since or now)


def _find_on_network(connector: Connector, reply: Reply) -> SentMessage | None:
    """Find the answer on the network; None if it is not there.

    A message whose id belongs to another answer of ours is ignored.
    """
    published = connector.find_own_message(
        reply.parent.reply_ref,
        reply.text,
        reply.created_at,
        "direct" if reply.visibility == "direct" else "public",
    )
    if published is None:
        return None
    others = Reply.objects.filter(brand_account=reply.brand_account, remote_id=published.remote_id)
    return None if others.exclude(pk=reply.pk).exists() else published
