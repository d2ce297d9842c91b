"""The result of “Check now”: everything of a brand account fetched at once, and the answer in words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import transaction

from accounts.brand_accounts.stream_state import limited_until, stream_names
from accounts.models import BrandAccount, Health, Lifecycle, Stream
from wording.times import clock_time

#: How long a page waits for the answer of a check, and how long it shows it.
_WAIT_FOR_ANSWER = dt.timedelta(minutes=2)
_ANSWER_SHOWN_FOR = dt.timedelta(minutes=15)


@transaction.atomic
def request_check(brand_account: BrandAccount, *, now: dt.datetime) -> None:
    """Make the check of the credential and every enabled stream due now.

    Our own waits end. A time that the network itself has set stands: asking earlier would be refused, and count
    against us. The poller and the check take what is due within seconds.
    """
    locked = BrandAccount.objects.select_for_update(no_key=True).get(pk=brand_account.pk)
    locked.check_due_at = locked.check_asked_at = now
    locked.save(update_fields=["check_due_at", "check_asked_at"])
    streams = locked.streams.filter(enabled=True).select_for_update(no_key=True)
    free = [stream.pk for stream in streams if limited_until(stream, locked, now) is None]
    locked.streams.filter(pk__in=free).update(next_poll_at=now)


def is_being_checked(brand_account: BrandAccount, streams: Sequence[Stream], now: dt.datetime) -> bool:
    """Return whether the answer of a check is still to come."""
    asked = brand_account.check_asked_at
    if brand_account.lifecycle == Lifecycle.CLOSED or asked is None or now - asked > _WAIT_FOR_ANSWER:
        return False
    return _credential_pending(brand_account) or any(_pending(brand_account, streams, asked, now))


def check_in_words(brand_account: BrandAccount, streams: Sequence[Stream], now: dt.datetime) -> str:
    """Return what came of the last check; "" when there was none of late."""
    asked = brand_account.check_asked_at
    if brand_account.lifecycle == Lifecycle.CLOSED or asked is None or now - asked > _ANSWER_SHOWN_FOR:
        return ""
    pending = _pending(brand_account, streams, asked, now)
    start = f"Checked at {clock_time(asked, now)}:"
    if _credential_pending(brand_account) or pending:
        if now - asked <= _WAIT_FOR_ANSWER:
            return "Being checked and fetched now."
        return f"{start} nothing has come of it yet. Ask the person who runs Horseshoe whether its workers are running."
    if brand_account.health == Health.REAUTHORISE:
        return f"{start} {brand_account.network_label} still does not accept our credential."
    enabled = [stream for stream in streams if stream.enabled]
    fetched = [stream for stream in enabled if stream.last_success_at and stream.last_success_at >= asked]
    limited = [stream for stream in enabled if limited_until(stream, brand_account, now)]
    failed = [stream for stream in enabled if stream not in fetched and stream not in limited]
    parts = [f"{stream_names(fetched)} fetched." if fetched else ""]
    if failed:
        parts.append(f"{stream_names(failed)} could not be fetched.")
    if limited:
        until = max(stream.next_poll_at for stream in limited)
        network = brand_account.network_label
        parts.append(
            f"{stream_names(limited)}: {network} has asked us to wait until {clock_time(until, now)}."
        )
    if not enabled:
        parts = ["the credential works, but every stream is paused."]
    return " ".join([start, *filter(None, parts)])


def _credential_pending(brand_account: BrandAccount) -> bool:
    due, asked = brand_account.check_due_at, brand_account.check_asked_at
    # A finished check is due again tomorrow, a claimed one in five minutes.
    return due is None or (asked is not None and due - asked < dt.timedelta(hours=1))


def _pending(
    brand_account: BrandAccount, streams: Sequence[Stream], asked: dt.datetime, now: dt.datetime
) -> list[Stream]:
    """Return the streams that the check has not fetched yet."""
    if brand_account.health == Health.REAUTHORISE:
        return []
    return [
        stream
        for stream in streams
        if stream.enabled
        and limited_until(stream, brand_account, now) is None
        and not any(at is not None and at >= asked for at in (stream.last_success_at, stream.last_failed_at))
    ]
