"""The orders of a list, and where in one a page begins.

An order has one or more stretches: with "due first" the cases that are due, then all others, newest first. A stretch
reads an index from its beginning or from a cursor.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Q

from inbox.models.case import CaseQuerySet
from inbox.queue.filters import QueueFilters, ViewKind
from postgres.paging import decode_cursor, encode_cursor


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a list: the cases that fit `only`, by `column`."""

    column: str
    oldest_first: bool = False
    only: Q | None = None
    #: The column has no index in this order.
    is_sorted: bool = False

    @property
    def order(self) -> tuple[str, str]:
        """The columns to order by."""
        sign = "" if self.oldest_first else "-"
        return f"{sign}{self.column}", f"{sign}id"

    def begin_at(self, cases: CaseQuerySet, at: dt.datetime | None, pk: int | None) -> CaseQuerySet:
        """Return the cases of the stretch in its order.

        They start after (`at`, `pk`), which is the last row of the previous page; both are None on the first page.
        """
        cases = cases.filter(self.only) if self.only is not None else cases
        if at is not None:
            # Two conditions make Postgres start reading the index at `at`; with an OR it would read from the beginning.
            step, tie = ("gte", "lte") if self.oldest_first else ("lte", "gte")
            cases = cases.filter(**{f"{self.column}__{step}": at})
            cases = cases.exclude(**{self.column: at, f"id__{tie}": pk})
        return cases.order_by(*self.order)


def stretches_of(kind: ViewKind, filters: QueueFilters) -> tuple[Stretch, ...]:
    """Return the stretches of a list, in their order.

    Together they have each case of the list once.
    """
    if kind in ("resolved", "unsent"):
        return (Stretch("closed_at" if kind == "resolved" else "unsent_since"),)
    if kind == "snoozed":
        return (Stretch("back_or_last", oldest_first=True),)
    # One's own cases are few: they are sorted, also those on which no clock runs.
    if kind == "mine" and filters.sort == "due":
        return (Stretch("due_or_last", oldest_first=True),)
    if filters.sort == "due":
        due = Stretch("next_due_at", oldest_first=True, only=Q(next_due_at__isnull=False))
        rest = Stretch("activity_at", only=Q(next_due_at__isnull=True))
        return {"": (due, rest), "none": (rest,)}.get(filters.due, (due,))
    if filters.sort == "waiting":
        waiting = Stretch(
            "waiting_since", oldest_first=True, only=Q(waiting_since__isnull=False), is_sorted=True
        )
        rest = Stretch("activity_at", only=Q(waiting_since__isnull=True))
        return (waiting,) if filters.waiting or filters.answer == "missing" else (waiting, rest)
    if filters.sort == "priority":
        return tuple(Stretch("activity_at", only=Q(priority=priority)) for priority in (2, 1, 0, -1))
    return (Stretch("activity_at", oldest_first=filters.sort == "oldest"),)


def read_place(after: str, stretches: int) -> tuple[int, dt.datetime | None, int | None]:
    """Return the stretch in which a page begins, and the row.

    That row, by its time and id, was the last of the page before. The beginning of the list for anything that `write_place` did not write for a list with so many stretches.
    """
    number, cursor = (after[0], after[1:]) if len(after) == 23 else ("0", after)
    place = decode_cursor(cursor)
    if place is None or number not in "0123"[:stretches]:
        return 0, None, None
    return int(number), *place


def write_place(stretch: int, at: dt.datetime, pk: int) -> str:
    """Return the cursor of the page after a row."""
    return f"{stretch or ''}{encode_cursor(at, pk)}"
