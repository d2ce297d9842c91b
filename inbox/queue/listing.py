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
from inbox.models import Case, Custody
from inbox.models.case import CaseQuerySet
from inbox.queue.filters import QueueFilters, ViewKind
from inbox.queue.narrowing import narrow_by_time, narrow_cases, time_bounds
from inbox.queue.ordering import Stretch, read_place, stretches_of, write_place
from inbox.queue.rows import build_row
from inbox.visibility import Reach, case_scope, queue_department_ids
from postgres.prepared_querysets import prepared_query

#: Rows on a page.
ROWS_PER_PAGE = 50
#: Stands for the due time of a case on which no clock runs, and the end of a snooze without one: after all others.
_NEVER_DUE = dt.datetime(9000, 1, 1, tzinfo=dt.UTC)

_ROW_COLUMNS = (
    "id", "identity__handle", "identity__name", "network", "preview", "activity_at", "status", "department__name",
    "assignee__initials", "assignee__username", "closed_at", "brand_account_id", "visibility", "sentiment",
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
    view. One or two statements, and one for each further stretch of the order.
    """
    cases, after = select_page(user, kind, filters, now, department_id)
    may_pick = viewer(user).may("claim")
    built = [build_row(case, brands, kind, now, user.pk, may_pick=may_pick) for case in cases]
    return QueuePage(built, after)


def select_page(
    user: User, kind: ViewKind, filters: QueueFilters, now: dt.datetime, department_id: int | None = None
) -> tuple[list[dict[str, Any]], str]:
    """Return the cases of one page of a view.

    As `build_row` takes them, with the next page's cursor.
    """
    view = _View(user, kind, filters, department_id, time_bounds(filters, now))
    stretches = stretches_of(kind, filters)
    first, at, pk = read_place(filters.after, len(stretches))
    if len(stretches) == 1 and not stretches[0].is_sorted and view.reads_one_index:
        rows = _select_single_branch(
            user, kind, replace(filters, after=""), department_id, *view.bounds, at, pk
        )
        placed = [(0, row) for row in rows]
    elif len(stretches) == 1:
        placed = [(0, row) for row in _read_branches(view, stretches[0], at, pk)]
    else:
        placed = _read_stretches(view, stretches, first, (at, pk))
    more = len(placed) > ROWS_PER_PAGE
    placed = placed[:ROWS_PER_PAGE]
    after = ""
    if more:
        number, last = placed[-1]
        after = write_place(number, last[stretches[number].column], last["id"])
    return [row for _, row in placed], after


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
    cases = cases_within(user, kind, filters, time_bounds(filters, now or timezone.now()))
    return cases if department_id is None else cases.filter(department_id=department_id)


def cases_within(
    user: User,
    kind: ViewKind,
    filters: QueueFilters,
    bounds: tuple[dt.datetime | None, dt.datetime | None, dt.datetime | None],
) -> CaseQuerySet:
    """Return the cases of a view, as `cases_of_view` does.

    `bounds` are those of `time_bounds`.
    """
    return narrow_by_time(_narrowed_cases(user, kind, filters), filters, *bounds)


@dataclass(frozen=True, slots=True)
class _View:
    """A view and its filters. `bounds` are those of `narrow_by_time`."""

    user: User
    kind: ViewKind
    filters: QueueFilters
    department_id: int | None
    bounds: tuple[dt.datetime | None, dt.datetime | None, dt.datetime | None]

    @property
    def reads_one_index(self) -> bool:
        """True when one statement, prepared once for each combination of filters, reads the page.

        Not with words of people, which may be any.
        """
        has_words = self.filters.tag or self.filters.customer_tag or self.filters.text
        return not has_words and (self.department_id is not None or self.kind in ("mine", "watching"))

    def branches(self, stretch: Stretch) -> list[CaseQuerySet]:
        """Return the view as querysets that do not overlap.

        Each of them reads its own index.
        """
        due_index = stretch.column == "next_due_at"
        branches = _branches(self.user, self.kind, self.filters, self.department_id, due_index=due_index)
        return [narrow_by_time(branch, self.filters, *self.bounds) for branch in branches]


@prepared_query
def _select_single_branch(
    user: User, kind: ViewKind, filters: QueueFilters, department_id: int | None, due_from: dt.datetime | None,
    due_before: dt.datetime | None, waiting_before: dt.datetime | None, after: dt.datetime | None, after_id: int | None,
) -> Any:  # fmt: skip
    """Select the rows of a view that reads one index.

    `filters` are without the values that differ from page to page, which are separate arguments.
    """
    (stretch,) = stretches_of(kind, filters)
    view = _View(user, kind, filters, department_id, (due_from, due_before, waiting_before))
    (cases,) = view.branches(stretch)
    return _select_columns(stretch.begin_at(cases, after, after_id), kind)[: ROWS_PER_PAGE + 1]


def _narrowed_cases(user: User, kind: ViewKind, filters: QueueFilters) -> CaseQuerySet:
    """Return the cases that fit a view and its filters.

    Filters by time are left out.
    """
    cases = Case.objects.watched_by(user) if kind == "watching" else Case.objects.visible_to(user)
    if kind == "unsent":
        cases = cases.unsent()
    else:
        cases = cases.closed() if kind == "resolved" else _open_cases_of(cases, kind)
    cases = narrow_cases(cases, filters, user)
    if kind == "mine":
        cases = cases.filter(assignee=user)
    return cases.filter(assignee__isnull=True) if kind == "unassigned" else cases


def _open_cases_of(cases: CaseQuerySet, kind: ViewKind) -> CaseQuerySet:
    """Return the open cases of a view: whoever watches a case sees it there, snoozed or not."""
    if kind == "watching":
        return cases.open()
    return cases.snoozed() if kind == "snoozed" else cases.listed()


def _branches(
    user: User, kind: ViewKind, filters: QueueFilters, department_id: int | None, *, due_index: bool
) -> list[CaseQuerySet]:
    """Return the view as querysets that do not overlap.

    Without filters by time. `due_index`: they read the index of due times, of which there is one by department.
    """
    if kind in ("mine", "watching", "snoozed", "unsent"):
        cases = _narrowed_cases(user, kind, filters)
        if kind == "mine":
            cases = cases.annotate(due_or_last=Coalesce("next_due_at", Value(_NEVER_DUE)))
        if kind == "snoozed":
            cases = cases.annotate(back_or_last=Coalesce("snoozed_until", Value(_NEVER_DUE)))
        return [cases]
    if department_id is not None:
        return [_narrowed_cases(user, kind, filters).filter(department_id=department_id)]
    scope = case_scope(user)
    if scope.reach is Reach.OWN_DEPARTMENTS or due_index or filters.department:
        ids = _chosen(queue_department_ids(user), filters.department)
        cases = _narrowed_cases(user, kind, replace(filters, department=()))
        return [cases.filter(department_id=pk) for pk in ids]
    # There is an index of open cases by brand account, but none of closed cases.
    if (scope.brand_account_ids is not None or filters.brand) and kind != "resolved":
        own = sorted(scope.brand_account_ids or map(int, filters.brand))
        cases = _narrowed_cases(user, kind, replace(filters, brand=()))
        return [cases.filter(brand_account_id=pk) for pk in _chosen(own, filters.brand)]
    return [_narrowed_cases(user, kind, filters)]


def _chosen(ids: list[int], chosen: tuple[str, ...]) -> list[int]:
    """Return those ids that a filter names, all without a filter."""
    return [pk for pk in ids if not chosen or str(pk) in chosen]


def _read_branches(view: _View, stretch: Stretch, at: dt.datetime | None, pk: int | None) -> list[Any]:
    """Read the rows of a stretch in order.

    Several branches, or an order without an index, are first reduced to the page's ids, so that only fifty rows are
    joined with their customers and departments.
    """
    branches = view.branches(stretch)
    if not branches:
        return []
    if len(branches) == 1 and not stretch.is_sorted:
        cases = stretch.begin_at(branches[0], at, pk)[: ROWS_PER_PAGE + 1]
        return list(_select_columns(cases, view.kind))
    return _read_rows(view, _read_ids(branches, stretch, at, pk, ROWS_PER_PAGE + 1))


def _read_stretches(
    view: _View, stretches: tuple[Stretch, ...], first: int, place: tuple[dt.datetime | None, int | None]
) -> list[tuple[int, Any]]:
    """Read rows from a place on until the page is full.

    Each with the number of its stretch.
    """
    placed: list[tuple[int, int]] = []
    for number, stretch in enumerate(stretches[first:], first):
        at, pk = place if number == first else (None, None)
        wanted = ROWS_PER_PAGE + 1 - len(placed)
        ids = _read_ids(view.branches(stretch), stretch, at, pk, wanted)
        placed += [(number, case_id) for case_id in ids]
        if len(placed) > ROWS_PER_PAGE:
            break
    numbers = {pk: number for number, pk in placed}
    return [(numbers[row["id"]], row) for row in _read_rows(view, list(numbers))]


def _read_ids(
    branches: list[CaseQuerySet], stretch: Stretch, at: dt.datetime | None, pk: int | None, limit: int
) -> list[int]:
    """Return the ids of the first cases of a stretch, in order. One statement."""
    if not branches:
        return []
    begun = [stretch.begin_at(branch, at, pk)[:limit] for branch in branches]
    key_queries = [cases.values_list(stretch.column, "id") for cases in begun]
    merged = (
        key_queries[0].union(*key_queries[1:], all=True).order_by(*stretch.order)
        if key_queries[1:]
        else key_queries[0]
    )
    return [case_id for _, case_id in merged[:limit]]


def _read_rows(view: _View, ids: list[int]) -> list[Any]:
    """Read the rows of these cases, in the order of the ids."""
    rows = (
        {row["id"]: row for row in _select_columns(Case.objects.filter(pk__in=ids), view.kind)} if ids else {}
    )
    return [rows[pk] for pk in ids if pk in rows]


def _select_columns(cases: CaseQuerySet, kind: ViewKind) -> Any:
    columns: dict[str, Any] = {}
    if kind == "watching":
        custody = Custody.objects.filter(case=OuterRef("pk"), left_at__isnull=True)
        columns["held_since"] = Subquery(custody.values("sent_at")[:1])
    orders = [name for name in ("due_or_last", "back_or_last") if name in cases.query.annotations]
    return cases.values(*_ROW_COLUMNS, *orders, **columns)
