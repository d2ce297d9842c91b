"""The board of brand accounts."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from reports.dashboards.boards import BOARDS
from reports.views.requests import show_board


@require_safe
@login_required
def brand_accounts(request: HttpRequest) -> HttpResponse:
    """Show brand accounts, with numbers of the cases in reach."""
    return show_board(request, BOARDS["brand-accounts"])
