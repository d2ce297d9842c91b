"""The roster: people on point for each brand account, by week. Everybody may read it, few people may change
it.
"""

from __future__ import annotations

import datetime as dt
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import viewer
from accounts.guards import SignedInRequest, require_action
from accounts.models import BrandAccount, Leave, Lifecycle, Shift
from accounts.roster import planning
from accounts.roster.forms import PromisedHoursForm, ShiftForm, SwapShiftsForm
from accounts.roster.recording import recorded_roster_change
from accounts.roster.removing import remove_shift, restore_shift
from accounts.roster.week import (
    RosterWeek,
    build_roster_week,
    measure_week_coverage,
    parse_week_key,
    week_key,
)
from wording.numbers import format_coverage
from wording.spans import format_hours_number

_WEEK = dt.timedelta(days=7)


@require_safe
@require_action("read_public")
def roster_overview(request: SignedInRequest) -> HttpResponse:
    """List brand accounts with the people on point and this week's coverage."""
    now = timezone.now()
    accounts = list(_connected_accounts(request))
    rosters = planning.load_rosters(accounts, now)
    # Wide enough to contain the current week in every time zone.
    leaves = list(
        Leave.objects.filter(starts_on__lte=(now + _WEEK).date(), ends_on__gte=(now - _WEEK).date())
    )
    rows = []
    for account in accounts:
        roster = rosters[account.pk]
        coverage, empty = measure_week_coverage(
            account, roster, leaves, parse_week_key("", now.astimezone(roster.zone).date())
        )
        rows.append(
            {
                "brand_account": account,
                "on_point": roster.on_point(now),
                "share": format_coverage(coverage.share),
                "uncovered": format_hours_number(empty) if empty else "",
            }
        )
    return render(request, "accounts/roster/roster.html", {"rows": rows})


@require_safe
@require_action("read_public")
def roster_week(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show a week of one brand account.

    `?week=2026-W48`; without it, the current week.
    """
    return _render_week(request, get_object_or_404(_connected_accounts(request), pk=pk))


@require_POST
@require_action("roster")
def shift_add(request: SignedInRequest, pk: int) -> HttpResponse:
    """Add a shift on weekdays or on a date."""
    account = _get_editable_account(request, pk)
    form = ShiftForm(request.POST, brand_account=account)
    if form.is_valid():
        try:
            with recorded_roster_change(account):
                planning.save_shifts(form.build_shifts())
        except planning.RosterChangeRefused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "The roster is saved.")
            return _redirect_to_week(request, account)
    return _render_week(request, account, add=form)


@require_http_methods(["GET", "HEAD", "POST"])
@require_action("roster")
def shift_edit(request: SignedInRequest, pk: int) -> HttpResponse:
    """Change one shift."""
    shift = _get_editable_shift(request, pk)
    account = shift.brand_account
    form = ShiftForm(request.POST if request.method == "POST" else None, brand_account=account, shift=shift)
    if form.is_valid():
        try:
            with recorded_roster_change(account):
                planning.save_shifts(form.build_shifts())
        except planning.RosterChangeRefused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "The shift is changed.")
            return _redirect_to_week(request, account)
    context = {
        "form": form,
        "shift": _get_editable_shift(request, pk),
        "brand_account": account,
        "week": _requested_week_key(request),
    }
    return render(request, "accounts/roster/shift_edit.html", context)


@require_POST
@require_action("roster")
def shift_remove(request: SignedInRequest, pk: int) -> HttpResponse:
    """Delete a shift.

    Messages that have already arrived keep the people who were on point then.
    """
    shift = _get_editable_shift(request, pk)
    account = shift.brand_account
    with recorded_roster_change(account):
        removed = remove_shift(shift)
    query = urlencode({"week": week_key(_requested_monday(request, account)), "removed": removed})
    undo = f"undo-page {reverse('accounts:shift_restore', args=[account.pk])}?{query}"
    messages.success(request, f"{shift} was removed.", extra_tags=undo)
    return _redirect_to_week(request, account)


@require_POST
@require_action("roster")
def shift_restore(request: SignedInRequest, pk: int) -> HttpResponse:
    """Put back the shift that was just removed (`?removed=`)."""
    account = _get_editable_account(request, pk)
    try:
        with recorded_roster_change(account):
            shift = restore_shift(account, request.GET.get("removed", ""))
    except planning.RosterChangeRefused as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{shift} is back.")
    return _redirect_to_week(request, account)


@require_POST
@require_action("roster")
def roster_hours(request: SignedInRequest, pk: int) -> HttpResponse:
    """Save the promised hours and the time zone."""
    account = _get_editable_account(request, pk)
    form = PromisedHoursForm(request.POST, brand_account=account)
    if not form.is_valid():
        return _render_week(request, account, hours=form)
    with recorded_roster_change(account):
        form.save()
    messages.success(request, "The promised hours are saved.")
    return _redirect_to_week(request, account)


@require_POST
@require_action("roster")
def roster_copy(request: SignedInRequest, pk: int) -> HttpResponse:
    """Copy last week's shifts on dates to the shown week."""
    account = _get_editable_account(request, pk)
    with recorded_roster_change(account):
        copied, left_out = planning.copy_last_week(account, _requested_monday(request, account))
    if left_out:
        left_out_words = f"{left_out} left out: the week already has other shifts there."
        messages.warning(request, f"{copied} shift{'' if copied == 1 else 's'} copied, {left_out_words}")
    elif copied:
        messages.success(request, f"{copied} shift{'' if copied == 1 else 's'} copied.")
    else:
        messages.info(request, "Nothing to copy: last week had only the weekly shifts.")
    return _redirect_to_week(request, account)


@require_POST
@require_action("roster")
def roster_swap(request: SignedInRequest, pk: int) -> HttpResponse:
    """Exchange the people of two shifts on these days only."""
    account = _get_editable_account(request, pk)
    form = SwapShiftsForm(
        request.POST, choices=_load_week(account, _requested_monday(request, account)).choices
    )
    if form.is_valid():
        try:
            with recorded_roster_change(account):
                planning.swap_shifts(account, *form.chosen_shifts())
        except planning.RosterChangeRefused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "Swapped, for these days only.")
            return _redirect_to_week(request, account)
    return _render_week(request, account, swap=form)


