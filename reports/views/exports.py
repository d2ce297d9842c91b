"""Files: the rows behind a number and the tables of a board as CSV, its charts as SVG and PNG."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.audit.recording import record_change
from accounts.guards import SignedInRequest, require_action
from accounts.models import AuditVerb
from reports.behind.lists import count_rows
from reports.behind.selections import Selection
from reports.dashboards.boards import BOARDS, Board
from reports.dashboards.looks import note_looks
from reports.dashboards.selection import describe_filters, describe_scope
from reports.exports import long_files
from reports.exports.case_rows import export_columns, export_rows
from reports.exports.charts import read_chart, read_charts
from reports.exports.csv_files import name_file, write_csv
from reports.exports.long_files import AskedList, find_list
from reports.exports.page_tables import join_tables, read_tables
from reports.exports.pages import render_board
from reports.exports.pictures import draw_picture, pack_charts
from reports.periods import name_days
from reports.views.requests import requested_selection


@require_safe
@require_action("export")
def cases_csv(request: SignedInRequest) -> HttpResponseBase:
    """Download every row of the list behind a number; the audit log says who took it.

    A long list is written in the background: its page shows the progress.
    """
    asked = find_list(request.GET, request.user, now=timezone.now())
    if asked is None:
        raise Http404("There is no such figure.")
    chosen, behind = asked.chosen, asked.behind
    note_looks(replace(chosen, filters=asked.filters), behind.person_ids)
    name = _name(behind.title, chosen, "csv")
    if request.method == "GET":
        _record_export(asked)
        total = count_rows(behind)
        if total > long_files.LONG_FROM:
            file = long_files.ask_for_file(request.GET, asked, total=total, file_name=name)
            return redirect("reports:export_file", file.pk)
    rows = export_rows(behind, chosen.user, chosen.period.zone)
    return _send_csv(write_csv(export_columns(behind), rows), name)


def _record_export(asked: AskedList) -> None:
    about = [
        ("Period", name_days(asked.chosen.period, asked.chosen.now)),
        *((words, "") for words in describe_filters(asked.chosen)),
    ]
    record_change(
        AuditVerb.CASES_EXPORTED,
        asked.behind.title,
        [{"name": name, "from": "", "to": value} for name, value in about],
        department_ids=asked.filters.department_ids,
    )


@require_safe
@login_required
def table_csv(request: HttpRequest) -> HttpResponseBase:
    """Download a table of a board, as it stands on the page."""
    board, chosen = _requested_board(request), requested_selection(request)
    key = request.GET.get("table", "")
    tables = [table for table in read_tables(render_board(board, chosen)) if table.key == key]
    if not tables:
        raise Http404("There is no such table.")
    return _send_csv(write_csv(tables[0].header, tables[0].rows), _name(f"{board.name} {key}", chosen, "csv"))


@require_safe
@login_required
def page_csv(request: HttpRequest) -> HttpResponseBase:
    """Download all tables of a board in one file."""
    board, chosen = _requested_board(request), requested_selection(request)
    rows = join_tables(read_tables(render_board(board, chosen)))
    title = [board.title, name_days(chosen.period, chosen.now), str(chosen.period.zone)]
    return _send_csv(write_csv(title, rows), _name(board.name, chosen, "csv"))


@require_safe
@login_required
def charts_zip(request: HttpRequest) -> HttpResponse:
    """Download all charts of a board, as drawings and as pictures."""
    board, chosen = _requested_board(request), requested_selection(request)
    charts = read_charts(render_board(board, chosen), describe_scope(board.title, chosen))
    return _send_file(pack_charts(charts), "application/zip", _name(f"{board.name} charts", chosen, "zip"))


@require_safe
@login_required
def chart_svg(request: HttpRequest) -> HttpResponse:
    """Download a chart of a board as a drawing of its own."""
    drawing, name = _draw_chart(request, "svg")
    return _send_file(drawing.encode(), "image/svg+xml; charset=utf-8", name)


@require_safe
@login_required
def chart_png(request: HttpRequest) -> HttpResponse:
    """Download a chart of a board as a picture."""
    drawing, name = _draw_chart(request, "png")
    return _send_file(draw_picture(drawing), "image/png", name)


def _draw_chart(request: HttpRequest, kind: str) -> tuple[str, str]:
    """Return the requested chart as SVG, and the name of its file."""
    board, chosen = _requested_board(request), requested_selection(request)
    key = request.GET.get("chart", "")
    drawing = read_chart(render_board(board, chosen), key, describe_scope(board.title, chosen))
    if drawing is None:
        raise Http404("There is no such chart.")
    return drawing, _name(f"{board.name} {key}", chosen, kind)


def _send_file(content: bytes, content_type: str, name: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store, private"}
    return HttpResponse(content, content_type=content_type, headers=headers)


def _requested_board(request: HttpRequest) -> Board:
    board = BOARDS.get(request.GET.get("board", ""))
    if board is None:
        raise Http404("There is no such board.")
    return board


def _name(what: str, chosen: Selection, kind: str) -> str:
    return name_file(what, name_days(chosen.period, chosen.now), kind=kind)


def _send_csv(parts: Iterator[bytes], name: str) -> StreamingHttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store, private"}
    return StreamingHttpResponse(parts, content_type="text/csv; charset=utf-8", headers=headers)
