"""The presence review: the register of brand accounts, its CSV file, and a decision about one of them."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import viewer
from accounts.guards import SignedInRequest, require_action
from accounts.models import Lifecycle, ReviewDecision, User
from accounts.presence_review.forms import DecisionForm
from accounts.presence_review.reviews import decide_review
from reports.dashboards.presence_review import (
    decision_figures,
    initial_decision,
    next_due,
    register_context,
    review_row,
)
from reports.exports.register_csv import write_register
from reports.presence.register import Entry, RegisterChoice, choose_entries, load_entries
from wording.times import relative_time

#: Earlier decisions that the page lists.
_MOST_SHOWN = 20


@require_safe
@require_action("reports")
def presence(request: SignedInRequest) -> HttpResponse:
    """Show the register of brand accounts."""
    now = timezone.now()
    entries = _readable_entries(request.user)
    context = register_context(entries, RegisterChoice.parse(request.GET), request.user, now)
    return render(request, "reports/presence/register.html", context)


@require_safe
@require_action("reports")
def presence_csv(request: SignedInRequest) -> HttpResponseBase:
    """Download the rows that the filters leave, all of them."""
    now = timezone.now()
    entries = choose_entries(_readable_entries(request.user), RegisterChoice.parse(request.GET))
    name = f"horseshoe-accounts-{now:%Y-%m-%d}.csv"
    return StreamingHttpResponse(
        write_register(entries, request.user, now),
        content_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store, private",
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@require_action("govern")
def presence_decide(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show what speaks for a decision about one account; store the decision."""
    now = timezone.now()
    entry = next((entry for entry in load_entries(request.user, now) if entry.account.pk == pk), None)
    if entry is None or not viewer(request.user).may_govern(entry.account):
        raise Http404
    row = review_row(entry, request.user, now)
    form = DecisionForm(request.POST or None, initial={"decision": initial_decision(entry)})
    if request.method == "POST" and form.is_valid():
        decision = ReviewDecision(form.cleaned_data["decision"])
        decide_review(
            entry.account,
            decision,
            form.cleaned_data["reason"],
            figures=decision_figures(row),
            by=request.user,
            now=now,
        )
        messages.success(
            request, f"{entry.account}: {decision.label}, signed by you. Next review by {next_due(now)}."
        )
        if decision == ReviewDecision.SUNSET and entry.account.lifecycle != Lifecycle.SUNSETTING:
            return redirect("accounts:sunset", pk)
        return redirect("reports:presence")
    reviews = entry.account.reviews.order_by("-at", "-pk")[:_MOST_SHOWN]
    context = {
        "row": row,
        "form": form,
        "figures": decision_figures(row),
        "next_due": next_due(now),
        "reviews": [(review, relative_time(review.at, now)) for review in reviews],
    }
    return render(request, "reports/presence/decide.html", context)


def _readable_entries(user: User) -> list[Entry]:
    """Return the rows that a user may read.

    Raises `Http404` for people who have none and do not review accounts.
    """
    entries = load_entries(user, timezone.now())
    if not entries and not viewer(user).may("review"):
        raise Http404
    return entries
