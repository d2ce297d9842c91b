"""The page of responses: do customers get an answer, and how soon?"""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from reports.dashboards.boards import BOARDS
from reports.history.progress import describe_filling
from reports.views.requests import show_board


@require_safe
@login_required
def dashboard(request: HttpRequest) -> HttpResponse:
    """Show the manager's page, within what the user may read."""
    return show_board(request, BOARDS["response"], filling=describe_filling())
