"""Erasing a customer who asks to be forgotten, for administrators."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.guards import SignedInRequest, require_action, require_recent_sign_in
from inbox.models import Customer, Identity
from inbox.queue.search import LONGEST_QUERY, clean_query
from inbox.retention import erasing
from networks.registry import network_label
from wording.numbers import format_count
from wording.times import short_date_with_year, to_display_zone


@require_safe
@require_action("erase")
def customers_to_erase(request: SignedInRequest) -> HttpResponse:
    """Find the customer who asks to be forgotten."""
    query = clean_query(request.GET.get("q", ""))
    customers = erasing.find_customers(query) if query else []
    rows = [
        {"customer": customer, "accounts": _account_words(customer.identities.all())}
        for customer in customers
    ]
    context = {"query": query, "rows": rows, "longest": LONGEST_QUERY}
    return render(request, "inbox/retention/customers.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@require_action("erase")
@require_recent_sign_in
def erase_customer(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show what is kept of a customer; erase it once that is confirmed."""
    customer = get_object_or_404(Customer, pk=pk)
    holdings = erasing.read_holdings(customer)
    problem, status = "", 200
    if request.method == "POST":
        if request.POST.get("agreed") != "on":
            problem, status = "Tick this to go on, or leave everything as it is.", 422
        else:
            try:
                cases, erased = erasing.erase_customer(customer, by=request.user, now=timezone.now())
            except erasing.AnswerOnItsWay:
                problem, status = _ANSWER_ON_ITS_WAY, 409
            else:
                counts = f"{format_count(erased, 'message')} in {format_count(cases, 'case')}"
                words = f"Erased: {counts}, with names and attachments."
                messages.success(
                    request, f"{words} Anything that they write from now on belongs to a new customer."
                )
                return redirect("inbox:retention")
    context = {
        "customer": customer,
        "holdings": holdings,
        "accounts": _account_words(holdings.identities),
        "first": holdings.first_at and short_date_with_year(to_display_zone(holdings.first_at)),
        "last": holdings.last_at and short_date_with_year(to_display_zone(holdings.last_at)),
        "problem": problem,
        "back": _address_before(request),
    }
    return render(request, "inbox/retention/erase_customer.html", context, status=status)


_ANSWER_ON_ITS_WAY = (
    "An answer to them is being sent, or nobody knows yet whether it was. Nothing was erased. Try again in some minutes; "
    "if it stays like this, a manager has to settle the answer under “Not sent”."
)


def _address_before(request: SignedInRequest) -> str:
    """Return the page that led here: a case (`?case=`), or the search for customers."""
    case = request.GET.get("case", "")
    if case.isascii() and case.isdigit() and len(case) < 18:
        return reverse("inbox:case", args=[case])
    return reverse("inbox:customers_to_erase")


def _account_words(identities: Iterable[Identity]) -> list[dict[str, str]]:
    return [
        {"name": identity.display_name, "also": identity.name, "network": network_label(identity.network)}
        for identity in identities
    ]
