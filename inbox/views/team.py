"""The page of teams, for administrators and managers, and the set-up list, for administrators."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.access import viewer
from inbox.assignment.team import last_sweep, list_teams
from inbox.set_up.steps import list_set_up_steps
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
    context = {
        "teams": list_teams(request.user, now),
        "sweep": last_sweep(now),
        "adds_departments": viewer(request.user).may("users"),
    }
    return render(request, "inbox/assignment/team.html", context)


@require_safe
@login_required
def set_up(request: InboxRequest) -> HttpResponse:
    """Show the steps of a new installation to administrators; 404 for others."""
    if not viewer(request.user).may("users"):
        raise Http404
    steps = list_set_up_steps(request.user)
    done = sum(step.is_done for step in steps)
    following = next((step for step in steps if not step.is_done), None)
    context = {"steps": steps, "done": done, "following": following}
    return render(request, "inbox/set_up/set_up.html", context)
