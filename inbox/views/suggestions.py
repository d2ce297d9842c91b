"""Suggestions of the learned router: accept or decline."""

from __future__ import annotations

from django.http import HttpResponse
from django.views.decorators.http import require_POST

from inbox.cases import suggestions
from inbox.views.case_posts import perform_and_show, posted_version
from inbox.views.guards import InboxRequest, signed_in
from inbox.views.hand_overs import hand_over_and_show


@require_POST
@signed_in
def suggestion_accept(request: InboxRequest, pk: int) -> HttpResponse:
    """Send the case to the suggested department."""
    seen = posted_version(request)
    return hand_over_and_show(
        request,
        pk,
        "suggestion",
        lambda now: suggestions.accept_suggestion(pk, request.user, version=seen, now=now),
    )


@require_POST
@signed_in
def suggestion_decline(request: InboxRequest, pk: int) -> HttpResponse:
    """Decline the suggestion: the case stays where it is."""
    seen = posted_version(request)
    return perform_and_show(
        request,
        pk,
        "suggestion",
        lambda now: suggestions.decline_suggestion(pk, request.user, version=seen, now=now),
        "Kept here; the router learns from it.",
    )
