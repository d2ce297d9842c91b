"""The state of a brand account, derived from what was fetched. Nothing else decides whether an account is healthy.

It is a function of its streams (last success, last failure, waiting until, possible gap), of the stored health of its
credential, and of the messages that could not be read. Pages show it; `inbox.notices.troubles` tells people of it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from accounts.brand_accounts.sending import sending_pause
from accounts.brand_accounts.stream_state import (
    FAILING_AFTER,
    is_silent,
    nothing_since,
    stream_names,
    unfetched_since,
    waits_until,
)
from accounts.models import BrandAccount, Health, Lifecycle, Stream, TroubleKind
from wording.spans import written_span
from wording.times import clock_time

#: An account shows a possible gap for this long, unless somebody acknowledges it; its stream always shows it.
GAP_SHOWN_FOR = dt.timedelta(days=7)
#: What a network's own limit is called.
_LIMIT_LABELS = {Health.LIMITED: "Limited by the network", Health.BUDGET: "Budget spent"}


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


@dataclass(frozen=True, slots=True)
class AccountState:
    """The state of a brand account in words; `tone` is that of its chip.

    `troubles` are those that people are told about, the worst first.
    """

    label: str
    tone: str
    matter: str
    advice: str
    until: dt.datetime | None = None
    troubles: tuple[CurrentTrouble, ...] = ()


def account_state(
    brand_account: BrandAccount, streams: Sequence[Stream], now: dt.datetime, unreadable: Unreadable | None
) -> AccountState:
    """Derive the state of a brand account.

    `unreadable` is None when every recent message could be read.
    """
    network = brand_account.network_label
    if brand_account.lifecycle == Lifecycle.CLOSED:
        again = "Connect it again to resume where it stopped."
        return AccountState("Disconnected", "", "Disconnected. Its messages and cases are kept.", again)
    troubles = tuple(_find_troubles(brand_account, streams, now, unreadable))
    if troubles:
        first = troubles[0]
        tone = "risk" if first.kind in (TroubleKind.GAP, TroubleKind.UNREADABLE) else "late"
        until = brand_account.health_until if first.kind == TroubleKind.NOT_FETCHED else None
        return AccountState(first.label, tone, first.matter, first.advice, until, troubles)
    enabled = [stream for stream in streams if stream.enabled]
    return (
        _passing_problem(brand_account, enabled, now)
        or _idle_state(enabled, network)
        or _sending_pauses(brand_account, now)
        or AccountState("Healthy", "ok", "Messages are fetched and answers are sent.", "")
    )


def _find_troubles(
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
    candidates += [_possible_gap(streams, network, now), _unreadable_messages(unreadable)]
    return [trouble for trouble in candidates if trouble is not None]


def _cut_off(brand_account: BrandAccount, now: dt.datetime) -> CurrentTrouble:
    network, since = brand_account.network_label, brand_account.health_since or now
    return CurrentTrouble(
        TroubleKind.REAUTHORISE,
        since,
        TroubleKind.REAUTHORISE.label,
        f"{network} no longer accepts our credential. Nothing is fetched or sent; messages wait at {network}, answers here.",
        "An administrator connects it again: fetching goes on where it stopped.",
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
        "An administrator connects it again, grants everything that is asked for, and presses “Check now”.",
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
    limit = next((_LIMIT_LABELS.get(Health(s.last_error_kind)) for s in lost if s.last_error_kind), None)
    if limit:
        return f"{limit}; messages wait at {network}.", (
            f"Wait for the next period, or raise the plan at {network}."
        )
    if any(stream.failures for stream in lost):
        return f"{network} does not answer as it should. We keep trying; nothing is lost.", (
            f"Press “Check now”. If it lasts, look whether {network} reports trouble."
        )
    return "Our own fetching is late; nothing is lost.", (
        "Press “Check now”. If it lasts, ask whoever runs Horseshoe whether its workers run."
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
        f"More was written than {network} hands out at once ({written_span(now - newest)} ago).",
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


def _passing_problem(
    brand_account: BrandAccount, enabled: Sequence[Stream], now: dt.datetime
) -> AccountState | None:
    """Return the state of an account that waits or just failed.

    None for any other.
    """
    network, health = brand_account.network_label, Health(brand_account.health)
    if health == Health.PERMISSION:
        matter = f"{network} refused something that our credential was not given permission for."
        advice = "An administrator connects it again and grants everything that is asked for."
        return AccountState(health.label, "late", matter, advice)
    failing = [stream for stream in enabled if stream.failures or stream.last_error_kind]
    limits = [Health(s.last_error_kind) for s in failing if s.last_error_kind in _LIMIT_LABELS]
    if health in _LIMIT_LABELS or limits:
        return _limited(brand_account, health if health in _LIMIT_LABELS else limits[0])
    if failing or health == Health.UNWELL:
        names = f"{stream_names(failing)}: the last try failed." if failing else f"{network} did not answer."
        return AccountState(
            Health.UNWELL.label,
            "risk",
            f"{names} We keep trying; nothing is lost.",
            f"Nothing to do, unless it lasts: then look whether {network} reports trouble.",
        )
    waiting = [(until, stream) for stream in enabled if (until := waits_until(stream, now))]
    if not waiting:
        return None
    until = max(until for until, _ in waiting)
    return AccountState(
        f"Waits until {clock_time(until, now)}",
        "risk",
        f"{stream_names([stream for _, stream in waiting])}: little is left of what {network} allows; the rest is kept for answers.",
        "Nothing to do: fetching goes on by itself.",
        until,
    )


def _sending_pauses(brand_account: BrandAccount, now: dt.datetime) -> AccountState | None:
    """Return the state of an account whose sending pauses.

    None for any other.
    """
    pause = sending_pause(brand_account, now)
    return None if pause is None else AccountState("Sending pauses", "risk", pause.sentence, "")


def _limited(brand_account: BrandAccount, health: Health) -> AccountState:
    """Return the state of an account at a network's limit."""
    network = brand_account.network_label
    if health == Health.LIMITED:
        matter = f"{network} has asked us to slow down."
        advice = "Nothing to do: fetching goes on by itself."
    else:
        matter = f"What {network} allows in this period is spent. Answers and messages wait."
        advice = f"Wait for the next period, or raise the plan at {network}."
    return AccountState(_LIMIT_LABELS[health], "risk", matter, advice, brand_account.health_until)


def _idle_state(enabled: Sequence[Stream], network: str) -> AccountState | None:
    """Return the state of an account of which nothing was fetched.

    None for any other.
    """
    if not enabled:
        return AccountState(
            "Paused", "risk", f"Nothing is fetched from {network}.", "An administrator resumes its streams."
        )
    never = [stream for stream in enabled if stream.last_success_at is None]
    if not never:
        return None
    return AccountState(
        "Not fetched yet",
        "",
        f"{stream_names(never)}: not fetched yet.",
        "The first messages arrive within a minute.",
    )
