"""The effects of a failed poll on the stream and its brand account.

Other streams are touched only if the network's error concerns the whole account: a revoked token, an exhausted
allowance.

Lock order: the brand account first, then its streams, as everywhere (docs/decisions/0032-locks-from-the-account-down.md).
"""

from __future__ import annotations

import datetime as dt
import logging
import random
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F

from accounts.brand_accounts.health import health_from_error
from accounts.brand_accounts.stream_state import FAILING_AFTER
from accounts.models import BrandAccount, Health, Stream
from networks.base import BudgetExhausted, NetworkError, RetryLater
from postgres.retries import retry_when_database_busy

logger = logging.getLogger(__name__)

#: How long a missing permission, or an exhausted allowance without a reset date, waits for somebody to act.
_LONG_WAIT = dt.timedelta(hours=1)
_JITTER = 0.15

_RECOVER = """
UPDATE accounts_brandaccount b SET health = 'ok', health_detail = '', health_until = NULL, health_since = %(now)s
WHERE b.id = %(brand)s AND b.health NOT IN ('ok', 'reauthorise') AND NOT EXISTS (
  SELECT 1 FROM accounts_stream s WHERE s.brand_account_id = b.id AND s.enabled AND s.failures > 0)
"""
# The first interruption may be a restart of ours: the stream is polled again at once. One poll after the other that ends
# without a result is a failure like any other.
_RECORD_INTERRUPTED = """
UPDATE accounts_stream s
SET lease_token = NULL, lease_until = NULL, polling_since = NULL, failures = s.failures + 1, last_failed_at = %(now)s,
    last_error = %(error)s, last_error_kind = 'unwell',
    next_poll_at = CASE WHEN s.failures = 0 THEN %(now)s
      ELSE %(now)s + least(%(shortest)s * 2 ^ least(s.failures, 20), %(longest)s) * interval '1 second' END
WHERE s.id IN (
  SELECT id FROM accounts_stream WHERE polling_since IS NOT NULL AND lease_until <= %(now)s ORDER BY id FOR UPDATE SKIP LOCKED
)
"""


def record_interrupted_polls(now: dt.datetime) -> None:
    """Count polls whose worker died or was stopped as failures.

    Their leases are over. One statement; never waits.
    """
    parameters = {
        "now": now,
        "error": "The last poll ended without a result: its worker was stopped.",
        "shortest": settings.POLL_INTERVAL_MIN,
        "longest": settings.POLL_INTERVAL_MAX,
    }
    with connection.cursor() as cursor:
        cursor.execute(_RECORD_INTERRUPTED, parameters)


@retry_when_database_busy
@transaction.atomic
def record_poll_failure(
    stream: Stream, token: UUID, error: Exception, now: dt.datetime, *, started: dt.datetime
) -> None:
    """Store a poll's failure and give the lease back.

    Without the lease (another worker has it by now) only a revoked token is stored. The cursor stays: polling goes on there.
    `started` is when the poll read its credential: an error about a credential that has been replaced since no longer
    concerns the brand account.
    """
    failures = stream.failures + 1
    text = str(error).strip() or type(error).__name__
    health = health_from_error(error)[0] if isinstance(error, NetworkError) else Health.UNWELL
    # The lock comes before the stream's, even where the account stays as it is: streams often fail together.
    BrandAccount.objects.select_for_update(no_key=True).only("pk").get(pk=stream.brand_account_id)
    leased = Stream.objects.filter(pk=stream.pk, lease_token=token)
    lost = not leased.update(
        lease_token=None,
        lease_until=None,
        polling_since=None,
        failures=F("failures") + 1,
        last_error=text[:500],
        last_error_kind=health,
        last_failed_at=now,
        next_poll_at=retry_at(error, failures, now),
    )
    logger.warning("poll of stream %s failed (%s): %s", stream.pk, type(error).__name__, text[:200])
    if isinstance(error, NetworkError):
        _mark_brand_account(stream, error, failures, text, lost, now, started)


def retry_at(error: Exception, failures: int, now: dt.datetime) -> dt.datetime:
    """Return when to poll again after a failure.

    When the network says so, else after a time that doubles with each failure in a row (`failures`), up to the longest
    interval, ±15 %.
    """
    if isinstance(error, RetryLater) and error.at is not None:
        return max(error.at, now) + dt.timedelta(seconds=random.uniform(0, 1))
    health = health_from_error(error)[0] if isinstance(error, NetworkError) else Health.UNWELL
    if isinstance(error, BudgetExhausted) and error.until is not None:
        return max(error.until, now)
    if health in (Health.PERMISSION, Health.BUDGET):
        return now + _LONG_WAIT
    seconds = min(settings.POLL_INTERVAL_MIN * 2 ** min(failures - 1, 20), settings.POLL_INTERVAL_MAX)
    return now + dt.timedelta(seconds=seconds * random.uniform(1 - _JITTER, 1 + _JITTER))


def _mark_brand_account(
    stream: Stream,
    error: NetworkError,
    failures: int,
    text: str,
    lost: bool,
    now: dt.datetime,
    started: dt.datetime,
) -> None:
    health, until = health_from_error(error)
    # A revoked token is stored whichever worker has the lease; any other error only by the worker with the lease.
    if health != Health.REAUTHORISE and (lost or (health == Health.UNWELL and failures < FAILING_AFTER)):
        return
    brand = BrandAccount.objects.filter(pk=stream.brand_account_id).exclude(health=Health.REAUTHORISE)
    if health == Health.REAUTHORISE:
        brand = brand.exclude(credential__updated_at__gt=started)
    since = {} if stream.brand_account.health == health else {"health_since": now}
    brand.update(health=health, health_detail=text[:500], health_until=until, **since)
    if health == Health.BUDGET:
        Stream.objects.filter(brand_account=stream.brand_account_id).update(
            next_poll_at=until or now + _LONG_WAIT
        )


def mark_recovered(brand_account_id: int, now: dt.datetime) -> None:
    """Mark a brand account as healthy when none of its streams fails.

    One that has to be connected again stays marked so. One statement.
    """
    with connection.cursor() as cursor:
        cursor.execute(_RECOVER, {"brand": brand_account_id, "now": now})
