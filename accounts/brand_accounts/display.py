"""Texts about brand accounts and streams: all are built here, templates only print them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery

from accounts.brand_accounts.blind_spots import BlindSpots, blind_spots_of
from accounts.brand_accounts.charter import CharterState, charter_state
from accounts.brand_accounts.checked import check_in_words, is_being_checked
from accounts.brand_accounts.current_troubles import Unreadable
from accounts.brand_accounts.sending import SendingPause, sending_pause
from accounts.brand_accounts.state import AccountState, account_state
from accounts.brand_accounts.stream_state import STREAM_LABELS, stream_state
from accounts.models import BrandAccount, Health, Lifecycle, Stream, Trouble, TroubleKind
from accounts.roster.planning import OnPoint
from wording.numbers import format_percent
from wording.spans import written_span
from wording.times import DisplayTime, optional_relative_time, relative_time


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
    """The texts about one brand account. `state` is its health; `checked` is what came of the last “Check now”."""

    brand_account: BrandAccount
    network: str
    state: AccountState
    until: DisplayTime | None
    promised: str
    verified: DisplayTime | None
    checking: bool
    checked: str
    connected: bool
    #: True when the account must be connected again.
    reconnect: bool
    streams: list[StreamRow]
    blind_spots: BlindSpots
    charter: CharterState
    on_point: OnPoint = field(default_factory=OnPoint)
    may_settle_gap: bool = False
    sending_pause: SendingPause | None = None

    @property
    def is_sick(self) -> bool:
        """True when people are told of a trouble of the account."""
        return bool(self.state.troubles)


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
    closed = brand_account.lifecycle == Lifecycle.CLOSED
    streams = list(brand_account.streams.all())
    state = account_state(brand_account, streams, now, _unreadable_of(brand_account))
    return BrandAccountRow(
        brand_account=brand_account,
        network=brand_account.network_label,
        state=state,
        until=optional_relative_time(state.until, now),
        promised=written_span(brand_account.promised_response),
        verified=optional_relative_time(brand_account.verified_at, now),
        checking=is_being_checked(brand_account, streams, now),
        checked=check_in_words(brand_account, streams, now),
        connected=not closed,
        reconnect=closed or brand_account.health in (Health.REAUTHORISE, Health.PERMISSION),
        streams=[_stream_row(stream, brand_account, now) for stream in streams],
        blind_spots=blind_spots_of(brand_account),
        charter=charter_state(brand_account, now),
        on_point=on_point or OnPoint(),
        may_settle_gap=may_settle_gap,
        sending_pause=sending_pause(brand_account, now),
    )


def sick_first(rows: Sequence[BrandAccountRow]) -> list[BrandAccountRow]:
    """Return the rows with the sick accounts first.

    Then come those that wait, then the others. Among equals the order stays.
    """
    ranks = {"late": 1, "risk": 2}
    return sorted(rows, key=lambda row: 0 if row.is_sick else ranks.get(row.state.tone, 3))


def with_unreadable(accounts: QuerySet[BrandAccount]) -> QuerySet[BrandAccount]:
    """Annotate brand accounts with their open trouble about unreadable messages.

    In the same statement; `brand_account_row` reads it.
    """
    open_troubles = Trouble.objects.filter(
        brand_account=OuterRef("pk"), kind=TroubleKind.UNREADABLE, ended_at__isnull=True
    )
    return accounts.annotate(
        unreadable=Subquery(open_troubles.values("items")[:1]),
        unreadable_since=Subquery(open_troubles.values("since")[:1]),
    )


def _unreadable_of(brand_account: BrandAccount) -> Unreadable | None:
    """Return what `with_unreadable` read; None when it read nothing."""
    items, since = (
        getattr(brand_account, "unreadable", None),
        getattr(brand_account, "unreadable_since", None),
    )
    return Unreadable(items, since) if items and since else None


def _stream_row(stream: Stream, brand_account: BrandAccount, now: dt.datetime) -> StreamRow:
    stopped = brand_account.lifecycle == Lifecycle.CLOSED or brand_account.health == Health.REAUTHORISE
    state, tone = stream_state(stream, brand_account, now)
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
        gap_seen_by=str(stream.gap_seen_by or "Somebody who has left"),
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
        return f"{format_percent(used)} of the allowance used"
    return ""
