"""The present troubles of a brand account, in words: what a person has to know and to do.

Derived from its streams, the health of its credential and the messages that could not be read.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from accounts.brand_accounts.stream_state import (
    FAILING_AFTER,
    is_silent,
    nothing_since,
    stream_names,
    unfetched_since,
    unread_parts,
)
from accounts.models import BrandAccount, Health, Stream, TroubleKind
from wording.spans import written_span

#: An account shows a possible gap for this long, unless somebody acknowledges it; its stream always shows it.
GAP_SHOWN_FOR = dt.timedelta(days=7)
#: A network may hide something for a moment, for example while it is being deleted.
HIDDEN_AFTER = dt.timedelta(minutes=10)
#: Hidden parts that a sentence names.
_MOST_PARTS = 2
#: What a network's own limit is called.
LIMIT_LABELS = {Health.LIMITED: "Limited by the network", Health.BUDGET: "Allowance used up"}


@dataclass(frozen=True, slots=True)
class Unreadable:
    """The number of recent messages that could not be read and are not settled, and when the first came."""

    items: int
    since: dt.datetime


@dataclass(frozen=True, slots=True)
class CurrentTrouble:
    """Something about a brand account that a person has to know, in words.

    `label` is for a chip, `matter` one or two sentences without the account's name, `advice` what to do.
    """

    kind: TroubleKind
    since: dt.datetime
    label: str
    matter: str
    advice: str
    items: int = 0


def find_troubles(
    brand_account: BrandAccount, streams: Sequence[Stream], now: dt.datetime, unreadable: Unreadable | None
) -> list[CurrentTrouble]:
    """Return the present troubles, the worst first."""
    network = brand_account.network_label
    enabled = [stream for stream in streams if stream.enabled]
    candidates: list[CurrentTrouble | None] = []
    if brand_account.health == Health.REAUTHORISE:
        candidates.append(_cut_off(brand_account, now))
    else:
        candidates += [_refused(brand_account, enabled), _not_fetched(enabled, network, now)]
    candidates += [
        _cannot_read(streams, now),
        _possible_gap(streams, network, now),
        _unreadable_messages(unreadable),
    ]
    return [trouble for trouble in candidates if trouble is not None]


def _cut_off(brand_account: BrandAccount, now: dt.datetime) -> CurrentTrouble:
    network, since = brand_account.network_label, brand_account.health_since or now
    return CurrentTrouble(
        TroubleKind.REAUTHORISE,
        since,
        TroubleKind.REAUTHORISE.label,
        f"{network} no longer accepts our credential. Nothing is fetched or sent; messages wait at {network}, answers here.",
        "An administrator has to connect it again: fetching continues where it stopped.",
    )


def _refused(brand_account: BrandAccount, enabled: Sequence[Stream]) -> CurrentTrouble | None:
    refused = [
        stream for stream in enabled if stream.failures and stream.last_error_kind == Health.PERMISSION
    ]
    if not refused:
        return None
    network = brand_account.network_label
    return CurrentTrouble(
        TroubleKind.PERMISSION,
        min(unfetched_since(stream) for stream in refused),
        TroubleKind.PERMISSION.label,
        f"{stream_names(refused)}: {network} refuses them, because our credential was not given permission.",
        "An administrator has to connect it again, grant everything that is asked for, and press “Check now”.",
    )


def _not_fetched(enabled: Sequence[Stream], network: str, now: dt.datetime) -> CurrentTrouble | None:
    lost = [
        stream
        for stream in enabled
        if stream.last_error_kind != Health.PERMISSION
        and (stream.failures >= FAILING_AFTER or is_silent(stream, now))
    ]
    if not lost:
        return None
    last = max((stream.last_success_at for stream in lost if stream.last_success_at), default=None)
    since = min(unfetched_since(stream) for stream in lost)
    nothing = nothing_since(last, now)
    whole = len(lost) == len(enabled)
    why, advice = _explain_not_fetched(lost, network)
    return CurrentTrouble(
        TroubleKind.NOT_FETCHED,
        since,
        nothing if whole else "Not everything is fetched",
        f"{nothing}. {why}" if whole else f"{stream_names(lost)}: {nothing[0].lower()}{nothing[1:]}. {why}",
        advice,
    )


def _explain_not_fetched(lost: Sequence[Stream], network: str) -> tuple[str, str]:
    """Return why these streams are not fetched, and what to do."""
    limit = next((LIMIT_LABELS.get(Health(s.last_error_kind)) for s in lost if s.last_error_kind), None)
    if limit:
        return f"{limit}; messages wait at {network}.", (
            f"Wait for the next period, or raise the plan at {network}."
        )
    if any(stream.failures for stream in lost):
        return f"{network} does not answer as it should. We keep trying; nothing is lost.", (
            f"Press “Check now”. If it lasts, check whether {network} reports problems."
        )
    return "Our own fetching is late; nothing is lost.", (
        "Press “Check now”. If it lasts, ask the person who runs Horseshoe whether its workers are running."
    )


def _cannot_read(streams: Sequence[Stream], now: dt.datetime) -> CurrentTrouble | None:
    """Return the trouble that a network hides parts of a stream."""
    parts = [part for part in unread_parts(streams) if part.is_trouble]
    since = min((part.since for part in parts if part.since is not None), default=now)
    if now - since < HIDDEN_AFTER:
        return None
    return CurrentTrouble(
        TroubleKind.CANNOT_READ,
        since,
        TroubleKind.CANNOT_READ.label,
        " ".join(f"Not read: {part.what}. {part.why}" for part in parts[:_MOST_PARTS]),
        "Check whether they are still on the network; if so, an administrator has to connect the account again.",
    )


def _possible_gap(streams: Sequence[Stream], network: str, now: dt.datetime) -> CurrentTrouble | None:
    gaps = [stream.overflowed_at for stream in streams if stream.overflowed_at and stream.has_open_gap]
    newest = max(gaps, default=None)
    if newest is None or now - newest >= GAP_SHOWN_FOR:
        return None
    return CurrentTrouble(
        TroubleKind.GAP,
        newest,
        TroubleKind.GAP.label,
        f"More was written than {network} returns at once ({written_span(now - newest)} ago).",
        "Look there at what came before: the oldest of it may be missing here. New messages come in.",
    )


def _unreadable_messages(unreadable: Unreadable | None) -> CurrentTrouble | None:
    if unreadable is None or not unreadable.items:
        return None
    many = unreadable.items != 1
    return CurrentTrouble(
        TroubleKind.UNREADABLE,
        unreadable.since,
        f"{unreadable.items:,} unreadable {'messages' if many else 'message'}",
        f"{unreadable.items:,} new {'messages' if many else 'message'} could not be read: "
        f"{'they are' if many else 'it is'} in quarantine, in nobody’s queue.",
        "Look at them under Quarantine and try them again." if many else "Look at it under Quarantine.",
        items=unreadable.items,
    )
