"""The brand accounts, formatted: volume, response rate, owner, token, charter, quiet ones."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from accounts.brand_accounts.charter import charter_state, company_day
from accounts.models import BrandAccount, Health, Lifecycle, Shift
from inbox.reach_words import describe_reach
from reports.behind.selections import Selection
from reports.charts.sparklines import draw_sparkline
from reports.measures.by_account import AccountResponses
from reports.measures.exchanges import ANSWERED_IN_2011
from reports.presence.register import QUIET_AFTER
from reports.rollups.by_account import responses_by_account
from reports.scopes import describe_left_out
from reports.wording import describe_token_age, duration_cell
from wording.numbers import format_count, format_share
from wording.spans import written_span
from wording.times import short_date_with_year, to_display_zone

_NONE = AccountResponses(0, 0, None, ())
_CUT_OFF = (Health.REAUTHORISE, Health.PERMISSION)


def brand_accounts_context(selection: Selection) -> dict[str, Any]:
    """Build the context of `reports/brand_accounts.html`."""
    user, now = selection.user, selection.now
    responses = responses_by_account(user, selection.period, selection.filters, now=now)
    accounts = [
        account
        for account in _accounts(selection)
        if account.lifecycle != Lifecycle.CLOSED or account.pk in responses
    ]
    states = [charter_state(account, now) for account in accounts]
    in_force = sum(state.key in ("signed", "ending") for state in states)
    rows = [_row(account, responses, selection) for account in accounts]
    total = responses.get(0, _NONE)
    return {
        "reach": describe_reach(user),
        "left_out": describe_left_out(user),
        "rows": rows,
        "total": _numbers(total, selection, None) | {"accounts": format_count(len(rows), "account")},
        "finding": f"{in_force} of {format_count(len(rows), 'charter')} in force.",
        "stopped": sum(not state.may_answer for state in states),
        "sentences": _sentences(accounts, responses, selection),
    }


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
        is_on_roster=Exists(shifts.exclude(valid_until__lt=today).exclude(date__lt=today))
    )


def _row(account: Any, responses: Mapping[int, AccountResponses], selection: Selection) -> dict[str, Any]:
    now, figures = selection.now, responses.get(account.pk, _NONE)
    state = charter_state(account, now)
    access, tone = _access(account, now)
    steps = zip(selection.period.steps, figures.steps, strict=False)
    title = ", ".join(f"{step.label} {format_share(*counts)}" for step, counts in steps if counts[1])
    rates = [answered / needing if needing else None for answered, needing in figures.steps]
    return _numbers(figures, selection, account.pk) | {
        "account": account,
        "line": draw_sparkline(rates, ANSWERED_IN_2011, title),
        "quiet": _quiet_since(account, now) if not figures.needing else "",
        "promised": written_span(account.promised_response),
        "access": access,
        "access_tone": tone,
        "charter": state.label,
        "charter_tone": state.tone,
    }


def _numbers(figures: AccountResponses, selection: Selection, account_id: int | None) -> dict[str, Any]:
    narrowed = {"brand_account_ids": (account_id,)} if account_id is not None else None
    return {
        "needing": f"{figures.needing:,}",
        "answered": f"{figures.answered:,}",
        "unanswered": f"{figures.needing - figures.answered:,}",
        "rate": format_share(figures.answered, figures.needing),
        "median": duration_cell(figures.median),
        "href": selection.list_href(of="response", narrowed=narrowed),
        "answered_href": selection.list_href(of="response", answered="yes", narrowed=narrowed),
        "unanswered_href": selection.list_href(of="response", answered="no", narrowed=narrowed),
    }


def _access(account: BrandAccount, now: dt.datetime) -> tuple[str, str]:
    if account.lifecycle == Lifecycle.CLOSED:
        return "disconnected", ""
    if account.health in _CUT_OFF:
        return "refused", "late"
    credential = getattr(account, "credential", None)
    if credential is None:
        return "no token", "late"
    return describe_token_age(now - credential.updated_at), ""


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


def _sentences(
    accounts: list[BrandAccount], responses: Mapping[int, AccountResponses], selection: Selection
) -> list[dict[str, str]]:
    """Return at most three sentences, each with its number and list."""
    sentences = []
    unowned = [
        account
        for account in accounts
        if account.owner_department_id is None and account.owner_id is None and account.pk in responses
    ]
    for account in sorted(unowned, key=lambda each: -responses[each.pk].needing)[:1]:
        href = _numbers(responses[account.pk], selection, account.pk)["href"]
        number = format_count(responses[account.pk].needing, "exchange")
        sentences.append(
            {"before": f"Nobody owns {account}:", "number": number, "after": "in this period.", "href": href}
        )
    rated = [account for account in accounts if responses.get(account.pk, _NONE).needing >= 10]
    for account in sorted(rated, key=lambda each: _rate(responses[each.pk]))[:1]:
        figures = responses[account.pk]
        if _rate(figures) < 0.8:
            numbers = _numbers(figures, selection, account.pk)
            sentences.append(
                {
                    "before": f"At {account}",
                    "number": f"{numbers['unanswered']} of {numbers['needing']}",
                    "after": "exchanges got no answer, the largest share of all accounts.",
                    "href": numbers["unanswered_href"],
                }
            )
    return sentences


def _rate(figures: AccountResponses) -> float:
    return figures.answered / figures.needing
