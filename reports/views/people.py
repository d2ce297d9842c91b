"""The numbers of people: one's own, and for managers those of their people. Each look at another's is noted."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from accounts.guards import SignedInRequest, require_action
from reports.behind.person_numbers import people_of
from reports.dashboards.boards import BOARDS
from reports.dashboards.looks import note_looks
from reports.dashboards.people import person_context
from reports.dashboards.selection import selection_context
from reports.views.requests import requested_selection, show_board


@require_safe
@login_required
def people(request: HttpRequest) -> HttpResponse:
    """Show one's own numbers, and to managers their people."""
    return show_board(request, BOARDS["people"])


@require_safe
@require_action("reports")
def person(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show the numbers of one person to them and their manager; note who looked."""
    selection = requested_selection(request)
    shown = get_object_or_404(people_of(request.user), pk=pk)
    note_looks(selection, [shown.pk])
    context = person_context(selection, shown) | selection_context(selection)
    return render(request, "reports/person.html", context)
