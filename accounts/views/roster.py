"""The roster: who is on point for which brand account, week by week. Everybody reads it, few change it."""

from __future__ import annotations

import datetime as dt

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import viewer
from accounts.guards import SignedInRequest, require
from accounts.models import BrandAccount, Leave, Lifecycle, Shift
from accounts.roster import planning as rostering
from accounts.roster.forms import HoursForm, ShiftForm, SwapForm
from accounts.roster.week import Week, monday_of, share_of_week, week_key, week_of

_WEEK = dt.timedelta(days=7)


@require_safe
@require("read_public")
def roster(request: SignedInRequest) -> HttpResponse:
    """Every brand account with who is on point now and how much of this week is covered."""
    now = timezone.now()
    accounts = list(_connected(request))
    rosters = rostering.rosters(accounts, now)
    # The week of any zone.
    leaves = list(
        Leave.objects.filter(starts_on__lte=(now + _WEEK).date(), ends_on__gte=(now - _WEEK).date())
    )
    rows = []
    for account in accounts:
        kept = rosters[account.pk]
        found, empty = share_of_week(account, kept, leaves, monday_of("", now.astimezone(kept.zone).date()))
        rows.append(
            {
                "brand_account": account,
                "on_point": kept.on_point(now),
                "share": "–" if found.share is None else f"{int(found.share * 100)} %",
                "uncovered": f"{empty / dt.timedelta(hours=1):g}" if empty else "",
            }
        )
    return render(request, "accounts/roster.html", {"rows": rows})


@require_safe
@require("read_public")
def roster_week(request: SignedInRequest, pk: int) -> HttpResponse:
    """A week of one brand account. `?week=2026-W48`; without it this one."""
    return _shown(request, get_object_or_404(_connected(request), pk=pk))


@require_POST
@require("roster")
def shift_add(request: SignedInRequest, pk: int) -> HttpResponse:
    """Add a shift on each chosen day of the week, or on a date."""
    account = _mine(request, pk)
    form = ShiftForm(request.POST, brand_account=account)
    if form.is_valid():
        try:
            rostering.put(form.shifts())
        except rostering.Refused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "The roster is saved.")
            return _back(request, account)
    return _shown(request, account, add=form)


@require_http_methods(["GET", "HEAD", "POST"])
@require("roster")
def shift_edit(request: SignedInRequest, pk: int) -> HttpResponse:
    """Change one shift."""
    shift = _shift(request, pk)
    account = shift.brand_account
    form = ShiftForm(request.POST if request.method == "POST" else None, brand_account=account, shift=shift)
    if form.is_valid():
        try:
            rostering.put(form.shifts())
        except rostering.Refused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "The shift is changed.")
            return _back(request, account)
    context = {"form": form, "shift": _shift(request, pk), "brand_account": account, "week": _given(request)}
    return render(request, "accounts/shift_edit.html", context)


@require_POST
@require("roster")
def shift_remove(request: SignedInRequest, pk: int) -> HttpResponse:
    """Take a shift away. Messages that arrived keep who was on point."""
    shift = _shift(request, pk)
    shift.delete()
    messages.success(request, f"{shift} is taken away.")
    return _back(request, shift.brand_account)


@require_POST
@require("roster")
def roster_hours(request: SignedInRequest, pk: int) -> HttpResponse:
    """Save the promised hours and the zone."""
    account = _mine(request, pk)
    form = HoursForm(request.POST, brand_account=account)
    if not form.is_valid():
        return _shown(request, account, hours=form)
    form.save()
    messages.success(request, "The promised hours are saved.")
    return _back(request, account)


@require_POST
@require("roster")
def roster_copy(request: SignedInRequest, pk: int) -> HttpResponse:
    """Repeat what stood on dates in the week before."""
    account = _mine(request, pk)
    copied, left = rostering.copy_last_week(account, _monday(request, account))
    if left:
        kept = f"{left} left out: the week has something of its own there."
        messages.warning(request, f"{copied} shift{'' if copied == 1 else 's'} copied, {kept}")
    elif copied:
        messages.success(request, f"{copied} shift{'' if copied == 1 else 's'} copied.")
    else:
        messages.info(request, "Last week had nothing of its own: the weekly shifts go on anyway.")
    return _back(request, account)


@require_POST
@require("roster")
def roster_swap(request: SignedInRequest, pk: int) -> HttpResponse:
    """Exchange two people for one time."""
    account = _mine(request, pk)
    form = SwapForm(request.POST, choices=_week(account, _monday(request, account)).choices)
    if form.is_valid():
        try:
            rostering.swap(account, *form.chosen())
        except rostering.Refused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "Swapped, for these days only.")
            return _back(request, account)
    return _shown(request, account, swap=form)


def _connected(request: SignedInRequest) -> QuerySet[BrandAccount]:
    return BrandAccount.objects.visible_to(request.user).exclude(lifecycle=Lifecycle.CLOSED)


def _mine(request: SignedInRequest, pk: int) -> BrandAccount:
    account = get_object_or_404(_connected(request), pk=pk)
    if not viewer(request.user).may_roster(account):
        raise Http404
    return account


def _shift(request: SignedInRequest, pk: int) -> Shift:
    shift = get_object_or_404(Shift.objects.select_related("brand_account", "primary", "backup"), pk=pk)
    _mine(request, shift.brand_account_id)
    return shift


def _given(request: SignedInRequest) -> str:
    return str(request.POST.get("week") or request.GET.get("week") or "")


def _monday(request: SignedInRequest, account: BrandAccount) -> dt.date:
    return monday_of(_given(request), timezone.now().astimezone(rostering.zone_of(account)).date())


def _back(request: SignedInRequest, account: BrandAccount) -> HttpResponse:
    week = week_key(_monday(request, account))
    return redirect(f"{reverse('accounts:roster_week', args=[account.pk])}?week={week}")


def _week(account: BrandAccount, monday: dt.date) -> Week:
    others = list(BrandAccount.objects.exclude(lifecycle=Lifecycle.CLOSED).exclude(pk=account.pk))
    now = timezone.now()
    rosters = rostering.rosters([account, *others], now)
    leaves = Leave.objects.filter(starts_on__lte=monday + _WEEK, ends_on__gte=monday)
    return week_of(
        account, rosters[account.pk], {one: rosters[one.pk] for one in others}, leaves, monday, now
    )


def _shown(
    request: SignedInRequest,
    account: BrandAccount,
    *,
    add: ShiftForm | None = None,
    hours: HoursForm | None = None,
    swap: SwapForm | None = None,
) -> HttpResponse:
    """The page of a week, with the one form that was filled in wrongly as it was filled in."""
    monday = _monday(request, account)
    week = _week(account, monday)
    may_edit = viewer(request.user).may_roster(account)
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
        "hours": hours or (HoursForm(brand_account=account) if may_edit else None),
        "swap": swap or (SwapForm(choices=week.choices) if may_edit and len(week.choices) > 1 else None),
        "folded": {"add": add is None, "hours": hours is None, "swap": swap is None},
        "shifts": account.shifts.select_related("primary", "backup") if may_edit else [],
    }
    return render(request, "accounts/roster_week.html", context)