def _connected_accounts(request: SignedInRequest) -> QuerySet[BrandAccount]:
    return BrandAccount.objects.visible_to(request.user).exclude(lifecycle=Lifecycle.CLOSED)


def _get_editable_account(request: SignedInRequest, pk: int) -> BrandAccount:
    account = get_object_or_404(_connected_accounts(request), pk=pk)
    if not viewer(request.user).may_edit_roster(account):
        raise Http404
    return account


def _get_editable_shift(request: SignedInRequest, pk: int) -> Shift:
    shift = get_object_or_404(Shift.objects.select_related("brand_account", "primary", "backup"), pk=pk)
    _get_editable_account(request, shift.brand_account_id)
    return shift


def _requested_week_key(request: SignedInRequest) -> str:
    return str(request.POST.get("week") or request.GET.get("week") or "")


def _requested_monday(request: SignedInRequest, account: BrandAccount) -> dt.date:
    return parse_week_key(
        _requested_week_key(request), timezone.now().astimezone(planning.brand_account_zone(account)).date()
    )


def _redirect_to_week(request: SignedInRequest, account: BrandAccount) -> HttpResponse:
    week = week_key(_requested_monday(request, account))
    return redirect(f"{reverse('accounts:roster_week', args=[account.pk])}?week={week}")


def _load_week(account: BrandAccount, monday: dt.date) -> RosterWeek:
    others = list(BrandAccount.objects.exclude(lifecycle=Lifecycle.CLOSED).exclude(pk=account.pk))
    now = timezone.now()
    rosters = planning.load_rosters([account, *others], now)
    leaves = Leave.objects.filter(starts_on__lte=monday + _WEEK, ends_on__gte=monday)
    return build_roster_week(
        account, rosters[account.pk], {other: rosters[other.pk] for other in others}, leaves, monday, now
    )


def _render_week(
    request: SignedInRequest,
    account: BrandAccount,
    *,
    add: ShiftForm | None = None,
    hours: PromisedHoursForm | None = None,
    swap: SwapShiftsForm | None = None,
) -> HttpResponse:
    """Render the page of a week.

    At most one of the forms is passed: the one with errors, with its input.
    """
    monday = _requested_monday(request, account)
    week = _load_week(account, monday)
    may_edit = viewer(request.user).may_edit_roster(account)
    context = {
        "brand_account": account,
        "monday": monday,
        "sunday": monday + dt.timedelta(days=6),
        "key": week_key(monday),
        "before": week_key(monday - _WEEK),
        "after": week_key(monday + _WEEK),
        "week": week,
        "ticks": [f"{hour:02d}" for hour in range(0, 24, 2)],
        "may_edit": may_edit,
        "add": add or (ShiftForm(brand_account=account) if may_edit else None),
        "hours": hours or (PromisedHoursForm(brand_account=account) if may_edit else None),
        "swap": swap
        or (SwapShiftsForm(choices=week.choices) if may_edit and len(week.choices) > 1 else None),
        "folded": {"add": add is None, "hours": hours is None, "swap": swap is None},
        "shifts": account.shifts.select_related("primary", "backup") if may_edit else [],
    }
    return render(request, "accounts/roster/roster_week.html", context)
