"""Open cases by department, brand account and assignee: kept by triggers, folded here, summed for the navigation."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import BigIntegerField, Count, QuerySet, Sum, Value
from django.utils import timezone

from accounts.access import viewer
from accounts.models import Leave, Role, User
from accounts.working_time import presence
from inbox.models import CaseCount, Notice, Visibility
from postgres.prepared_querysets import prepared_query

#: Stand where a row of cases has its department.
_NOTICES_KEY, _LEAVE_KEY = 0, -1
_FOLD_SQL = """
WITH gone AS (DELETE FROM inbox_casecount RETURNING department_id, brand_account_id, visibility, assignee_id, delta)
INSERT INTO inbox_casecount (department_id, brand_account_id, visibility, assignee_id, delta)
SELECT department_id, brand_account_id, visibility, assignee_id, sum(delta) FROM gone
GROUP BY 1, 2, 3, 4 HAVING sum(delta) <> 0
"""


@dataclass(frozen=True, slots=True)
class OpenCounts:
    """Open cases a user may see: all, without an assignee, assigned to the user, and by department id; how many
    notices the user has not read, and whether they are on leave."""

    all: int
    unassigned: int
    mine: int
    departments: dict[int, int]
    unread: int = 0
    on_leave: bool = False


def fold_case_counts() -> None:
    """Replace the deltas by their sums, in one statement. Deltas that other transactions append meanwhile stay."""
    with connection.cursor() as cursor:
        cursor.execute(_FOLD_SQL)


def open_counts(user: User) -> OpenCounts:
    """The numbers beside the views, within what `CaseQuerySet.visible_to` lets the user read. One statement."""
    return _sum_counts(_select_counts(user, presence.local_date(timezone.now())), user.pk)


@prepared_query
def _select_counts(user: User, today: dt.date) -> QuerySet[CaseCount, tuple[int, int | None, int]]:
    who = viewer(user)
    rows = CaseCount.objects.all()
    if user.role in (Role.ADMINISTRATOR, Role.ANALYST):
        rows = rows.filter(visibility=Visibility.PUBLIC)
    if user.role == Role.COMMUNITY:
        rows = rows.filter(brand_account_id__in=who.brand_account_ids)
    elif user.role != Role.ADMINISTRATOR:
        rows = rows.filter(department_id__in=who.department_ids)
    counted = rows.values_list("department_id", "assignee_id").annotate(n=Sum("delta")).order_by()
    return counted.union(_unread_row(user), _leave_row(user, today), all=True)


def _unread_row(user: User) -> Any:
    """The unread notices as one more row, so that they cost no statement of their own; no row when there are none."""
    rows = Notice.objects.filter(user=user, read_at__isnull=True).order_by()
    nobody = Value(None, output_field=BigIntegerField())
    grouped = rows.annotate(d=Value(_NOTICES_KEY, BigIntegerField()), a=nobody).values("d", "a")
    return grouped.annotate(n=Count("pk")).values_list("d", "a", "n")


def _leave_row(user: User, today: dt.date) -> Any:
    """The leave that the user is on, likewise."""
    nobody = Value(None, output_field=BigIntegerField())
    rows = Leave.objects.covering(today).filter(user=user).order_by()
    marked = rows.annotate(d=Value(_LEAVE_KEY, BigIntegerField()), a=nobody, n=Value(1, BigIntegerField()))
    return marked.values_list("d", "a", "n")


def _sum_counts(rows: Iterable[tuple[int, int | None, int]], user_id: int) -> OpenCounts:
    everything = unassigned = mine = unread = 0
    on_leave = False
    departments: dict[int, int] = {}
    for department, assignee, n in rows:
        if department == _NOTICES_KEY:
            unread = n
            continue
        if department == _LEAVE_KEY:
            on_leave = True
            continue
        everything += n
        departments[department] = departments.get(department, 0) + n
        unassigned += n if assignee is None else 0
        mine += n if assignee == user_id else 0
    return OpenCounts(everything, unassigned, mine, departments, unread, on_leave)
