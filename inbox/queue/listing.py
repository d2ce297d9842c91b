"""The cases of a view, in its order, one page at a time.

Paging is by keyset: a cursor holds the last row of a page. For a person with several departments (or brand accounts)
the query has one branch for each, so that each branch reads its own partial index and stops early.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import OuterRef, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.safestring import SafeString

from accounts.access import viewer
from accounts.models import BrandAccount, User
from inbox import countdown
from inbox.models import Case, Custody, Direction, Message
from inbox.models.case import CaseQuerySet
from inbox.queue.filters import QueueFilters, ViewKind
from inbox.queue.rows import build_row
from inbox.visibility import Reach, case_scope, queue_department_ids
from postgres.paging import decode_cursor, encode_cursor
from postgres.prepared_querysets import prepared_query

#: Rows on a page.
ROWS_PER_PAGE = 50
#: A case is due soon if its next due time is within this time.
DUE_SOON_WITHIN = dt.timedelta(hours=2)
#: Orders that begin with the oldest case; cases without that time are left out.
_OLDEST_FIRST = ("waiting_since", "next_due_at", "due_or_last", "back_or_last")
#: Stands for the due time of a case on which no clock runs, and the end of a snooze without one: after all others.
_NEVER_DUE = dt.datetime(9000, 1, 1, tzinfo=dt.UTC)

_ROW_COLUMNS = (
    "id", "identity__handle", "identity__name", "network", "preview", "activity_at", "status", "department__name",
    "assignee__initials", "assignee__username", "closed_at", "brand_account_id", "visibility",
    "priority", "tags", "assignee_id", "returned_count", "hint", "unsent", "unsent_since", *countdown.WAITING_CHIP_FIELDS,
    "snoozed_since", "snoozed_until", "snoozed_for", "woke",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class QueuePage:
    """Rows in order, as markup. `after` is the next page's cursor, "" on the last page."""

    rows: list[SafeString]
    after: str


def queue_page(
    user: User, kind: ViewKind, filters: QueueFilters, brands: dict[int, BrandAccount], now: dt.datetime,
    department_id: int | None = None,
) -> QueuePage:  # fmt: skip
    """Return one page of a view.

    Only cases that the user may read. `brands` are all brand accounts by id; `department_id` is set for a department's
    view. One or two statements.
    """
    order, bounds = _order_column(kind, filters), _due_bounds(filters, now)
    last_seen = decode_cursor(filters.after) or (None, None)
    # There is one prepared statement for each combination of filters; not for tags, which may be any words.
    if (
        order != "waiting_since"
        and not filters.tag
        and (department_id is not None or kind in ("mine", "watching"))
    ):
        rows: list[Any] = _select_single_branch(
            user,
            kind,
            replace(filters, after="", brand=0),
            filters.brand or None,
            department_id,
            *bounds,
            *last_seen,
        )
    else:
        branches = [
            _ordered_from(_filter_due(branch, *bounds), order, *last_seen)[: ROWS_PER_PAGE + 1]
            for branch in _branches(user, kind, filters, department_id)
        ]
        rows = _read_branches(branches, order, kind)
    more = len(rows) > ROWS_PER_PAGE
    rows = rows[:ROWS_PER_PAGE]
    after = encode_cursor(rows[-1][order], rows[-1]["id"]) if more else ""
    may_pick = viewer(user).may("claim")
    built = [build_row(case, brands, kind, now, user.pk, may_pick=may_pick) for case in rows]
    return QueuePage(built, after)


def _order_column(kind: ViewKind, filters: QueueFilters) -> str:
    if kind in ("resolved", "unsent"):
        return "closed_at" if kind == "resolved" else "unsent_since"
    if kind == "snoozed":
        return "back_or_last"
    # One's own cases are few, and all of them are listed, also those on which no clock runs.
    if kind == "mine" and filters.sort == "due":
        return "due_or_last"
    # Filters by due time use the index of due times, and therefore its order.
    if filters.sort in ("due", "soon", "overdue"):
        return "next_due_at"
    return "waiting_since" if filters.sort == "waiting" else "activity_at"


@prepared_query
def _select_single_branch(
    user: User, kind: ViewKind, filters: QueueFilters, brand: int | None, department_id: int | None,
    due_from: dt.datetime | None, due_before: dt.datetime | None, after: dt.datetime | None, after_id: int | None,
) -> Any:  # fmt: skip
    """Select the rows of a view that reads one index.

    `filters` are without the values that differ from page to page, which are separate arguments.
    """
    (cases,) = _branches(user, kind, replace(filters, brand=brand or 0), department_id)
    cases = _ordered_from(
        _filter_due(cases, due_from, due_before), _order_column(kind, filters), after, after_id
    )
    return _select_columns(cases, kind)[: ROWS_PER_PAGE + 1]


def _due_bounds(filters: QueueFilters, now: dt.datetime) -> tuple[dt.datetime | None, dt.datetime | None]:
    if filters.sort == "overdue":
        return None, now
    return (now, now + DUE_SOON_WITHIN) if filters.sort == "soon" else (None, None)


def _filter_due(cases: CaseQuerySet, since: dt.datetime | None, before: dt.datetime | None) -> CaseQuerySet:
    if since is not None:
        cases = cases.filter(next_due_at__gte=since)
    return cases if before is None else cases.filter(next_due_at__lt=before)


