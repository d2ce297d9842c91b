"""Brand accounts and streams as the pages show them: every word is made here, templates only print."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from accounts.brand_accounts.health import health_sentences
from accounts.models import BrandAccount, Health, Lifecycle, Stream
from accounts.roster.planning import OnPoint

STREAM_LABELS = {
    "mentions": "Mentions",
    "comments": "Comments",
    "visitor_posts": "Visitor posts and tags",
    "direct": "Direct messages",
}
_HEALTH_TONES = {Health.OK: "ok", Health.LIMITED: "risk", Health.BUDGET: "risk", Health.UNWELL: "risk"}
#: For how long the account says that a gap is possible, unless somebody acknowledges it; its stream says so for good.
GAP_SHOWN_FOR = dt.timedelta(days=7)
_UNITS = ((86400, "day", "days"), (3600, "h", "h"), (60, "min", "min"), (1, "s", "s"))


@dataclass(frozen=True)
class Moment:
    """A time as shown: relative words, and the exact time for `<time>`."""

    words: str
    at: dt.datetime


@dataclass(frozen=True)
class StreamRow:
    """One stream of a brand account in words."""

    stream: Stream
    kind: str
    state: str
    tone: str
    last_success: Moment | None
    next_poll: Moment | None
    budget: str
    #: When more was written than the network hands out; when and by whom that was acknowledged.
    gap: Moment | None = None
    gap_seen: Moment | None = None
    gap_seen_by: str = ""


@dataclass(frozen=True)
class BrandAccountRow:
    """One brand account in words."""

    brand_account: BrandAccount
    network: str
    health: str
    tone: str
    matter: str
    advice: str
    until: Moment | None
    promised: str
    verified: Moment | None
    checking: bool
    connected: bool
    #: Only connecting again helps.
    reconnect: bool
    streams: list[StreamRow]
    on_point: OnPoint = field(default_factory=OnPoint)
    may_settle_gap: bool = False


def brand_account_row(
    brand_account: BrandAccount,
    now: dt.datetime,
    on_point: OnPoint | None = None,
    *,
    may_settle_gap: bool = False,
) -> BrandAccountRow:
    """A brand account whose `streams` are prefetched, as its page shows it; `on_point` as `Roster.on_point` gives it.
    `may_settle_gap`: the reader may acknowledge a possible gap."""
    matter, advice = health_sentences(brand_account)
    health, tone = Health(brand_account.health).label, _HEALTH_TONES.get(Health(brand_account.health), "late")
    gaps = [
        one.overflowed_at for one in brand_account.streams.all() if one.has_open_gap and one.overflowed_at
    ]
    gap = max(gaps, default=None)
    well = brand_account.health == Health.OK and brand_account.lifecycle != Lifecycle.CLOSED
    if gap is not None and now - gap < GAP_SHOWN_FOR and well:
        health, tone = "Possible gap", "risk"
        matter = f"More was written than {brand_account.network_label} hands out at once ({duration_words(now - gap)} ago)."
        advice = "Look there at what came before: the oldest of it may be missing here. New messages come in."
    closed = brand_account.lifecycle == Lifecycle.CLOSED
    due = brand_account.check_due_at
    return BrandAccountRow(
        brand_account=brand_account,
        network=brand_account.network_label,
        health="Disconnected" if closed else health,
        tone="" if closed else tone,
        matter=matter,
        advice=advice,
        until=relative_moment(brand_account.health_until, now),
        promised=duration_words(brand_account.promised_response),
        verified=relative_moment(brand_account.verified_at, now),
        checking=not closed and due is not None and due <= now,
        connected=not closed,
        reconnect=closed or brand_account.health in (Health.REAUTHORISE, Health.PERMISSION),
        streams=[_stream_row(stream, brand_account, now) for stream in brand_account.streams.all()],
        on_point=on_point or OnPoint(),
        may_settle_gap=may_settle_gap,
    )


def _stream_row(stream: Stream, brand_account: BrandAccount, now: dt.datetime) -> StreamRow:
    stopped = brand_account.lifecycle == Lifecycle.CLOSED or brand_account.health == Health.REAUTHORISE
    if not stream.enabled:
        state, tone = "Paused", ""
    elif stopped:
        state, tone = "Stopped", "late"
    elif stream.failures:
        state, tone = (
            f"Failed {stream.failures} {'time' if stream.failures == 1 else 'times'} in a row",
            "risk",
        )
    elif stream.last_success_at is None:
        state, tone = "Not fetched yet", ""
    else:
        state, tone = "Working", "ok"
    fetching = stream.enabled and not stopped
    return StreamRow(
        stream=stream,
        kind=STREAM_LABELS.get(stream.kind, stream.kind),
        state=state,
        tone=tone,
        last_success=relative_moment(stream.last_success_at, now),
        next_poll=relative_moment(max(stream.next_poll_at, now), now) if fetching else None,
        budget=budget_words(stream.budget, now),
        gap=relative_moment(stream.overflowed_at, now),
        gap_seen=None if stream.has_open_gap else relative_moment(stream.gap_seen_at, now),
        gap_seen_by=str(stream.gap_seen_by or "Somebody who is gone"),
    )


def budget_words(budget: Mapping[str, Any], now: dt.datetime) -> str:
    """What the network's rate-limit headers said, as "240 of 300 requests left for 9 min"; "" when nothing."""
    remaining, limit, used = budget.get("remaining"), budget.get("limit"), budget.get("used")
    if isinstance(remaining, int) and isinstance(limit, int):
        try:
            resets_at = dt.datetime.fromisoformat(str(budget.get("resets_at")))
        except ValueError:
            return f"{remaining:,} of {limit:,} requests left"
        if resets_at <= now:
            return f"all {limit:,} requests left"
        return f"{remaining:,} of {limit:,} requests left for {duration_words(resets_at - now)}"
    if isinstance(used, int | float):
        return f"{used:.0%} of the allowance used"
    return ""


def relative_moment(at: dt.datetime | None, now: dt.datetime) -> Moment | None:
    """`at` relative to `now`, as "4 min ago", "in 2 h", "now"; None for None."""
    if at is None:
        return None
    if abs(at - now) < dt.timedelta(seconds=1):
        return Moment("now", at)
    return Moment(f"in {duration_words(at - now)}" if at > now else f"{duration_words(now - at)} ago", at)


def duration_words(span: dt.timedelta) -> str:
    """A span in its largest unit, rounded down, with the next when that is not zero: "4 min", "1 day 12 h"."""
    seconds = int(span.total_seconds())
    for at, (size, one, many) in enumerate(_UNITS):
        if seconds < size:
            continue
        whole, rest = divmod(seconds, size)
        words = f"{whole} {one if whole == 1 else many}"
        if whole < 10 and size > 60:
            next_size, next_one, next_many = _UNITS[at + 1]
            if part := rest // next_size:
                words += f" {part} {next_one if part == 1 else next_many}"
        return words
    return "0 s"
