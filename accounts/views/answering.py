"""The page of people who may answer as a brand account; also the last step of connecting one."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.brand_accounts.charter import charter_state
from accounts.guards import SignedInRequest, require_action, require_recent_sign_in
from accounts.models import BrandAccount
from accounts.people.answering import list_possible_answerers, save_answerers
from accounts.roster.planning import load_rosters


@require_http_methods(["GET", "HEAD", "POST"])
@require_action("users")
@require_recent_sign_in
def brand_account_answerers(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show and save who may answer as an account.

    Beside it stands what else a new account needs: roster and charter.
    """
    accounts = BrandAccount.objects.visible_to(request.user).select_related("owner_department")
    brand_account = get_object_or_404(accounts, pk=pk)
    if request.method == "POST":
        chosen = {int(value) for value in request.POST.getlist("answerer") if _is_id(value)}
        people = save_answerers(brand_account, chosen, by=request.user, now=timezone.now())
        count = "1 person" if len(people) == 1 else f"{len(people)} people"
        messages.success(request, f"Saved: {count} may answer as {brand_account.display_name}.")
        return redirect("accounts:brand_account_answerers", pk)
    answerers = list_possible_answerers(brand_account)
    now = timezone.now()
    context: dict[str, Any] = {
        "brand_account": brand_account,
        "answerers": answerers,
        "may_answer": sum(answerer.may_answer for answerer in answerers),
        "charter": charter_state(brand_account, now),
        "on_point": load_rosters([brand_account], now)[brand_account.pk].on_point(now),
    }
    return render(request, "accounts/brand_accounts/brand_account_answerers.html", context)


def _is_id(value: str) -> bool:
    return value.isascii() and value.isdecimal() and len(value) < 19
