"""The views in a person's navigation, and what opens first for them: read in one statement for each request."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.db.models import BigIntegerField, F, OuterRef, Q, TextField, Value
from django.db.models.functions import Cast
from django.http import QueryDict

from accounts.models import User
from inbox.models import OpeningList, SavedView
from inbox.models.saved_view import SavedViewQuerySet
from inbox.queue.filters import QueueFilters, ViewKind
from postgres.prepared_querysets import prepared_query

#: The kind of a view that is a search: its query is that of the page of search.
SEARCH: Literal["search"] = "search"
#: The most views that the navigation shows and counts; the page of views has all.
MOST_IN_NAVIGATION = 20
_VIEW, _OWN, _ROLE = "view", "own", "role"
_COLUMNS = (
    "row_kind", "shown_id", "shown_name", "shown_kind", "shown_query", "shown_owner", "shown_scope", "shown_version",
    "shown_departments",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ShownView:
    """A saved view as pages show it. `department_ids`: those that it is shared with."""

    pk: int
    name: str
    kind: ViewKind | Literal["search"]
    query: str
    owner_id: int
    scope: str
    version: int
    department_ids: tuple[int, ...]

    @property
    def filters(self) -> QueueFilters:
        """Its filters and its order; none of a search."""
        return QueueFilters() if self.kind == SEARCH else parse_query(self.kind, self.query)

    @property
    def search(self) -> str:
        """Return what a saved search looks for, as it was typed."""
        return QueryDict(self.query).get("q", "") if self.kind == SEARCH else ""


@dataclass(frozen=True, slots=True)
class Rail:
    """The views of a navigation in their order.

    `opening` is what was chosen to open first: the id of a view, the kind of a list, or "" for the usual one.
    """

    views: tuple[ShownView, ...]
    opening: int | str = ""

    @property
    def opens_elsewhere(self) -> bool:
        """True when something else than all open cases opens first."""
        return self.opening not in ("", "open")


@lru_cache(maxsize=4096)
def parse_query(kind: ViewKind, query: str) -> QueueFilters:
    """Return the filters of a stored query."""
    return replace(QueueFilters.parse(QueryDict(query), kind), after="")


def rail_of(user: User) -> Rail:
    """Return the views in a person's navigation.

    One statement per request: they are stored on the user, as the `Viewer` is.
    """
    rail = user.__dict__.get("_rail")
    if not isinstance(rail, Rail):
        rail = user.__dict__["_rail"] = _read_rail(user)
    return rail


def find_view(user: User, pk: int) -> ShownView | None:
    """Return a view that the person may open, None for any other. No statement for one in the navigation."""
    if shown := next((view for view in rail_of(user).views if view.pk == pk), None):
        return shown
    views = show_views(SavedView.objects.visible_to(user).filter(pk=min(pk, 2**62)))
    return next(iter(views), None)


def show_views(views: SavedViewQuerySet) -> list[ShownView]:
    """Read views in their order. One statement."""
    return [_build_view(row) for row in _select_views(views)]


def _read_rail(user: User) -> Rail:
    views, opening = [], {}
    for row in _select_rail(user):
        if row[0] == _VIEW:
            views.append(_build_view(row))
        else:
            opening[row[0]] = row[1] or row[3]
    return Rail(tuple(views), opening.get(_OWN) or opening.get(_ROLE) or "")


@prepared_query
def _select_rail(user: User) -> Any:
    """Select the views, then what opens first."""
    views = _select_views(SavedView.objects.in_navigation_of(user)[:MOST_IN_NAVIGATION])
    own = _select_opening(_OWN, Q(user=user))
    role = _select_opening(_ROLE, Q(user__isnull=True, role=user.role))
    return views.union(own, role, all=True)


def _select_views(views: SavedViewQuerySet) -> Any:
    through = SavedView.departments.through.objects.filter(savedview_id=OuterRef("pk"))
    columns = {
        "row_kind": Value(_VIEW, TextField()), "shown_id": F("pk"), "shown_name": F("name"), "shown_kind": F("kind"),
        "shown_query": F("query"), "shown_owner": F("owner_id"), "shown_scope": F("scope"),
        "shown_version": F("version"),
        "shown_departments": ArraySubquery(through.order_by("department_id").values("department_id")),
    }  # fmt: skip
    return views.annotate(**columns).values_list(*_COLUMNS)


def _select_opening(row_kind: str, condition: Q) -> Any:
    nothing, none = Value("", TextField()), Cast(Value(None), BigIntegerField())
    columns = {
        "row_kind": Value(row_kind, TextField()), "shown_id": F("view_id"), "shown_name": nothing,
        "shown_kind": F("kind"), "shown_query": nothing, "shown_owner": none, "shown_scope": nothing,
        "shown_version": none,
        "shown_departments": Cast(Value([]), ArrayField(BigIntegerField())),
    }  # fmt: skip
    return OpeningList.objects.filter(condition).annotate(**columns).values_list(*_COLUMNS)


def _build_view(row: Iterable[Any]) -> ShownView:
    _, pk, name, kind, query, owner_id, scope, version, department_ids = row
    return ShownView(pk, name, kind, query, owner_id, scope, version, tuple(department_ids))
