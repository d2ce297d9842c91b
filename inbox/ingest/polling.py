"""Polling the networks: which streams are due, and one stream page by page.

The schedule and the leases are rows of `accounts.Stream`. A task that never runs, runs twice or is killed only costs
time: only the worker with the lease stores, and an expired lease goes to another worker.
"""

from __future__ import annotations

import datetime as dt
import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID, uuid4

from django.conf import settings
from django.db import connection
from django.utils import timezone

from accounts.credentials.store import CredentialUnusable
from accounts.models import Health, Lifecycle, Stream
from inbox.connections import connect_renewed
from inbox.ingest import page, poll_failures
from inbox.ingest.page import PAGE_LEASE, LeaseLost, PageOutcome
from networks.base import Budget, Connector, NetworkError, PollResult, Reauthorise, StreamKind
from routing.refusals import RuleSetError

logger = logging.getLogger(__name__)

#: How long a task may wait in the queue before its stream is leased again.
QUEUE_LEASE = PAGE_LEASE / 3
#: One task polls this long at most; the rest is polled by the next one, so that no stream keeps a worker busy.
MAX_TASK_SECONDS = 30.0
PAGE_SIZE = 100
#: Share of a network's allowance that polling leaves for sending.
SENDING_RESERVE = 0.2
_JITTER = 0.15
_BACKOFF_FACTOR = 1.5
#: Streams of one brand account that are polled at the same time.
_STREAMS_AT_ONCE = 2

Clock = Callable[[], dt.datetime]

# A brand account takes at most a share of the poll workers, and one that fails takes one: if its network hangs, the
# others are polled by the rest. Its longest waiting streams go first. Materialised: as a subquery of the update it may run
# once for each row, and then lease more than its limit.
_LEASE_DUE = """
WITH due AS MATERIALIZED (
  SELECT d.id FROM accounts_stream d JOIN accounts_brandaccount b ON b.id = d.brand_account_id
  WHERE d.enabled AND (d.next_poll_at <= %(now)s OR %(all)s) AND (d.lease_until IS NULL OR d.lease_until <= %(now)s)
    AND b.lifecycle <> %(closed)s AND b.health <> %(reauthorise)s
    AND (%(stream)s::bigint IS NULL OR d.id = %(stream)s)
    AND (%(all)s OR (
      SELECT count(*) FROM accounts_stream o WHERE o.brand_account_id = d.brand_account_id AND o.id <> d.id AND o.enabled
        AND (o.lease_until > %(now)s OR (o.next_poll_at <= %(now)s AND (o.next_poll_at, o.id) < (d.next_poll_at, d.id)))
    ) < CASE WHEN EXISTS (
      SELECT FROM accounts_stream f WHERE f.brand_account_id = d.brand_account_id AND f.enabled AND f.failures > 0
    ) THEN 1 ELSE %(share)s END)
  ORDER BY d.next_poll_at, d.id LIMIT %(limit)s FOR UPDATE OF d SKIP LOCKED
)
UPDATE accounts_stream s SET lease_token = gen_random_uuid(), lease_until = %(until)s FROM due WHERE s.id = due.id
RETURNING s.id, s.lease_token
"""


@dataclass(slots=True)
class PollReport:
    """The result of one poll of a stream.

    `error` is "" after success; `unread` is what the network did not let us read; `wakes`: a department that assigns automatically has something new; `overflowed`:
    there was more than the network returns, so a gap is possible.
    """

    stream_id: int
    fetched: int = 0
    stored: int = 0
    duplicates: int = 0
    updated: int = 0
    echoes: int = 0
    quarantined: int = 0
    pages: int = 0
    has_more: bool = False
    error: str = ""
    wakes: bool = False
    overflowed: bool = False
    unread: str = ""

    def add_page(self, result: PollResult, outcome: PageOutcome) -> None:
        """Add one page."""
        self.pages += 1
        self.fetched += len(result.messages) + len(result.unreadable)
        self.has_more = result.has_more
        self.wakes = self.wakes or outcome.wakes
        self.overflowed = self.overflowed or result.overflowed
        for name in ("stored", "duplicates", "updated", "echoes", "quarantined"):
            setattr(self, name, getattr(self, name) + getattr(outcome, name))


def lease_due_streams(
    now: dt.datetime, limit: int = 50, *, stream_id: int | None = None, all_streams: bool = False
) -> list[tuple[int, UUID]]:
    """Lease up to `limit` streams that are due: (id, lease token). `all_streams` takes those that are not due, too,
    `stream_id` only that one.

    Brand accounts that are closed or have to be connected again are left alone. Two statements; never waits.
    """
    poll_failures.record_interrupted_polls(now)
    parameters: dict[str, Any] = {
        "now": now,
        "until": now + QUEUE_LEASE,
        "all": all_streams,
        "stream": stream_id,
        "closed": Lifecycle.CLOSED,
        "reauthorise": Health.REAUTHORISE,
        "limit": limit,
        "share": _STREAMS_AT_ONCE,
    }
    with connection.cursor() as cursor:
        cursor.execute(_LEASE_DUE, parameters)
        leased: list[tuple[int, UUID]] = cursor.fetchall()
    return leased


