"""Describe saved views as pages show them: how to save a list, what is gone, the list of all views."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from accounts.models import BrandAccount, User
from inbox.models import Case, SavedView, ViewScope
from inbox.queue.asked import AskedList
from inbox.queue.counts import count_views
from inbox.queue.filter_form import names_for
from inbox.queue.filter_words import FilterNames, describe_filters
from inbox.queue.filters import QueueFilters
from inbox.queue.navigation import describe_count
from inbox.queue.saved_views.rail import SEARCH, ShownView, rail_of, show_views
from inbox.queue.saved_views.rights import may_edit, may_share_with_all, sharing_departments
from inbox.visibility import list_departments

#: More views of others than these are not listed.
_MOST_LISTED = 500


@dataclass(frozen=True, slots=True)
class Saving:
    """Describe how the list on a page may be saved.

    `is_offered`: as a new view; `changes`: the saved view whose filters may be replaced; `edits`: the one that may be
    renamed, shared or deleted. `departments` and `everybody`: with whom a new one may be shared.
    """

    is_offered: bool
    changes: ShownView | None
    edits: ShownView | None
    departments: list[tuple[int, str]]
    everybody: bool


def describe_saving(asked: AskedList, user: User) -> Saving:
    """Return how a list may be saved. No statement beyond those of the navigation."""
    own = asked.view if asked.view and may_edit(user, asked.view) else None
    is_usual = asked.address() == asked.path and asked.department_id is None
    return Saving(
        is_offered=asked.is_changed or (asked.view is None and not is_usual),
        changes=own if asked.is_changed else None,
        edits=None if asked.is_changed else own,
        departments=_named_departments(user),
        everybody=may_share_with_all(user),
    )


def describe_saving_search(user: User) -> Saving:
    """Return how a search may be saved. No statement beyond those of the navigation."""
    return Saving(True, None, None, _named_departments(user), may_share_with_all(user))


def _named_departments(user: User) -> list[tuple[int, str]]:
    return [(department.pk, department.name) for department in sharing_departments(user)]


def describe_gone(filters: QueueFilters, user: User, names: FilterNames, *, is_empty: bool) -> str:
    """Return what a view looks for that is gone, in a sentence.

    "" for nothing. At most one statement, which looks for tags where the list is empty.
    """
    departments = {department.pk for department in list_departments(user)}
    gone = ["a department" for value in filters.department if int(value) not in departments]
    gone += ["an account" for value in filters.brand if int(value) not in names.brands]
    gone += ["a person" for value in filters.assignee if value.isdigit() and int(value) not in names.people]
    if is_empty and filters.tag:
        gone += _describe_tags(filters.tag, user)
    if not gone:
        return ""
    parts = list(dict.fromkeys(gone))
    listed = " and ".join([", ".join(parts[:-1]), parts[-1]] if parts[1:] else parts)
    return f"This view looks for {listed} that is not there any more, or not yours to see. Change its filters, or delete it."


def _describe_tags(tags: tuple[str, ...], user: User) -> list[str]:
    cases = Case.objects.visible_to(user).order_by()
    tagged = [cases.filter(tags__contains=[tag]).values_list("tags", flat=True)[:1] for tag in tags]
    rows = list(tagged[0].union(*tagged[1:], all=True) if tagged[1:] else tagged[0])
    present = {tag for row in rows for tag in row}
    return [f"the tag “#{tag}”" for tag in tags if tag not in present]


@dataclass(frozen=True, slots=True)
class ViewRow:
    """A view in the list of views. `count` is "" where cases are not counted; `place` its number in the navigation."""

    view: ShownView
    sentence: str
    audience: str
    owner: str
    count: str
    place: int
    is_first: bool
    is_last: bool
    may_edit: bool


def list_rows(user: User, now: dt.datetime) -> list[ViewRow]:
    """Return all views that a person may open: those of their navigation first. Six small statements."""
    placed = rail_of(user).views
    order = {view.pk: number for number, view in enumerate(placed, 1)}
    others = SavedView.objects.visible_to(user).exclude(pk__in=list(order)).order_by("name", "pk")
    views = [*placed, *show_views(others[:_MOST_LISTED])]
    counts = count_views(user, views, now)
    owners = {
        person.pk: str(person) for person in User.objects.filter(pk__in={view.owner_id for view in views})
    }
    writer = _ViewWriter(user, list(BrandAccount.objects.visible_to(user)))
    return [
        ViewRow(
            view=view,
            sentence=writer.describe(view),
            audience=writer.audience(view),
            owner="me" if view.owner_id == user.pk else owners.get(view.owner_id, ""),
            count=describe_count(counts[view.pk]) if view.pk in counts else "",
            place=order.get(view.pk, 0),
            is_first=order.get(view.pk) == 1,
            is_last=order.get(view.pk) == len(placed),
            may_edit=may_edit(user, view),
        )
        for view in views
    ]


def describe_view(view: ShownView, user: User) -> str:
    """Return what a view lists, in a sentence."""
    return _ViewWriter(user, list(BrandAccount.objects.visible_to(user))).describe(view)


class _ViewWriter:
    """Puts views into words for one reader."""

    def __init__(self, user: User, brands: Iterable[BrandAccount]) -> None:
        self.user, self.brands = user, list(brands)
        self.departments = {department.pk: department.name for department in list_departments(user)}

    def describe(self, view: ShownView) -> str:
        if view.kind == SEARCH:
            return f"Search for “{view.search}”"
        names = names_for(view.filters, self.brands, self.user)
        parts = describe_filters(view.filters, view.kind, names)
        return "".join(part.before + part.words for part in parts)

    def audience(self, view: ShownView) -> str:
        if view.scope == ViewScope.DEPARTMENTS:
            return ", ".join(
                self.departments.get(pk, "a department that is gone") for pk in view.department_ids
            )
        return "Everybody" if view.scope == ViewScope.COMPANY else "Only me"
