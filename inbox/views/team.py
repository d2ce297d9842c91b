"""The page of teams, for administrators and managers."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.access import viewer
from inbox.assignment.team import last_sweep, list_teams
from inbox.views.guards import InboxRequest


@require_safe
@login_required
def team(request: InboxRequest) -> HttpResponse:
    """Show who is there, and how many cases each person has.

    Also shows the number of orphaned cases; the target is 0.
    """
    if not viewer(request.user).may("assignment"):
        raise Http404
    now = timezone.now()
    return render(
        request,
        "inbox/assignment/team.html",
        {"teams": list_teams(request.user, now), "sweep": last_sweep(now)},
    )
