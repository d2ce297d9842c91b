"""The brand accounts, formatted: volume, response rate, owner, token, charter, quiet ones."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
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
from reports.behind.selections import Selection
from reports.charts.sparklines import draw_sparkline
from reports.dashboards.account_access import describe_access
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
class _Board:
    """Hold what the page measures: both periods, the time on point, and who answers for which account."""

    selection: Selection
    responses: Mapping[int, AccountResponses]
    before: Mapping[int, AccountResponses]
    #: The (answered, needing) of both periods without what is still counting.
    ripe: Mapping[int, tuple[int, int]]
    ripe_before: Mapping[int, tuple[int, int]]
    point: Mapping[int, PointTime]


def brand_accounts_context(selection: Selection) -> dict[str, Any]:
    """Build the context of `reports/brand_accounts.html`."""
    user, now, compared = selection.user, selection.now, selection.compared
    responses = responses_by_account(user, selection.period, selection.filters, now=now)
    before = responses_by_account(user, compared, selection.filters, now=now) if compared else {}
    accounts: list[Any] = [
        account
        for account in _accounts(selection)
        if account.lifecycle != Lifecycle.CLOSED or account.pk in responses
    ]
    promised = accounts[0].longest_promise if accounts else _NO_TIME
    ripe = partial(ripe_shares, promised=promised, now=now)
    ripe_now, ripe_before = ripe(responses, selection.period), ripe(before, compared) if compared else {}
    point = _measure_point(accounts, selection)
    board = _Board(selection, responses, before, ripe_now, ripe_before, point)
    rows = [_row(account, board) for account in accounts]
    total = _numbers(0, board) | {
        "accounts": format_count(len(rows), "account"),
        "point": _point_share(board.point.values()),
        "care": sum(bool(row["access_tone"]) for row in rows),
        "in_force": sum(row["is_in_force"] for row in rows),
    }
    return {
        "reach": describe_reach(user),
        "left_out": describe_left_out(user),
        "rows": rows,
        "total": total,
        "figures": _figures(total, len(rows), user),
        "is_compared": compared is not None,
        "finding": f"{total['in_force']} of {format_count(len(rows), 'charter')} in force.",
        "stopped": sum(not row["may_answer"] for row in rows),
        "sentences": account_sentences(accounts, RatedAccounts(selection, responses, ripe_now, ripe_before)),
    }


def _figures(total: Mapping[str, Any], count: int, user: User) -> list[dict[str, str]]:
    """Return the strip above the table."""
    register = f"{reverse('reports:presence')}?" if viewer(user).may("review") else ""
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


def _accounts(selection: Selection) -> QuerySet[BrandAccount]:
    filters, today = selection.filters, company_day(selection.now)
    shifts = Shift.objects.filter(brand_account=OuterRef("pk"), primary__is_active=True)
    accounts = BrandAccount.objects.visible_to(selection.user).select_related(
        "owner", "owner_department", "figures", "credential"
    )
    if filters.networks:
        accounts = accounts.filter(network__in=filters.networks)
    if filters.brand_account_ids:
        accounts = accounts.filter(pk__in=filters.brand_account_ids)
    return accounts.defer("credential__envelope").annotate(
        is_on_roster=Exists(shifts.exclude(valid_until__lt=today).exclude(date__lt=today)),
        # Of all accounts, as for the response rate, so that both boards call the same steps still counting.
        longest_promise=BrandAccount.objects.order_by("-promised_response").values("promised_response")[:1],
    )


def _row(account: Any, board: _Board) -> dict[str, Any]:
    now, figures = board.selection.now, board.responses.get(account.pk, _NONE)
    state = charter_state(account, now)
    access, tone = describe_access(account, now)
    steps = zip(board.selection.period.steps, figures.steps, strict=False)
    title = ", ".join(f"{step.label} {format_rate(*counts)}" for step, counts in steps if counts[1])
    rates = [answered / needing if needing else None for answered, needing in figures.steps]
    point = board.point.get(account.pk)
    return _numbers(account.pk, board) | {
        "account": account,
        "line": draw_sparkline(rates, ANSWERED_IN_2011, title),
        "quiet": _quiet_since(account, now) if not figures.needing else "",
        "promised": time_cell(account.promised_response, written_span(account.promised_response)),
        "point": _point_share([point] if point else []),
        "is_point_bad": bool(point and point.promised and 2 * point.covered < point.promised),
        "access": access,
        "access_tone": tone,
        "charter": state.label,
        "charter_tone": state.tone,
        "is_in_force": state.key in ("signed", "ending"),
        "may_answer": state.may_answer,
    }


def _numbers(account_id: int, board: _Board) -> dict[str, Any]:
    """Return the numbers of one account with their lists; 0 for all of them."""
    figures = board.responses.get(account_id, _NONE)
    ripe, before = (each.get(account_id, (0, 0)) for each in (board.ripe, board.ripe_before))
    change = format_points_change(ripe, before)
    narrowed = {"brand_account_ids": (account_id,)} if account_id else None
    href = partial(board.selection.list_href, of="response", narrowed=narrowed)
    return {
        "needing": f"{figures.needing:,}",
        "answered": f"{figures.answered:,}",
        "unanswered": f"{figures.needing - figures.answered:,}",
        "rate": rate_cell(figures.answered, figures.needing),
        "change": change if min(ripe[1], before[1]) >= FEWEST else NO_VALUE,
        "change_words": f"{change[:1].upper()}{change[1:]}." if board.selection.compared else "",
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
