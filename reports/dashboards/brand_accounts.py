"""The brand accounts, formatted: volume, response rate, owner, token, charter, quiet ones."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse

from accounts.access import viewer
from accounts.brand_accounts.charter import charter_state, company_day
from accounts.models import BrandAccount, Health, Lifecycle, Shift, User
from accounts.roster.planning import load_rosters
from accounts.roster.point_time import PointTime, measure_point_time
from inbox.reach_words import describe_reach
from postgres.prepared_querysets import prepared_query
from reports.behind.selections import Links, Selection
from reports.charts.sparklines import draw_sparkline
from reports.dashboards.account_access import describe_access
from reports.dashboards.drawings import draw
from reports.dashboards.insights.accounts import RatedAccounts, account_sentences
from reports.measures.by_account import AccountResponses, ripe_shares
from reports.measures.exchanges import ANSWERED_IN_2011
from reports.presence.register import QUIET_AFTER
from reports.rollups.readers.by_account import responses_by_account
from reports.scopes import describe_left_out
from reports.wording import duration_cell, format_points_change, rate_cell, time_cell
from wording.numbers import FEWEST, NO_VALUE, format_count, format_coverage, format_rate
from wording.spans import written_span
from wording.times import short_date_with_year, to_display_zone

_NONE = AccountResponses(0, 0, None, ())
_NO_TIME = dt.timedelta()
_CUT_OFF = (Health.REAUTHORISE, Health.PERMISSION)


@dataclass(frozen=True, slots=True)
class _AccountLine:
    """Hold what is said of one account beside its numbers, as it is shown."""

    pk: int
    name: str
    network: str
    owner: str
    is_on_roster: bool
    promised: str
    quiet: str
    point: str
    is_point_bad: bool
    access: str
    access_tone: str
    charter: str
    charter_tone: str
    is_in_force: bool
    may_answer: bool


@dataclass(frozen=True, slots=True)
class _Board:
    """The numbers of both periods and the accounts: plain values, by which their table is drawn once."""

    lines: tuple[_AccountLine, ...]
    responses: Mapping[int, AccountResponses]
    #: The (answered, needing) of both periods without what is still counting.
    ripe: Mapping[int, tuple[int, int]]
    ripe_before: Mapping[int, tuple[int, int]]
    #: The share of the promised hours of all accounts.
    point: str
    labels: tuple[str, ...]
    links: Links
    is_compared: bool
    may_review: bool

    @property
    def care(self) -> int:
        """The number of accounts whose access needs care."""
        return sum(bool(line.access_tone) for line in self.lines)

    @property
    def in_force(self) -> int:
        """The number of charters in force."""
        return sum(line.is_in_force for line in self.lines)


def brand_accounts_context(selection: Selection) -> dict[str, Any]:
    """Build the context of `reports/brand_accounts.html`."""
    user, now, compared = selection.user, selection.now, selection.compared
    responses = responses_by_account(user, selection.period, selection.filters, now=now)
    before = responses_by_account(user, compared, selection.filters, now=now) if compared else {}
    accounts: list[Any] = [
        account
        for account in _list_accounts(selection)
        if account.lifecycle != Lifecycle.CLOSED or account.pk in responses
    ]
    promised = accounts[0].longest_promise if accounts else _NO_TIME
    ripe = partial(ripe_shares, promised=promised, now=now)
    ripe_now, ripe_before = ripe(responses, selection.period), ripe(before, compared) if compared else {}
    point = _measure_point(accounts, selection)
    board = _Board(
        tuple(_line(account, point.get(account.pk), account.pk in responses, now) for account in accounts),
        responses,
        ripe_now,
        ripe_before,
        _point_share(point.values()),
        tuple(step.label for step in selection.period.steps),
        selection.links,
        compared is not None,
        viewer(user).may("review"),
    )
    return {
        "reach": describe_reach(user),
        "left_out": describe_left_out(user),
        "accounts": draw("reports/_account_table.html", _table_context, board),
        "sentences": account_sentences(accounts, RatedAccounts(selection, responses, ripe_now, ripe_before)),
    }


def _table_context(board: _Board) -> dict[str, Any]:
    """Build what `reports/_account_table.html` shows: the strip, and the table under it."""
    count = len(board.lines)
    total = _numbers(0, board) | {
        "accounts": format_count(count, "account"),
        "point": board.point,
        "care": board.care,
        "in_force": board.in_force,
    }
    return {
        "rows": [_row(line, board) for line in board.lines],
        "total": total,
        "figures": _figures(total, board),
        "is_compared": board.is_compared,
        "finding": f"{board.in_force} of {format_count(count, 'charter')} in force.",
        "stopped": sum(not line.may_answer for line in board.lines),
        "board": {"name": "brand-accounts"},
        "selection": board.links,
    }


def _figures(total: Mapping[str, Any], board: _Board) -> list[dict[str, str]]:
    """Return the strip above the table."""
    register, count = f"{reverse('reports:presence')}?" if board.may_review else "", len(board.lines)
    return [
        {"label": "Needed an answer", "value": total["needing"], "basis": f"exchanges at {total['accounts']}", "href": total["href"]},
        {"label": "Answered", "value": total["rate"], "basis": f"{total['answered']} of {total['needing']}. {total['change_words']}", "href": total["answered_href"]},
        {"label": "On point", "value": total["point"], "basis": "of the promised hours", "href": reverse("accounts:roster")},
        {"label": "Access needs care", "value": f"{total['care']:,}", "basis": f"of {count:,}", "href": register and f"{register}only=cut-off"},
        {"label": "Charters in force", "value": f"{total['in_force']:,}", "basis": f"of {count:,}", "href": register and f"{register}charter=in-force"},
    ]  # fmt: skip


def _measure_point(accounts: list[Any], selection: Selection) -> dict[int, PointTime]:
    """Measure the time on point of each account until now. One statement."""
    period, now = selection.period, selection.now
    connected = [account for account in accounts if account.lifecycle != Lifecycle.CLOSED]
    rosters = load_rosters(connected, now)
    return {
        account.pk: measure_point_time(
            account, rosters[account.pk], max(period.start, account.connected_at), min(period.end, now)
        )
        for account in connected
    }


def _point_share(times: Iterable[PointTime]) -> str:
    times = list(times)
    promised = sum((time.promised for time in times), dt.timedelta())
    covered = sum((time.covered for time in times), dt.timedelta())
    return format_coverage(covered / promised if promised else None)


def _list_accounts(selection: Selection) -> list[Any]:
    """List the accounts that the reader may see and the filters leave. One statement."""
    filters = selection.filters
    return _select_accounts(
        selection.user, filters.networks, frozenset(filters.brand_account_ids), company_day(selection.now)
    )


@prepared_query
def _select_accounts(
    user: User, networks: tuple[str, ...], account_ids: frozenset[int], today: dt.date
) -> QuerySet[Any]:
    shifts = Shift.objects.filter(brand_account=OuterRef("pk"), primary__is_active=True)
    accounts = BrandAccount.objects.visible_to(user).select_related(
        "owner", "owner_department", "figures", "credential"
    )
    if networks:
        accounts = accounts.filter(network__in=networks)
    if account_ids:
        accounts = accounts.filter(pk__in=account_ids)
    return accounts.defer("credential__envelope").annotate(
        is_on_roster=Exists(shifts.exclude(valid_until__lt=today).exclude(date__lt=today)),
        # Of all accounts, as for the response rate, so that both boards call the same steps still counting.
        longest_promise=BrandAccount.objects.order_by("-promised_response").values("promised_response")[:1],
    )


def _line(account: Any, point: PointTime | None, needs_answers: bool, now: dt.datetime) -> _AccountLine:
    state = charter_state(account, now)
    access, tone = describe_access(account, now)
    return _AccountLine(
        account.pk,
        account.display_name,
        account.network_label,
        str(account.owner or account.owner_department or ""),
        account.is_on_roster,
        time_cell(account.promised_response, written_span(account.promised_response)),
        "" if needs_answers else _quiet_since(account, now),
        _point_share([point] if point else []),
        bool(point and point.promised and 2 * point.covered < point.promised),
        access,
        tone,
        state.label,
        state.tone,
        state.key in ("signed", "ending"),
        state.may_answer,
    )


def _row(line: _AccountLine, board: _Board) -> dict[str, Any]:
    figures = board.responses.get(line.pk, _NONE)
    steps = zip(board.labels, figures.steps, strict=False)
    title = ", ".join(f"{label} {format_rate(*counts)}" for label, counts in steps if counts[1])
    rates = [answered / needing if needing else None for answered, needing in figures.steps]
    return {**asdict(line), **_numbers(line.pk, board)} | {
        "account": line,
        "line": draw_sparkline(rates, ANSWERED_IN_2011, title),
    }


def _numbers(account_id: int, board: _Board) -> dict[str, Any]:
    """Return the numbers of one account with their lists; 0 for all of them."""
    figures = board.responses.get(account_id, _NONE)
    ripe, before = (each.get(account_id, (0, 0)) for each in (board.ripe, board.ripe_before))
    change = format_points_change(ripe, before)
    narrowed = {"brand_account_ids": (account_id,)} if account_id else None
    href = partial(board.links.list_href, of="response", narrowed=narrowed)
    return {
        "needing": f"{figures.needing:,}",
        "answered": f"{figures.answered:,}",
        "unanswered": f"{figures.needing - figures.answered:,}",
        "rate": rate_cell(figures.answered, figures.needing),
        "change": change if min(ripe[1], before[1]) >= FEWEST else NO_VALUE,
        "change_words": f"{change[:1].upper()}{change[1:]}." if board.is_compared else "",
        "median": duration_cell(figures.median),
        "href": href(),
        "answered_href": href(answered="yes"),
        "unanswered_href": href(answered="no"),
    }


def _quiet_since(account: Any, now: dt.datetime) -> str:
    """Return since when no customer has written in public.

    "" for less than 90 days.
    """
    figures = getattr(account, "figures", None)
    if figures is None:
        return ""
    since = max(account.connected_at, figures.last_message_at or account.connected_at)
    return (
        f"quiet since {short_date_with_year(to_display_zone(since).date())}"
        if now - since >= QUIET_AFTER
        else ""
    )
