"""A board as it stands on its page, for whatever is made of it: files, mails, pages for guests."""

from __future__ import annotations

from django.template.loader import render_to_string

from reports.behind.selections import Selection
from reports.dashboards.boards import Board
from reports.dashboards.selection import selection_context


def render_board(board: Board, selection: Selection) -> str:
    """Render a board without what surrounds it: no navigation, no scripts."""
    context = board.build(selection) | selection_context(selection)
    return render_to_string(board.template, context | {"board": board, "layout": "reports/_bare.html"})
