"""The charter of a brand account: everybody reads it; those who govern the account write and sign it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.access import viewer
from accounts.brand_accounts.charter import charter_state, list_signers
from accounts.guards import SignedInRequest, require_action
from accounts.models import BrandAccount, Lifecycle
from accounts.presence_review.forms import CharterForm
from accounts.presence_review.signing import SignatureRefused, sign_charter
from accounts.roster.planning import load_rosters
from accounts.roster.week import measure_week_coverage, parse_week_key
from wording.numbers import format_coverage
from wording.spans import format_hours_number, written_span
from wording.times import relative_time

#: Signatures and reviews that the page lists.
_MOST_SHOWN = 20


@require_http_methods(["GET", "HEAD", "POST"])
@require_action("read_public")
def charter(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show the charter of a brand account, with its persona and roster; save and sign it."""
    accounts = BrandAccount.objects.visible_to(request.user)
    accounts = accounts.select_related("owner_department", "owner", "charter_signed_by")
    brand_account = get_object_or_404(accounts, pk=pk)
    governs = viewer(request.user).may_govern(brand_account)
    form = None
    if governs:
        form = CharterForm(
            request.POST if request.method == "POST" else None, instance=brand_account, by=request.user
        )
    if request.method == "POST":
        if form is None:
            raise Http404
        if form.is_valid() and _sign(request, form):
            return redirect("accounts:charter", pk)
        brand_account = get_object_or_404(accounts, pk=pk)
    return render(
        request, "accounts/presence_review/charter.html", _page_context(request, brand_account, form)
    )


def _sign(request: SignedInRequest, form: CharterForm) -> bool:
    brand_account = form.apply()
    try:
        sign_charter(brand_account, by=request.user, now=timezone.now())
    except SignatureRefused as refusal:
        form.add_error(None, str(refusal))
        return False
    messages.success(request, f"You signed the charter of {brand_account}. It holds for a year.")
    return True


def _page_context(
    request: SignedInRequest, brand_account: BrandAccount, form: CharterForm | None
) -> dict[str, Any]:
    now = timezone.now()
    roster = load_rosters([brand_account], now)[brand_account.pk]
    monday = parse_week_key("", now.astimezone(roster.zone).date())
    coverage, _ = measure_week_coverage(brand_account, roster, [], monday)
    signatures = brand_account.signatures.order_by("-at", "-pk")[:_MOST_SHOWN]
    reviews = brand_account.reviews.order_by("-at", "-pk")[:_MOST_SHOWN]
    return {
        "account": brand_account,
        "form": form,
        "state": charter_state(brand_account, now),
        "signers": ", ".join(map(str, list_signers(brand_account))),
        "promised": written_span(brand_account.promised_response),
        "on_point": roster.on_point(now),
        "has_shifts": bool(roster.shifts),
        "covered": format_coverage(coverage.share),
        "hours": f"{format_hours_number(coverage.covered)} of {format_hours_number(coverage.promised)} promised hours",
        "signatures": [(row, relative_time(row.at, now)) for row in signatures],
        "reviews": [(row, relative_time(row.at, now)) for row in reviews],
        "sunsetting": brand_account.lifecycle == Lifecycle.SUNSETTING,
        "connected": brand_account.lifecycle != Lifecycle.CLOSED,
    }
