"""A board as it stands on its page, for whatever is made of it: files, mails, pages for guests."""

from __future__ import annotations

import datetime as dt

from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.template.loader import render_to_string

from accounts.access import viewer
from accounts.models import User
from reports.behind.selections import Selection, read_selection
from reports.dashboards.boards import BOARDS, Board
from reports.models import SavedReport
from wording.times import company_zone


def render_board(board: Board, selection: Selection) -> str:
    """Render a board without what surrounds it: no navigation, no scripts."""
    return render_to_string(board.template, board.show(selection) | {"layout": "reports/_bare.html"})


def visible_reports(user: User) -> QuerySet[SavedReport]:
    """Return one's own reports, and those shared with one's departments."""
    shared = Q(department__in=viewer(user).department_ids)
    return SavedReport.objects.filter(Q(owner=user) | shared)


def select_saved(report: SavedReport, reader: User, *, now: dt.datetime) -> tuple[Board, Selection] | None:
    """Return the board of a saved report, and what it selects.

    The reader may see less than its owner. None when there is no such board any more, or when the report is narrowed
    to departments or people of whom the reader may see none: without that filter it would show more than was meant.
    """
    board, query = BOARDS.get(report.board), QueryDict(report.query)
    selection = read_selection(query, reader, now=now, zone=company_zone())
    filters = selection.filters
    readable = {"department": filters.department_ids, "person": filters.person_ids}
    if board is None or any(query.get(name) and not ids for name, ids in readable.items()):
        return None
    return board, selection
