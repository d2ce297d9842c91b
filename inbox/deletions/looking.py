"""Look whether the messages that wait for us still stand on their networks.

Often at first and ever less often, as many at once as the network takes in one request. A message is claimed by the
time of its look, a brand account by the time of its next one: a task that runs twice or never does no harm.
"""

from __future__ import annotations

import datetime as dt
import logging
from typing import Any

from django.db import connection
from django.utils import timezone

from accounts.credentials.store import CredentialUnusable
from accounts.models import BrandAccount, Health, Lifecycle
from inbox.connections import connect_renewed
from inbox.deletions.marking import mark_deleted
from inbox.models import Message, Visibility
from networks.base import BudgetExhausted, Connector, NetworkError, RetryLater
from networks.presence import KnownMessage, Presence

logger = logging.getLogger(__name__)

#: How long after it came in, and after each look, a message of the last hour is looked at. Older ones wait longer.
LOOK_AFTER = dt.timedelta(minutes=2)
#: Public messages that one look takes: what X looks up in one request. Direct ones need a request each there.
BATCH = 100
DIRECT_BATCH = 20
#: A message that was read or looked at this recently is not looked at before an answer leaves.
FRESH = dt.timedelta(seconds=60)
#: How long an account rests after a look that failed.
_REST = dt.timedelta(minutes=10)

_CLAIM_ACCOUNTS = """
UPDATE accounts_brandaccount b SET next_look_at = %(next)s
WHERE b.lifecycle <> %(closed)s AND b.health NOT IN (%(reauthorise)s, %(budget)s, %(limited)s)
  AND (b.next_look_at IS NULL OR b.next_look_at <= %(now)s)
  AND EXISTS (SELECT 1 FROM inbox_case c
              WHERE c.brand_account_id = b.id AND c.closed_at IS NULL AND c.waiting_since IS NOT NULL)
RETURNING b.id
"""
# The older a message is, the less often it is looked at. Materialised: as a subquery of the update it may run once for
# each row, and then lock and claim more than its limit.
_CLAIM_MESSAGES = """
WITH picked AS MATERIALIZED (
  SELECT w.id FROM inbox_case c JOIN inbox_message w ON w.case_id = c.id
  WHERE c.brand_account_id = %(brand)s AND c.closed_at IS NULL AND c.waiting_since IS NOT NULL
    AND c.visibility = %(visibility)s AND w.direction = 'in' AND w.deleted_at IS NULL AND w.network_time >= c.waiting_since
    AND coalesce(w.looked_at, w.received_at) <= %(now)s - %(shortest)s * CASE
      WHEN w.received_at > %(now)s - interval '1 hour' THEN 1
      WHEN w.received_at > %(now)s - interval '1 day' THEN 8
      WHEN w.received_at > %(now)s - interval '7 days' THEN 120
      ELSE 720 END
  ORDER BY coalesce(w.looked_at, w.received_at), w.id LIMIT %(limit)s FOR UPDATE OF w SKIP LOCKED
)
UPDATE inbox_message m SET looked_at = %(now)s FROM picked WHERE m.id = picked.id
RETURNING m.id
"""


def claim_due_accounts(now: dt.datetime) -> list[int]:
    """Claim the brand accounts that are due. Return their ids.

    One statement.
    """
    parameters: dict[str, Any] = {
        "now": now,
        "next": now + LOOK_AFTER / 4,
        "closed": Lifecycle.CLOSED,
        "reauthorise": Health.REAUTHORISE,
        "budget": Health.BUDGET,
        "limited": Health.LIMITED,
    }
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM_ACCOUNTS, parameters)
        return [brand_account_id for (brand_account_id,) in cursor.fetchall()]


def look_at_waiting_messages(brand_account_id: int, *, now: dt.datetime | None = None) -> int:
    """Look at the due messages of a brand account; mark those that are gone.

    Return how many. A failure of the network is logged: the messages are looked at again when they are due next.
    """
    now = now or timezone.now()
    brand_account = BrandAccount.objects.get(pk=brand_account_id)
    message_ids = [
        message_id
        for visibility, limit in ((Visibility.PUBLIC, BATCH), (Visibility.DIRECT, DIRECT_BATCH))
        for message_id in _claim_messages(brand_account_id, visibility, limit, now)
    ]
    if not message_ids:
        return 0
    messages = list(Message.objects.select_related("identity").filter(pk__in=message_ids))
    try:
        presence = find_gone(connect_renewed(brand_account, now=now), messages)
    except (NetworkError, CredentialUnusable) as error:
        logger.warning("looking at %s messages of %s failed: %s", len(messages), brand_account.handle, error)
        BrandAccount.objects.filter(pk=brand_account_id).update(next_look_at=_rest_until(error, now))
        return 0
    if presence.unreadable:
        logger.info("%s: %s messages cannot be read", brand_account.handle, len(presence.unreadable))
    return mark_deleted([message.pk for message in messages if message.remote_id in presence.gone], now)


def _claim_messages(brand_account_id: int, visibility: Visibility, limit: int, now: dt.datetime) -> list[int]:
    parameters: dict[str, Any] = {
        "now": now,
        "brand": brand_account_id,
        "shortest": LOOK_AFTER,
        "visibility": visibility,
        "limit": limit,
    }
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM_MESSAGES, parameters)
        return [message_id for (message_id,) in cursor.fetchall()]


def _rest_until(error: Exception, now: dt.datetime) -> dt.datetime:
    later = error.at if isinstance(error, RetryLater) else None
    later = error.until if isinstance(error, BudgetExhausted) else later
    return max(later or now, now + _REST)


def find_gone(connector: Connector, messages: list[Message]) -> Presence:
    """Ask a network which of these messages no longer stand there."""
    return connector.find_gone(
        [
            KnownMessage(
                remote_id=message.remote_id,
                parent_id=message.parent_remote_id,
                person_id=message.identity.remote_id if message.identity else "",
                created_at=message.network_time,
            )
            for message in messages
        ]
    )


def is_gone_before_answering(connector: Connector, message: Message, now: dt.datetime) -> bool:
    """Look at a message before its answer leaves. Return whether it is gone.

    One that is gone is marked. Nothing that the network refuses here keeps the answer back: the answer itself tells.
    """
    if (message.looked_at or message.received_at) > now - FRESH:
        return False
    # Also after a look that fails: an answer is not held up twice.
    Message.objects.filter(pk=message.pk).update(looked_at=now)
    try:
        presence = find_gone(connector, [message])
    except NetworkError as error:
        logger.info("message %s was not looked at before its answer: %s", message.pk, error)
        return False
    if message.remote_id not in presence.gone:
        return False
    mark_deleted([message.pk], now)
    return True


def look_again_soon(message: Message) -> None:
    """Let the next look take a message whose answer the network refused."""
    long_ago = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
    Message.objects.filter(pk=message.pk, deleted_at__isnull=True).update(looked_at=long_ago)
    BrandAccount.objects.filter(pk=message.brand_account_id).update(next_look_at=None)
