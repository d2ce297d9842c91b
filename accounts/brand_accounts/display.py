"""Texts about brand accounts and streams: all are built here, templates only print them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from accounts.brand_accounts.health import health_sentences
from accounts.models import BrandAccount, Health, Lifecycle, Stream
from accounts.roster.planning import OnPoint
from wording.numbers import format_compact_percent
from wording.spans import written_span
from wording.times import DisplayTime, optional_relative_time, relative_time

STREAM_LABELS = {
    "mentions": "Mentions",
    "comments": "Comments",
    "visitor_posts": "Visitor posts and tags",
    "direct": "Direct messages",
}
_HEALTH_TONES = {Health.OK: "ok", Health.LIMITED: "risk", Health.BUDGET: "risk", Health.UNWELL: "risk"}
#: The account shows a possible gap for this long, unless somebody acknowledges it; its stream always shows it.
GAP_SHOWN_FOR = dt.timedelta(days=7)


@dataclass(frozen=True)
class StreamRow:
    """The texts about one stream of a brand account."""

    stream: Stream
    kind: str
    state: str
    tone: str
    last_success: DisplayTime | None
    next_poll: DisplayTime | None
    budget: str
    #: When more was written than the network returns; when and by whom the gap was acknowledged.
    gap: DisplayTime | None = None
    gap_seen: DisplayTime | None = None
    gap_seen_by: str = ""


@dataclass(frozen=True)
class BrandAccountRow:
    """The texts about one brand account."""

    brand_account: BrandAccount
    network: str
    health: str
    tone: str
    matter: str
    advice: str
    until: DisplayTime | None
    promised: str
    verified: DisplayTime | None
    checking: bool
    connected: bool
    #: True when the account must be connected again.
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
    """Build the texts that the page shows for a brand account.

    Its `streams` must be prefetched; `on_point` is the result of `Roster.on_point`. `may_settle_gap` means
    that the reader may acknowledge a possible gap.
    """
    matter, advice = health_sentences(brand_account)
    health, tone = Health(brand_account.health).label, _HEALTH_TONES.get(Health(brand_account.health), "late")
    gap = _find_newest_gap(brand_account)
    well = brand_account.health == Health.OK and brand_account.lifecycle != Lifecycle.CLOSED
    if gap is not None and now - gap < GAP_SHOWN_FOR and well:
        health, tone = "Possible gap", "risk"
        matter = f"More was written than {brand_account.network_label} hands out at once ({written_span(now - gap)} ago)."
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
        until=optional_relative_time(brand_account.health_until, now),
        promised=written_span(brand_account.promised_response),
        verified=optional_relative_time(brand_account.verified_at, now),
        checking=not closed and due is not None and due <= now,
        connected=not closed,
        reconnect=closed or brand_account.health in (Health.REAUTHORISE, Health.PERMISSION),
        streams=[_stream_row(stream, brand_account, now) for stream in brand_account.streams.all()],
        on_point=on_point or OnPoint(),
        may_settle_gap=may_settle_gap,
    )


def _find_newest_gap(brand_account: BrandAccount) -> dt.datetime | None:
    open_gaps = (stream.overflowed_at for stream in brand_account.streams.all() if stream.has_open_gap)
    return max((gap for gap in open_gaps if gap is not None), default=None)


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
        last_success=optional_relative_time(stream.last_success_at, now),
        next_poll=relative_time(max(stream.next_poll_at, now), now) if fetching else None,
        budget=budget_words(stream.budget, now),
        gap=optional_relative_time(stream.overflowed_at, now),
        gap_seen=None if stream.has_open_gap else optional_relative_time(stream.gap_seen_at, now),
        gap_seen_by=str(stream.gap_seen_by or "Somebody who is gone"),
    )


def budget_words(budget: Mapping[str, Any], now: dt.datetime) -> str:
    """Describe the network's rate-limit headers; return "" for none.

    "240 of 300 requests left for 9 min", or "35% of the allowance used".
    """
    remaining, limit, used = budget.get("remaining"), budget.get("limit"), budget.get("used")
    if isinstance(remaining, int) and isinstance(limit, int):
        try:
            resets_at = dt.datetime.fromisoformat(str(budget.get("resets_at")))
        except ValueError:
            return f"{remaining:,} of {limit:,} requests left"
        if resets_at <= now:
            return f"all {limit:,} requests left"
        return f"{remaining:,} of {limit:,} requests left for {written_span(resets_at - now)}"
    if isinstance(used, int | float):
        return f"{format_compact_percent(used)} of the allowance used"
    return ""
