"""The floor of each page: the least work that shows the same content.

One or two statements and f-strings, no template; of the dashboard, a page of the product with nothing on it. It runs in the same server behind the same middleware and
the same sign-in, so that a ratio measures the page alone.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.html import escape

_COUNTS = """
SELECT department_id, sum(delta) FROM inbox_casecount
WHERE department_id IN (SELECT department_id FROM accounts_membership WHERE user_id = %s) GROUP BY 1
"""
_QUEUE = """
SELECT c.id, i.handle, i.name, c.network, c.preview, c.activity_at, c.status, d.name
FROM inbox_case c JOIN inbox_identity i ON i.id = c.identity_id JOIN accounts_department d ON d.id = c.department_id
WHERE c.closed_at IS NULL AND c.department_id = (
  SELECT department_id FROM accounts_membership WHERE user_id = %s LIMIT 1)
ORDER BY c.activity_at DESC, c.id DESC LIMIT 50
"""
_CASE = """
SELECT m.direction, i.handle, i.name, m.text, m.network_time
FROM inbox_message m LEFT JOIN inbox_identity i ON i.id = m.identity_id
WHERE m.case_id = %s ORDER BY m.network_time, m.id LIMIT 50
"""
_EVENTS = "SELECT verb, at, data FROM inbox_caseevent WHERE case_id = %s ORDER BY at, id"
_SEARCH = """
SELECT m.case_id, m.text, m.network_time FROM inbox_message m JOIN inbox_case c ON c.id = m.case_id
WHERE m.search @@ websearch_to_tsquery('simple', %s)
  AND c.department_id IN (SELECT department_id FROM accounts_membership WHERE user_id = %s)
ORDER BY m.network_time DESC, m.id DESC LIMIT 25
"""


@login_required
def queue(request: HttpRequest) -> HttpResponse:
    """Show counts and fifty rows."""
    counts = _fetch_rows(_COUNTS, [request.user.pk])
    rows = _fetch_rows(_QUEUE, [request.user.pk])
    return _render_page(counts, rows)


@login_required
def case(request: HttpRequest, case_id: int) -> HttpResponse:
    """Show messages and events."""
    return _render_page(_fetch_rows(_CASE, [case_id]), _fetch_rows(_EVENTS, [case_id]))


@login_required
def search(request: HttpRequest) -> HttpResponse:
    """Show the newest 25 messages that match the query."""
    return _render_page([], _fetch_rows(_SEARCH, [request.GET.get("q", ""), request.user.pk]))


@login_required
def bare(request: HttpRequest) -> HttpResponse:
    """Show the navigation, and nothing else."""
    return render(request, "base.html")


def _fetch_rows(statement: str, parameters: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def _render_page(head: list[tuple[Any, ...]], rows: list[tuple[Any, ...]]) -> HttpResponse:
    def line(row: tuple[Any, ...]) -> str:
        return "<li>" + "".join(f"<span>{escape(str(value))}</span>" for value in row) + "</li>"

    return HttpResponse(f"<ul>{''.join(map(line, head))}</ul><ol>{''.join(map(line, rows))}</ol>")
