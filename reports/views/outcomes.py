"""The page of outcomes and topics: what our answers did, and what customers keep saying."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from reports.dashboards.boards import BOARDS
from reports.views.requests import show_board


@require_safe
@login_required
def outcomes(request: HttpRequest) -> HttpResponse:
    """Show what followed our answers, within what the user may read."""
    return show_board(request, BOARDS["outcomes"])
