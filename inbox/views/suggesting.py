"""A suggestion of the learned router, taken or declined."""

from __future__ import annotations

from django.http import HttpResponse
from django.views.decorators.http import require_POST

from inbox.cases import suggestions as suggesting
from inbox.views.actions import act, version
from inbox.views.guards import InboxRequest, signed_in
from inbox.views.passing import passed


@require_POST
@signed_in
def accept(request: InboxRequest, pk: int) -> HttpResponse:
    """The case goes where it was suggested."""
    seen = version(request)
    return passed(
        request, pk, "suggestion", lambda now: suggesting.accept(pk, request.user, version=seen, now=now)
    )


@require_POST
@signed_in
def decline(request: InboxRequest, pk: int) -> HttpResponse:
    """The case is right where it is."""
    seen = version(request)
    return act(
        request,
        pk,
        "suggestion",
        lambda now: suggesting.decline(pk, request.user, version=seen, now=now),
        "Kept here; the router learns from it.",
    )
