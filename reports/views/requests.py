"""Read the selection of a page from its address."""

from __future__ import annotations

from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from django.template.context import make_context
from django.template.loader import get_template
from django.utils import timezone

from accounts.models import User
from reports.behind.selections import Selection, read_selection
from reports.dashboards.boards import Board
from reports.exports.pages import visible_reports
from wording.times import company_zone


def requested_selection(request: HttpRequest) -> Selection:
    """Read what a request selects, in the company's time zone."""
    return read_selection(request.GET, cast(User, request.user), now=timezone.now(), zone=company_zone())


def show_board(request: HttpRequest, board: Board, **more: Any) -> HttpResponse:
    """Show a board with the selection of the request's address.

    `more` is for its template.
    """
    selection = requested_selection(request)
    context = board.show(selection) | {"saved_name": _find_name(request, selection)} | more
    return render_drawings(request, board.template, context)


def render_drawings(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    """Render a template in which numbers are places in drawings.

    They are written as they are, not by the form of a language.
    """
    page = make_context(context, request, autoescape=True)
    page.use_l10n = False
    return HttpResponse(cast(Any, get_template(template)).template.render(page))


def _find_name(request: HttpRequest, selection: Selection) -> str:
    """Return the name of the saved report in an address.

    "" for none, or one of somebody else's. It is in the address until another period or filter is chosen.
    """
    number = request.GET.get("saved", "")
    if not (number.isascii() and number.isdigit() and len(number) < 16):
        return ""
    report = visible_reports(selection.user).filter(pk=int(number)).first()
    return report.name if report else ""
