"""Today's page, and the same for a screen on the wall. Both refresh themselves; without JavaScript the wall reloads."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from reports.dashboards.boards import BOARDS
from reports.dashboards.looks import note_looks
from reports.dashboards.today.board import today_context
from reports.views.requests import render_drawings, requested_selection


@require_safe
@login_required
def today(request: HttpRequest) -> HttpResponse:
    """Show what is on fire now, within what the user may read."""
    return _show(request, "reports/today.html", is_wall=False)


@require_safe
@login_required
def wall(request: HttpRequest) -> HttpResponse:
    """Show the same for everybody in a room: without customers, their words, and what leads to them."""
    return _show(request, "reports/today_wall.html", is_wall=True)


def _show(request: HttpRequest, page: str, *, is_wall: bool) -> HttpResponse:
    """Show a page; only its changing part when it asks again."""
    selection, board = requested_selection(request), BOARDS["today"]
    note_looks(selection)
    context = today_context(selection, is_wall=is_wall) | {
        "board": None if is_wall else board,
        "selection": selection,
        "is_wall": is_wall,
        "here": request.get_full_path(),
    }
    name = "reports/_today.html" if getattr(request, "htmx", False) else page
    response = render_drawings(request, name, context)
    response.headers["Cache-Control"] = "no-store, private"
    return response
