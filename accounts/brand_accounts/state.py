"""The state of a brand account, derived from what was fetched. Nothing else decides whether an account is healthy.

It is a function of its streams (last success, last failure, waiting until, possible gap), of the stored health of its
credential, and of the messages that could not be read. Pages show it; `inbox.notices.troubles` tells people of it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from accounts.brand_accounts.current_troubles import LIMIT_LABELS, CurrentTrouble, Unreadable, find_troubles
from accounts.brand_accounts.sending import sending_pause
from accounts.brand_accounts.stream_state import stream_names, waits_until
from accounts.models import BrandAccount, Health, Lifecycle, Stream, TroubleKind
from wording.times import clock_time


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
    troubles = tuple(find_troubles(brand_account, streams, now, unreadable))
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


def _passing_problem(
    brand_account: BrandAccount, enabled: Sequence[Stream], now: dt.datetime
) -> AccountState | None:
    """Return the state of an account that waits or just failed.

    None for any other.
    """
    network, health = brand_account.network_label, Health(brand_account.health)
    if health == Health.PERMISSION:
        matter = f"{network} refused something that our credential was not given permission for."
        advice = "An administrator has to connect it again and grant everything that is asked for."
        return AccountState(health.label, "late", matter, advice)
    failing = [stream for stream in enabled if stream.failures or stream.last_error_kind]
    limits = [Health(s.last_error_kind) for s in failing if s.last_error_kind in LIMIT_LABELS]
    if health in LIMIT_LABELS or limits:
        return _limited(brand_account, health if health in LIMIT_LABELS else limits[0])
    if failing or health == Health.UNWELL:
        names = f"{stream_names(failing)}: the last try failed." if failing else f"{network} did not answer."
        return AccountState(
            Health.UNWELL.label,
            "risk",
            f"{names} We keep trying; nothing is lost.",
            f"No action needed. If it lasts, check {network}’s status page.",
        )
    waiting = [(until, stream) for stream in enabled if (until := waits_until(stream, now))]
    if not waiting:
        return None
    until = max(until for until, _ in waiting)
    return AccountState(
        f"Waits until {clock_time(until, now)}",
        "risk",
        f"{stream_names([stream for _, stream in waiting])}: little is left of what {network} allows; the rest is kept for answers.",
        "No action needed: fetching continues automatically.",
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
        advice = "No action needed: fetching continues automatically."
    else:
        matter = f"What {network} allows in this period is used up. Answers and messages wait."
        advice = f"Wait for the next period, or raise the plan at {network}."
    return AccountState(LIMIT_LABELS[health], "risk", matter, advice, brand_account.health_until)


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
