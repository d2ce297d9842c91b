"""Counts of open cases by department, brand account and assignee, for the navigation.

Triggers append the counts (`CaseCount`); this module folds and sums them.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.db.models import BigIntegerField, Count, QuerySet, Sum, TextField, Value
from django.db.models.functions import Cast
from django.utils import timezone

from accounts.access import viewer
from accounts.brand_accounts.troubles import troubles_of_concern
from accounts.models import Leave, User
from accounts.working_time import presence
from inbox.approval_rules.approvers import pending_replies
from inbox.models import SPAM_DEPARTMENT, Case, CaseCount
from inbox.notices.notify import unread_notices
from inbox.queue.saved_views.counting import VIEWS, count_parts, is_counted
from inbox.queue.saved_views.rail import ShownView
from inbox.visibility import Reach, case_scope
from postgres.prepared_querysets import prepared_statement

#: The kinds of rows of the counting statement.
_CASES, _UNREAD_NOTICES, _LEAVE, _TROUBLES, _OVER = "cases", "unread notices", "leave", "troubles", "over"
_TO_APPROVE = "to approve"
#: The last two columns of rows that are not of cases.
_NOTHING = {"none": Value(0), "none_asleep": Value(0)}
#: No more cases over their target are counted than this: every page shows the number.
MOST_OVER = 1000
_FOLD_SQL = """
WITH gone AS (DELETE FROM inbox_casecount
  RETURNING department_id, brand_account_id, visibility, assignee_id, delta, unsent_delta, snoozed_delta)
INSERT INTO inbox_casecount
  (department_id, brand_account_id, visibility, assignee_id, delta, unsent_delta, snoozed_delta)
