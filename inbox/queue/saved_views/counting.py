"""How many cases saved views list, for the navigation: parts of the one statement that reads all its numbers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from accounts.models import User
from inbox.queue.filters import QueueFilters, ViewKind
from inbox.queue.listing import cases_within
from inbox.queue.narrowing import time_bounds
from inbox.queue.saved_views.rail import SEARCH, ShownView
from postgres.prepared_querysets import prepared_statement

#: No more cases of a view are counted than this: every page shows the number.
MOST_COUNTED = 1000
#: What the rows of views are called in the counting statement.
VIEWS = "views"


def is_counted(view: ShownView) -> bool:
    """Return whether the cases of a view are counted.

    As with “Resolved”, closed cases are not; nor are cases by words of their messages, which takes a search.
    """
    return view.kind not in ("resolved", SEARCH) and not view.filters.text


def count_parts(
    user: User, views: Iterable[ShownView], now: dt.datetime
) -> list[tuple[str, tuple[Any, ...]]]:
    """Return the SQL and the parameters of a row for each view.

    The row has the kind, NULL, the id, the number, 0, 0. A view of which no row can match has none.
    """
    parts = []
    for view in views:
        if view.kind == SEARCH or not is_counted(view):
            continue
        filters = replace(view.filters, sort=view.filters.usual_sort)
        if part := _some_cases(user, view.kind, filters, *time_bounds(filters, now)):
            sql, parameters = part
            row = f"SELECT '{VIEWS}', NULL::bigint, %s::bigint, count(*), 0, 0 FROM ({sql}) listed"  # noqa: S608
            parts.append((row, (view.pk, *parameters)))
    return parts


@prepared_statement
def _some_cases(
    user: User, kind: ViewKind, filters: QueueFilters, due_from: dt.datetime | None, due_before: dt.datetime | None,
    waiting_before: dt.datetime | None,
) -> Any:  # fmt: skip
    cases = cases_within(user, kind, filters, (due_from, due_before, waiting_before))
    return cases.order_by().values("pk")[:MOST_COUNTED]
