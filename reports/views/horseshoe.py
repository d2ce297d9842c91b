"""The page of the horseshoe: where customers wait on their way through the company."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from reports.dashboards.boards import BOARDS
from reports.views.requests import requested_selection, show_board


@require_safe
@login_required
def horseshoe(request: HttpRequest) -> HttpResponse:
    """Show the horseshoe and the hand-overs, within what the user may read.

    `?time=clock` counts every hour instead of business time.
    """
    return show_board(request, BOARDS["horseshoe"])


@require_safe
@login_required
def hand_overs(request: HttpRequest) -> HttpResponse:
    """Lead to the hand-overs, which stand under the horseshoe."""
    selection = requested_selection(request)
    return redirect(f"{selection.page_href('reports:horseshoe')}#hand-overs")
