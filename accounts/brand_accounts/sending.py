"""A pause in sending, in words: the network let answers time out (see `inbox.replies.pauses`)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from accounts.models import BrandAccount, Lifecycle
from wording.times import DisplayTime, relative_time


@dataclass(frozen=True)
class SendingPause:
    """The reason for which no answer is sent at the moment, and when the next one is tried."""

    sentence: str
    next_attempt: DisplayTime


def sending_pause(brand_account: BrandAccount, now: dt.datetime) -> SendingPause | None:
    """Return the pause of a brand account, None when sending goes on."""
    until = brand_account.sending_paused_until
    if until is None or until <= now or brand_account.lifecycle == Lifecycle.CLOSED:
        return None
    return SendingPause(
        f"Sending pauses: {brand_account.network_label} did not respond to our last {brand_account.sending_timeouts} "
        "attempts. Answers wait here and are sent by themselves as soon as it responds again.",
        relative_time(until, now),
    )
