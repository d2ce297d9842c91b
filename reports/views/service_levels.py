"""The page of service levels: which promises to customers were kept, and where they are missed."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from reports.dashboards.boards import BOARDS
from reports.views.requests import show_board


@require_safe
@login_required
def service_levels(request: HttpRequest) -> HttpResponse:
    """Show the targets met and missed, within what the user may read."""
    return show_board(request, BOARDS["service-levels"])
