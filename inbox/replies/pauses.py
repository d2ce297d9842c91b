"""Pauses in sending: an account whose network does not answer gets fewer and fewer attempts, until it answers.

Counted on the brand account, in Postgres: every worker obeys a pause, and a restart does not end it. It ends by itself:
when it is over, one answer is tried.
"""

from __future__ import annotations

import datetime as dt

from accounts.models import BrandAccount
from networks.base import NetworkError

#: Time-outs in a row after which sending pauses. A pause is twice as long as the one before.
TIMEOUTS_BEFORE_PAUSE = 2
FIRST_PAUSE = dt.timedelta(seconds=30)
LONGEST_PAUSE = dt.timedelta(minutes=10)
#: A network that fails at once keeps no worker waiting, so it needs no pause: its errors postpone each answer.
_TIMED_OUT_AFTER = dt.timedelta(seconds=4)
_SILENT_CODES = frozenset({"no_answer", "unreachable"})
_MOST_COUNTED = 1000


def is_timeout(error: NetworkError, *, started: dt.datetime, now: dt.datetime) -> bool:
    """Return whether the network kept us waiting and then gave no answer."""
    return error.code in _SILENT_CODES and now - started >= _TIMED_OUT_AFTER


def record_send_attempt(
    brand_account: BrandAccount, error: NetworkError | None, *, started: dt.datetime, now: dt.datetime
) -> None:
    """Count a time-out of sending; end the count and the pause when the network answered.

    `error` is None after success. A refusal is an answer, too.
    """
    if error is not None and is_timeout(error, started=started, now=now):
        _count_timeout(brand_account, now)
    elif brand_account.sending_timeouts:
        BrandAccount.objects.filter(pk=brand_account.pk).update(sending_timeouts=0, sending_paused_until=None)


def record_failed_check(
    brand_account: BrandAccount, error: NetworkError, *, started: dt.datetime, now: dt.datetime
) -> None:
    """Count a time-out while looking for an answer.

    A check that worked ends nothing: a network that can be read may still hang when we write.
    """
    if is_timeout(error, started=started, now=now):
        _count_timeout(brand_account, now)


def _count_timeout(brand_account: BrandAccount, now: dt.datetime) -> None:
    count = min(brand_account.sending_timeouts + 1, _MOST_COUNTED)
    paused_until = brand_account.sending_paused_until
    if count >= TIMEOUTS_BEFORE_PAUSE:
        doublings = min(count - TIMEOUTS_BEFORE_PAUSE, 10)
        paused_until = now + min(FIRST_PAUSE * 2**doublings, LONGEST_PAUSE)
    BrandAccount.objects.filter(pk=brand_account.pk).update(
        sending_timeouts=count, sending_paused_until=paused_until
    )