def cases_of_view(
    user: User,
    kind: ViewKind,
    filters: QueueFilters,
    department_id: int | None = None,
    now: dt.datetime | None = None,
) -> CaseQuerySet:
    """Return the cases that a view lists, unpaged and unordered.

    Only cases that the user may read. `department_id` is set for a department's view; `now` decides what is due.
    """
    cases = _narrowed_cases(user, kind, filters)
    cases = _filter_due(cases, *_due_bounds(filters, now or timezone.now()))
    order = _order_column(kind, filters)
    if order in ("waiting_since", "next_due_at"):
        cases = cases.filter(**{f"{order}__isnull": False})
    return cases if department_id is None else cases.filter(department_id=department_id)


def _narrowed_cases(user: User, kind: ViewKind, filters: QueueFilters) -> CaseQuerySet:
    """Return the cases that fit a view and its filters.

    Filters by due time are left out.
    """
    cases = Case.objects.watched_by(user) if kind == "watching" else Case.objects.visible_to(user)
    if kind == "unsent":
        cases = cases.unsent()
    else:
        cases = cases.closed() if kind == "resolved" else _open_cases_of(cases, kind)
    if filters.network:
        cases = cases.filter(network=filters.network)
    if filters.brand:
        cases = cases.filter(brand_account_id=filters.brand)
    if filters.status:
        cases = cases.filter(status=filters.status)
    if filters.tag:
        cases = cases.filter(tags__contains=[filters.tag])
    if kind == "mine":
        cases = cases.filter(assignee=user)
    return cases.filter(assignee__isnull=True) if kind == "unassigned" else cases


def _open_cases_of(cases: CaseQuerySet, kind: ViewKind) -> CaseQuerySet:
    """Return the open cases of a view: whoever watches a case sees it there, snoozed or not."""
    if kind == "watching":
        return cases.open()
    return cases.snoozed() if kind == "snoozed" else cases.listed()


def _branches(
    user: User, kind: ViewKind, filters: QueueFilters, department_id: int | None
) -> list[CaseQuerySet]:
    """Return the view as querysets that do not overlap.

    Each of them reads its own index.
    """
    cases = _narrowed_cases(user, kind, filters)
    if kind == "mine":
        return [cases.annotate(due_or_last=Coalesce("next_due_at", Value(_NEVER_DUE)))]
    if kind == "snoozed":
        return [cases.annotate(back_or_last=Coalesce("snoozed_until", Value(_NEVER_DUE)))]
    if kind in ("watching", "unsent"):
        return [cases]
    if department_id is not None:
        return [cases.filter(department_id=department_id)]
    scope = case_scope(user)
    if scope.reach is Reach.OWN_DEPARTMENTS or _order_column(kind, filters) == "next_due_at":
        return [cases.filter(department_id=pk) for pk in queue_department_ids(user)]
    # There is an index of open cases by brand account, but none of closed cases.
    if scope.brand_account_ids is not None and not filters.brand and kind != "resolved":
        return [cases.filter(brand_account_id=pk) for pk in sorted(scope.brand_account_ids)]
    return [cases]


def _ordered_from(cases: CaseQuerySet, order: str, at: dt.datetime | None, pk: int | None) -> CaseQuerySet:
    """Order cases as in the view, starting after (`at`, `pk`).

    That is the last row of the previous page; both are None on the first page.
    """
    oldest_first = order in _OLDEST_FIRST
    if oldest_first:
        cases = cases.filter(**{f"{order}__isnull": False})
    if at is not None:
        # Two conditions make Postgres start reading the index at `at`; with an OR it would read from the beginning.
        step, tie = ("gte", "lte") if oldest_first else ("lte", "gte")
        cases = cases.filter(**{f"{order}__{step}": at}).exclude(**{order: at, f"id__{tie}": pk})
    return cases.order_by(order, "id") if oldest_first else cases.order_by(f"-{order}", "-id")


def _read_branches(branches: list[CaseQuerySet], order: str, kind: ViewKind) -> list[Any]:
    """Read the rows of the branches in order.

    Several branches, or an order without an index, are first reduced to the page's ids, so that only fifty rows are
    joined with their customers and departments.
    """
    if not branches:
        return []
    if len(branches) == 1 and order != "waiting_since":
        return list(_select_columns(branches[0], kind))
    key_queries = [branch.values_list(order, "id") for branch in branches]
    direction = "" if order in _OLDEST_FIRST else "-"
    merged = (
        key_queries[0].union(*key_queries[1:], all=True).order_by(f"{direction}{order}", f"{direction}id")
        if key_queries[1:]
        else key_queries[0]
    )
    ids = [pk for _, pk in merged[: ROWS_PER_PAGE + 1]]
    rows = {row["id"]: row for row in _select_columns(Case.objects.filter(pk__in=ids), kind)}
    return [rows[pk] for pk in ids if pk in rows]


def _select_columns(cases: CaseQuerySet, kind: ViewKind) -> Any:
    written = Message.objects.filter(case=OuterRef("pk"), direction=Direction.INBOUND)
    last = written.order_by("-network_time", "-id")[:1]
    columns: dict[str, Any] = {"sentiment": Subquery(last.values("sentiment"))}
    if kind == "watching":
        custody = Custody.objects.filter(case=OuterRef("pk"), left_at__isnull=True)
        columns["held_since"] = Subquery(custody.values("sent_at")[:1])
    orders = [name for name in ("due_or_last", "back_or_last") if name in cases.query.annotations]
    return cases.values(*_ROW_COLUMNS, *orders, **columns)
