"""The state of one stream, derived from what was fetched: silent, failing, waiting, or working."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.dateparse import parse_datetime

from accounts.models import BrandAccount, Health, Lifecycle, Stream
from wording.times import clock_time

STREAM_LABELS = {
    "mentions": "Mentions",
    "comments": "Comments",
    "visitor_posts": "Visitor posts and tags",
    "direct": "Direct messages",
}
#: Failures in a row after which a stream is a trouble of its account.
FAILING_AFTER = 3
#: A stream that fails or is overdue is silent when its last success is this many of its intervals ago.
SILENT_AFTER_INTERVALS = 4
#: Not silent before this time: a limit of a network often lasts a quarter of an hour.
SILENT_AT_LEAST = dt.timedelta(minutes=20)
#: How late the poller may be before a stream counts as overdue.
_OVERDUE_AFTER = dt.timedelta(minutes=2)


def is_silent(stream: Stream, now: dt.datetime) -> bool:
    """Return whether a stream has been off schedule for long.

    It fails, waits or is overdue, and its last success is long ago.
    """
    on_time = stream.next_poll_at >= now - _OVERDUE_AFTER and waits_until(stream, now) is None
    if not stream.enabled or (on_time and not stream.failures):
        return False
    since = stream.last_success_at or stream.next_poll_at
    longest = max(SILENT_AT_LEAST, SILENT_AFTER_INTERVALS * dt.timedelta(seconds=stream.interval))
    return now - since > longest


def waits_until(stream: Stream, now: dt.datetime) -> dt.datetime | None:
    """Return until when a stream without failures waits.

    None while it is on schedule. Polling pauses when little of the network's allowance is left.
    """
    if stream.failures or stream.last_success_at is None or stream.next_poll_at <= now:
        return None
    usual = dt.timedelta(seconds=stream.interval * 1.5) + _OVERDUE_AFTER
    return stream.next_poll_at if stream.next_poll_at - stream.last_success_at > usual else None


def limited_until(stream: Stream, brand_account: BrandAccount, now: dt.datetime) -> dt.datetime | None:
    """Return the time that the network has set for a request.

    None without one. Asking earlier would be refused.
    """
    kind, end = stream.last_error_kind, brand_account.health_until
    if kind == Health.LIMITED or (kind == Health.BUDGET and end is not None and end > now):
        return stream.next_poll_at if stream.next_poll_at > now else None
    return None


def stream_state(stream: Stream, brand_account: BrandAccount, now: dt.datetime) -> tuple[str, str]:
    """Return a stream's state in words, and the tone of its chip."""
    if not stream.enabled:
        return "Paused", ""
    if brand_account.lifecycle == Lifecycle.CLOSED or brand_account.health == Health.REAUTHORISE:
        return "Stopped", "late"
    if is_silent(stream, now):
        return nothing_since(stream.last_success_at, now), "late"
    if stream.failures:
        times = "time" if stream.failures == 1 else "times"
        tone = "late" if stream.last_error_kind == Health.PERMISSION else "risk"
        return f"Failed {stream.failures} {times} in a row", tone
    if stream.last_error_kind:
        return "Not fetched again yet", "risk"
    if stream.last_success_at is None:
        return "Not fetched yet", ""
    if until := waits_until(stream, now):
        return f"Waits until {clock_time(until, now)}", "risk"
    return "Working", "ok"


@dataclass(frozen=True, slots=True)
class UnreadPart:
    """A part of a stream that the last complete round could not read, as `Stream.unread` keeps it.

    `what` is a noun phrase, `why` a sentence. `is_trouble`: something is missing until somebody acts.
    """

    what: str
    why: str
    is_trouble: bool
    since: dt.datetime | None


def unread_parts(streams: Sequence[Stream]) -> list[UnreadPart]:
    """Return the parts of these streams that could not be read."""
    return [
        UnreadPart(
            str(part.get("what", "")),
            str(part.get("why", "")),
            bool(part.get("is_trouble")),
            parse_datetime(str(part.get("since", ""))),
        )
        for stream in streams
        if stream.enabled
        for part in stream.unread
    ]


def health_of_streams(streams: Sequence[Stream]) -> tuple[Health, str]:
    """Return the health that failing streams mean, and the network's words.

    For an account whose credential was just accepted.
    """
    failing = [stream for stream in streams if stream.enabled and stream.failures]
    for health in (Health.PERMISSION, Health.BUDGET, Health.LIMITED):
        for stream in failing:
            if stream.last_error_kind == health:
                return health, stream.last_error
    for stream in failing:
        if stream.failures >= FAILING_AFTER and stream.last_error_kind != Health.REAUTHORISE:
            return Health.UNWELL, stream.last_error
    return Health.OK, ""


def unfetched_since(stream: Stream) -> dt.datetime:
    """Return since when a stream has not been fetched."""
    return stream.last_success_at or stream.last_failed_at or stream.next_poll_at


def nothing_since(last: dt.datetime | None, now: dt.datetime) -> str:
    """Return when something was last fetched, in words."""
    return f"Nothing fetched since {clock_time(last, now)}" if last else "Nothing fetched so far"


def stream_names(streams: Sequence[Stream]) -> str:
    """Return the names of streams for a sentence: "Mentions and comments"."""
    first, *others = [STREAM_LABELS.get(stream.kind, stream.kind) for stream in streams]
    *middle, last = [first, *(f"{name[0].lower()}{name[1:]}" for name in others)]
    return f"{', '.join(middle)} and {last}" if middle else last
