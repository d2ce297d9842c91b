"""Show what waits for an answer: by age and department, and the most urgent of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.urls import reverse
from django.utils.safestring import SafeString

from inbox.models import Case
from inbox.visibility import list_departments
from reports.behind.selections import Links, Selection
from reports.charts.hours import Column, place_columns
from reports.dashboards.drawings import draw
from reports.measures.present.unanswered import AGES, HOUR, Waiting, most_urgent_cases, unanswered_cases
from reports.wording import time_cell
from wording.numbers import format_count
from wording.spans import figure_span, long_span

#: Rows of the table of the most urgent.
MOST_URGENT = 10
#: The age from which on a customer has waited long.
_LONG = 4 * HOUR
_NOBODY = "nobody"


def draw_ages(rows: Sequence[Waiting], selection: Selection, page: dict[str, Any]) -> SafeString:
    """Draw the table and the chart of what waits by age; see `draw_accounts`."""
    departments = tuple((each.pk, each.name) for each in list_departments(selection.user))
    return draw("reports/_today_ages.html", _ages_context, rows, departments, selection.links, page)


def _ages_context(
    rows: Sequence[Waiting], names: Sequence[tuple[int, str]], links: Links, page: dict[str, Any]
) -> dict[str, Any]:
    total, over = sum(row.count for row in rows), sum(row.over for row in rows)
    long = sum(row.count for row in rows if AGES[row.age].least >= _LONG)
    columns = []
    for place, age in enumerate(AGES):
        here = [row for row in rows if row.age == place]
        count, late = sum(row.count for row in here), sum(row.over for row in here)
        title = f"{age.label}: {format_count(count, 'exchange')}, {late:,} over the target"
        columns.append(Column(age.label, count, late, title, links.list_href(of="unanswered", age=age.key)))
    departments = [
        _department_row(pk, name, mine, links)
        for pk, name in names
        if (mine := [row for row in rows if row.department_id == pk])
    ]
    shown = {
        "note": f"n = {format_count(total, 'exchange')} in which a customer waits for an answer",
        "total": f"{total:,}",
        "over": f"{over:,}",
        "finding": f"{long:,} of {total:,} have waited four hours or longer."
        if total
        else "Nobody waits for an answer.",
        "labels": [age.label for age in AGES],
        "columns": place_columns(columns),
        "all": _row(rows, links, None),
        "departments": departments,
    }
    return {"ages": shown, **page}


def _department_row(pk: int, name: str, rows: Sequence[Waiting], links: Links) -> dict[str, Any]:
    return {"name": name, **_row(rows, links, {"department_ids": (pk,)})}


def _row(rows: Sequence[Waiting], links: Links, narrowed: dict[str, Any] | None) -> dict[str, Any]:
    def href(**query: object) -> str:
        return links.list_href(of="unanswered", narrowed=narrowed, **query)

    cells = []
    for place, age in enumerate(AGES):
        here = [row for row in rows if row.age == place]
        count = sum(row.count for row in here)
        cells.append(
            {
                "count": f"{count:,}" if count else "",
                "over": f"{late:,}" if (late := sum(row.over for row in here)) else "",
                "is_partly_over": 0 < late < count,
                "label": age.label,
                "href": href(age=age.key),
            }
        )
    numbers = {name: sum(getattr(row, name) for row in rows) for name in ("count", "over", "due")}
    return {
        "cells": cells,
        "count": f"{numbers['count']:,}",
        "over": f"{numbers['over']:,}",
        "due": f"{numbers['due']:,}",
        "is_over": numbers["over"] > 0,
        "href": href(),
        "over_href": href(over="yes"),
        "due_href": href(due="hour"),
    }


def urgent_context(rows: Sequence[Waiting], selection: Selection) -> dict[str, Any]:
    """Build the table of the most urgent. One statement, none when nothing is urgent."""
    total = sum(row.over + row.due for row in rows)
    if not total:
        return {"rows": []}
    cases = most_urgent_cases(selection.user, selection.filters, now=selection.now)
    shown = cases.select_related("identity", "department", "assignee")[:MOST_URGENT]
    rows_shown = [_urgent_row(case, selection.now) for case in shown]
    return {
        "rows": rows_shown,
        "note": f"{len(rows_shown)} of {total:,} that are over or due within the hour",
    }


def _urgent_row(case: Any, now: dt.datetime) -> dict[str, Any]:
    waited, left = now - case.exchange_from, case.due - now
    is_over = left < dt.timedelta()
    words = f"{figure_span(-left)} over" if is_over else f"due in {long_span(left)}"
    return {
        "href": reverse("inbox:case", args=[case.pk]),
        "customer": case.identity.display_name,
        "preview": case.preview,
        "department": case.department.name,
        "assignee": str(case.assignee) if case.assignee else "",
        "waited": time_cell(waited, figure_span(waited)),
        # Negative for what is over.
        "target": time_cell(left, words),
        "is_over": is_over,
    }


def longest_wait(selection: Selection) -> dict[str, str] | None:
    """Return who has waited longest, None when nobody waits. One statement."""
    cases = unanswered_cases(selection.user, selection.filters).order_by("exchange_from", "id")
    case: Case | None = cases.select_related("identity", "department", "assignee").first()
    if case is None or case.exchange_from is None:
        return None
    who = f"{case.department.name} · {case.assignee or _NOBODY}"
    return {
        "value": figure_span(selection.now - case.exchange_from),
        "customer": case.identity.display_name,
        "who": who,
        "href": reverse("inbox:case", args=[case.pk]),
    }