def poll_leased_stream(stream_id: int, token: str | UUID, *, clock: Clock = timezone.now) -> PollReport:
    """Fetch and store one stream page by page while its lease holds.

    `token` is the lease's. Failures of the network become the state of the stream and the brand account and are never raised.
    """
    report = PollReport(stream_id)
    token = UUID(str(token))
    started = clock()
    stream, token = _take_over_lease(stream_id, token, started)
    if stream is None:
        report.error = "Another worker polls this stream, or its account has to be connected again."
        return report
    try:
        _poll_pages(stream, token, connect_renewed(stream.brand_account, now=clock()), report, clock)
    except LeaseLost as lost:
        report.error = str(lost)
    except CredentialUnusable as error:
        report.error = str(error)
        poll_failures.record_poll_failure(stream, token, Reauthorise(str(error)), clock(), started=started)
    except (NetworkError, RuleSetError) as error:
        report.error = str(error) or type(error).__name__
        poll_failures.record_poll_failure(stream, token, error, clock(), started=started)
    except Exception as error:
        report.error = type(error).__name__
        poll_failures.record_poll_failure(stream, token, error, clock(), started=started)
        raise
    return report


def _take_over_lease(stream_id: int, token: UUID, now: dt.datetime) -> tuple[Stream | None, UUID]:
    """Extend a stream's lease under a new token; return the stream and the token.

    The new token makes the same task, run a second time, find the lease gone. A lease that is gone returns None and the old
    token.
    """
    leased = (
        Stream.objects.filter(pk=stream_id, lease_token=token, enabled=True)
        .exclude(brand_account__health=Health.REAUTHORISE)
        .exclude(brand_account__lifecycle=Lifecycle.CLOSED)
    )
    new_token = uuid4()
    if not leased.update(lease_until=now + PAGE_LEASE, lease_token=new_token, polling_since=now):
        return None, token
    return Stream.objects.select_related("brand_account").get(pk=stream_id), new_token


def _poll_pages(stream: Stream, token: UUID, connector: Connector, report: PollReport, clock: Clock) -> None:
    until = time.monotonic() + MAX_TASK_SECONDS
    while True:
        result = connector.poll(cast(StreamKind, stream.kind), stream.cursor, PAGE_SIZE)
        now = clock()
        outcome = page.store_page(stream, token, result, now)
        stream.cursor = dict(result.next_cursor)
        if result.unread:
            report.unread = "; ".join(part.what for part in result.unread if part.is_trouble)
        report.add_page(result, outcome)
        pause = polling_paused_until(result.budget, now)
        if not result.has_more or outcome.must_reconnect or pause is not None or time.monotonic() > until:
            break
    _release_lease(stream, token, report, pause, now)


def polling_paused_until(budget: Budget, now: dt.datetime) -> dt.datetime | None:
    """Return when polling may go on, None when it need not pause.

    It pauses when no more of the network's allowance is left than `SENDING_RESERVE`.
    """
    used = budget.used
    if used is None and budget.limit and budget.remaining is not None:
        used = 1 - budget.remaining / budget.limit
    if used is None or used < 1 - SENDING_RESERVE:
        return None
    longest = now + dt.timedelta(seconds=settings.POLL_INTERVAL_MAX)
    return max(budget.resets_at or longest, now)


def _release_lease(
    stream: Stream, token: UUID, report: PollReport, pause: dt.datetime | None, now: dt.datetime
) -> None:
    """Give the lease back and set when the stream is due again."""
    interval = next_interval(stream.interval, hit=bool(report.stored or report.updated))
    following = now + dt.timedelta(seconds=add_jitter(interval))
    if report.has_more:
        following = now
    had_failed = stream.failures > 0 or stream.brand_account.health != Health.OK
    Stream.objects.filter(pk=stream.pk, lease_token=token).update(
        interval=interval,
        next_poll_at=max(following, pause) if pause else following,
        lease_token=None,
        lease_until=None,
        polling_since=None,
        failures=0,
        last_error="",
        last_error_kind="",
        last_success_at=now,
    )
    if had_failed:
        poll_failures.mark_recovered(stream.brand_account_id, now)


def next_interval(interval: float, *, hit: bool) -> float:
    """Return the seconds until the next poll.

    The shortest interval after a hit, half as much again after an empty poll.
    """
    shortest: float = settings.POLL_INTERVAL_MIN
    longest: float = settings.POLL_INTERVAL_MAX
    return shortest if hit else max(shortest, min(interval * _BACKOFF_FACTOR, longest))


def add_jitter(seconds: float) -> float:
    """Return `seconds` ±15 %, which keeps streams from being due together."""
    return seconds * random.uniform(1 - _JITTER, 1 + _JITTER)
