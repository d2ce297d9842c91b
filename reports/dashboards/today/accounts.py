"""Brand accounts: whether they are read, and who is on point."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.safestring import SafeString

from accounts import shifts
from accounts.brand_accounts.charter import charter_state
from accounts.brand_accounts.current_troubles import CurrentTrouble, Unreadable
from accounts.brand_accounts.display import with_unreadable
from accounts.brand_accounts.state import AccountState, account_state
from accounts.models import BrandAccount, Lifecycle, Stream, TroubleKind
from accounts.roster.planning import Roster, load_rosters
from reports.behind.selections import Selection
from reports.dashboards.drawings import draw
from wording.numbers import NO_VALUE, format_count
from wording.spans import short_span

#: Rows of the table; a company may have hundreds of accounts, and those that need somebody come first.
MOST_ACCOUNTS = 25
_DAY = dt.timedelta(days=1)
#: How far ahead the next shift is looked for.
_AHEAD = 7 * _DAY
_NOT_READ = (TroubleKind.REAUTHORISE, TroubleKind.PERMISSION, TroubleKind.NOT_FETCHED)
_SIGNS = {"late": "✕", "risk": "◷", "ok": "✓"}


@dataclass(frozen=True, slots=True)
class Account:
    """One brand account as it is now."""

    account: BrandAccount
    state: AccountState
    not_read: CurrentTrouble | None
    last_read: dt.datetime | None
    may_answer: bool
    primary: str
    backup: str
    until: str

    @property
    def rank(self) -> tuple[int, int, str]:
        """The place in the table: the worst first."""
        tone = {"late": 0, "risk": 1}.get(self.state.tone, 3 if self.may_answer else 2)
        return (0 if self.not_read else 1 + tone, 1 if self.primary else 0, str(self.account))


def read_accounts(selection: Selection) -> list[Account]:
    """Return the accounts that are connected, the worst first. Three statements."""
    filters, now = selection.filters, selection.now
    connected = BrandAccount.objects.visible_to(selection.user).exclude(lifecycle=Lifecycle.CLOSED)
    if filters.networks:
        connected = connected.filter(network__in=filters.networks)
    if filters.brand_account_ids:
        connected = connected.filter(pk__in=filters.brand_account_ids)
    accounts = list(with_unreadable(connected).prefetch_related("streams"))
    rosters = load_rosters(accounts, now) if accounts else {}
    zone = selection.period.zone
    return sorted(
        (_read(account, rosters[account.pk], now, zone) for account in accounts), key=lambda each: each.rank
    )


def _read(account: BrandAccount, roster: Roster, now: dt.datetime, zone: dt.tzinfo) -> Account:
    streams = list(account.streams.all())
    state = account_state(account, streams, now, _unreadable(account))
    on_point = roster.on_point(now)
    return Account(
        account,
        state,
        next((trouble for trouble in state.troubles if trouble.kind in _NOT_READ), None),
        _last_read(streams),
        charter_state(account, now).may_answer,
        on_point.primary,
        on_point.backup,
        _until(roster, now, zone, is_manned=bool(on_point.primary)),
    )


def _unreadable(account: Any) -> Unreadable | None:
    return Unreadable(account.unreadable, account.unreadable_since) if account.unreadable else None


def _last_read(streams: Sequence[Stream]) -> dt.datetime | None:
    times = [stream.last_success_at for stream in streams if stream.enabled and stream.last_success_at]
    return max(times, default=None)


def _until(roster: Roster, now: dt.datetime, zone: dt.tzinfo, *, is_manned: bool) -> str:
    """Return when the present shift ends, or the next begins."""
    if not roster.shifts:
        return "no shift"
    if is_manned:
        parts = shifts.split_into_segments(roster.shifts, roster.zone, now, now + 2 * _DAY)
        return _clock(parts[0].end, now, zone) if parts[0].end < now + 2 * _DAY else "no end"
    parts = shifts.split_into_segments(roster.shifts, roster.zone, now, now + _AHEAD)
    following = next((part for part in parts if part.primary_id is not None and part.start > now), None)
    return f"next {_clock(following.start, now, zone)}" if following else "no shift"


def _clock(at: dt.datetime, now: dt.datetime, zone: dt.tzinfo) -> str:
    local, today = at.astimezone(zone), now.astimezone(zone).date()
    return f"{local:%H:%M}" if local.date() == today else f"{local:%a %H:%M}"


def draw_accounts(accounts: Sequence[Account], selection: Selection, page: dict[str, Any]) -> SafeString:
    """Draw the table of accounts.

    `page` says whether it is on a wall, and by what its files are asked for.
    """
    shown = _accounts_context(accounts, selection)
    return draw("reports/_today_accounts.html", dict, accounts=shown, **page)


def _accounts_context(accounts: Sequence[Account], selection: Selection) -> dict[str, Any]:
    unread = sum(each.not_read is not None for each in accounts)
    unmanned = sum(not each.primary for each in accounts)
    read_words = f"{unread:,} of {len(accounts):,} {'is' if unread == 1 else 'are'} not read"
    return {
        "finding": f"{read_words if unread else 'All are read'}, {unmanned:,} {'has' if unmanned == 1 else 'have'} nobody on point."
        if accounts
        else "No account is connected.",
        "rows": [_row(each, selection.now) for each in accounts[:MOST_ACCOUNTS]],
        "note": f"n = {format_count(len(accounts), 'connected account')}",
        "more": max(len(accounts) - MOST_ACCOUNTS, 0),
    }


def account_href(account: BrandAccount) -> str:
    """Return the address of an account on the page of accounts."""
    return f"{reverse('accounts:brand_accounts')}#account-{account.pk}"


def _row(each: Account, now: dt.datetime) -> dict[str, Any]:
    label, tone = each.state.label, each.state.tone
    if tone == "ok":
        label = "reads and answers" if each.may_answer else "reads only, no charter"
        tone = "ok" if each.may_answer else "risk"
    return {
        "name": each.account.display_name,
        "network": each.account.network_label,
        "href": account_href(each.account),
        "health": label,
        "tone": tone,
        "sign": _SIGNS.get(tone, "·"),
        "last_read": each.last_read,
        "last_read_words": _ago(now - each.last_read) if each.last_read else NO_VALUE,
        "primary": each.primary,
        "backup": each.backup,
        "until": each.until,
        "roster_href": reverse("accounts:roster"),
    }


def _ago(span: dt.timedelta) -> str:
    words = short_span(span)
    return "just now" if words == "now" else f"{words} ago"