SELECT department_id, brand_account_id, visibility, assignee_id, sum(delta), sum(unsent_delta), sum(snoozed_delta)
FROM gone GROUP BY 1, 2, 3, 4 HAVING sum(delta) <> 0 OR sum(unsent_delta) <> 0 OR sum(snoozed_delta) <> 0
"""


#: Kind, department, assignee, number, and the numbers of unsent answers and of snoozed cases. Only rows of cases have a
#: department and the last two; they may have an assignee. Rows of troubles have a brand account in its place, rows of
#: saved views the view.
_CountRow = tuple[str, int | None, int | None, int, int, int]


@dataclass(frozen=True, slots=True)
class OpenCounts:
    """The numbers in the navigation.

    Open cases that the user sees and that are not snoozed (all, unassigned, the user's own, and by department id), the
    snoozed ones, the number of unread notices, whether the user is on leave, the cases with an answer that was not sent, open or closed, the number of
    brand accounts with a trouble that concerns the user, that of answers over their target, at most `MOST_OVER`, and that
    of answers that wait for the user's approval.
    """

    all: int
    unassigned: int
    own: int
    departments: dict[int, int]
    unread: int = 0
    on_leave: bool = False
    unsent: int = 0
    sick_accounts: int = 0
    over_target: int = 0
    snoozed: int = 0
    #: By the id of a saved view, at most `MOST_COUNTED`.
    views: dict[int, int] = field(default_factory=dict)
    to_approve: int = 0


def fold_case_counts() -> None:
    """Replace the deltas by their sums, in one statement.

    Deltas that other transactions append meanwhile are kept.
    """
    with connection.cursor() as cursor:
        cursor.execute(_FOLD_SQL)


def open_counts(user: User, views: Iterable[ShownView] = ()) -> OpenCounts:
    """Return the numbers in a user's navigation, with those of saved views.

    One statement. Counts the cases that the user sees by role.
    """
    now, scope = timezone.now(), case_scope(user)
    sees_cases = scope.reach is Reach.EVERY_CASE or bool(scope.ids)
    counts = _select_counts(user, presence.local_date(now), now if sees_cases else None)
    return _sum_counts(_read_parts(filter(None, [counts, *count_parts(user, views, now)])), user.pk)


def count_views(user: User, views: Sequence[ShownView], now: dt.datetime) -> dict[int, int]:
    """Return how many cases views list, by id, at most `MOST_COUNTED`. One statement."""
    numbers = {view_id: n for _, _, view_id, n, _, _ in _read_parts(count_parts(user, views, now))}
    return {view.pk: numbers.get(view.pk, 0) for view in views if is_counted(view)}


def _read_parts(parts: Iterable[tuple[str, tuple[Any, ...]]]) -> Sequence[Any]:
    """Run parts of a counting statement as one, none without a part."""
    statements = list(parts)
    if not statements:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            " UNION ALL ".join(sql for sql, _ in statements),
            [value for _, values in statements for value in values],
        )
        rows: list[Any] = cursor.fetchall()
    return rows


@prepared_statement
def _select_counts(user: User, today: dt.date, now: dt.datetime | None) -> QuerySet[CaseCount, _CountRow]:
    """Select the six kinds of rows in one statement.

    Cases by department and assignee, unread notices, the user's leave, troubles by brand account, answers that wait for
    approval, and answers over their target; the last two not for somebody who sees no case, who is asked without `now`.
    """
    cases = CaseCount.objects.filter(case_scope(user).condition()).order_by()
    counted = cases.annotate(row_kind=_text(_CASES)).values("row_kind", "department_id", "assignee_id")
    sums = {
        "n": Sum("delta") - Sum("snoozed_delta"),
        "unsent": Sum("unsent_delta"),
        "asleep": Sum("snoozed_delta"),
    }
    rows = counted.annotate(**sums).values_list(
        "row_kind", "department_id", "assignee_id", "n", "unsent", "asleep"
    )
    more = [_unread_row(user), _leave_row(user, today), _trouble_rows(user)]
    more += [_over_row(user, now)] if now else []
    more += [_approval_row(user)] if now and viewer(user).may("approve") else []
    return rows.union(*more, all=True)


def _unread_row(user: User) -> Any:
    """Select the number of the user's unread notices as one row.

    No row if there are none.
    """
    notices = unread_notices(user).order_by()
    marked = notices.annotate(row_kind=_text(_UNREAD_NOTICES), no_department=_no_id(), no_assignee=_no_id())
    counted = marked.values("row_kind", "no_department", "no_assignee").annotate(n=Count("pk"), **_NOTHING)
    return counted.values_list("row_kind", "no_department", "no_assignee", "n", "none", "none_asleep")


def _leave_row(user: User, today: dt.date) -> Any:
    """Select the user's present leave as one row.

    No row if the user is not on leave.
    """
    leaves = Leave.objects.covering(today).filter(user=user).order_by()
    marked = leaves.annotate(
        row_kind=_text(_LEAVE), no_department=_no_id(), no_assignee=_no_id(), n=Value(1), **_NOTHING
    )
    return marked.values_list("row_kind", "no_department", "no_assignee", "n", "none", "none_asleep")


def _trouble_rows(user: User) -> Any:
    """Select a row for each brand account in trouble.

    Of the troubles that concern the user.
    """
    troubles = troubles_of_concern(user).order_by()
    marked = troubles.annotate(row_kind=_text(_TROUBLES), no_department=_no_id())
    counted = marked.values("row_kind", "no_department", "brand_account_id")
    counted = counted.annotate(n=Count("pk"), **_NOTHING)
    return counted.values_list("row_kind", "no_department", "brand_account_id", "n", "none", "none_asleep")


def _approval_row(user: User) -> Any:
    """Select the number of answers that wait for the user's approval.

    As one row, as their list counts them. No row if there are none.
    """
    marked = pending_replies(user).order_by()
    marked = marked.annotate(row_kind=_text(_TO_APPROVE), no_department=_no_id(), no_assignee=_no_id())
    counted = marked.values("row_kind", "no_department", "no_assignee").annotate(n=Count("pk"), **_NOTHING)
    return counted.values_list("row_kind", "no_department", "no_assignee", "n", "none", "none_asleep")


def _over_row(user: User, now: dt.datetime) -> Any:
    """Select the number of answers over their target as one row.

    As today's page counts them. No row if there are none.
    """
    over = Case.objects.visible_to(user).over_target(now).exclude(department__slug=SPAM_DEPARTMENT)
    some = Case.objects.filter(pk__in=over.order_by().values("pk")[:MOST_OVER]).order_by()
    marked = some.annotate(row_kind=_text(_OVER), no_department=_no_id(), no_assignee=_no_id())
    counted = marked.values("row_kind", "no_department", "no_assignee").annotate(n=Count("pk"), **_NOTHING)
    return counted.values_list("row_kind", "no_department", "no_assignee", "n", "none", "none_asleep")


def _text(kind: str) -> Value:
    return Value(kind, TextField())


def _no_id() -> Cast:
    # Cast, because Postgres takes a bare NULL for text where the rows of cases, which come first, are left out.
    return Cast(Value(None), BigIntegerField())


def _sum_counts(rows: Iterable[_CountRow], user_id: int) -> OpenCounts:
    everything = unassigned = own = unread = unsent = asleep = sick = over = to_approve = 0
    on_leave = False
    departments: dict[int, int] = defaultdict(int)
    views: dict[int, int] = {}
    for kind, department_id, assignee_id, n, not_sent, snoozed in rows:
        unsent, asleep = unsent + not_sent, asleep + snoozed
        if kind == _UNREAD_NOTICES:
            unread = n
        elif kind == _LEAVE:
            on_leave = True
        elif kind == _TROUBLES:
            sick += 1
        elif kind == _OVER:
            over = n
        elif kind == VIEWS and assignee_id is not None:
            views[assignee_id] = n
        elif kind == _TO_APPROVE:
            to_approve = n
        elif department_id is not None:
            everything += n
            departments[department_id] += n
            unassigned += n if assignee_id is None else 0
            own += n if assignee_id == user_id else 0
    return OpenCounts(
        everything,
        unassigned,
        own,
        dict(departments),
        unread,
        on_leave,
        unsent,
        sick,
        over,
        asleep,
        views,
        to_approve,
    )
