"""A list that was asked for by its address: what it lists, by which filters, and where it stands."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, cast
from urllib.parse import urlencode, urlsplit

from django.http import QueryDict
from django.urls import Resolver404, resolve

from accounts.models import User
from inbox.addresses import address_pattern, known_address
from inbox.queue.filter_words import VIEW_TITLES
from inbox.queue.filters import SEVERAL, SINGLE, QueueFilters, ViewKind
from inbox.queue.navigation import open_address
from inbox.queue.saved_views.rail import SEARCH, ShownView, find_view
from inbox.queue.search import clean_query
from inbox.visibility import queue_departments

#: In the address of a saved view without its filters: it has none on purpose.
_CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class AskedList:
    """A list that was asked for. `view` is set for a saved view, `department_id` for the list of a department."""

    title: str
    kind: ViewKind
    path: str
    filters: QueueFilters
    slug: str = ""
    department_id: int | None = None
    view: ShownView | None = None

    @property
    def of(self) -> str:
        """Return what the form of filters calls the list."""
        if self.view:
            return f"view:{self.view.pk}"
        return f"{self.kind}:{self.slug}" if self.slug else self.kind

    @property
    def query(self) -> str:
        """Its filters and its order as a query string."""
        return self.filters.query_string(after="")

    @property
    def is_changed(self) -> bool:
        """True for a saved view with other filters than it was saved with."""
        return self.view is not None and self.query != self.view.filters.query_string()

    @property
    def savable(self) -> tuple[ViewKind, str]:
        """Return what a saved view of this list keeps: the list that it narrows, and by what."""
        if self.department_id is None:
            return self.kind, self.query
        return "open", replace(self.filters, department=(str(self.department_id),)).query_string(after="")

    def address(self, query: str | None = None) -> str:
        """Return the list with these filters or with its own."""
        query = self.query if query is None else query
        if self.view:
            query = "" if query == self.view.filters.query_string() else query or f"{_CHANGED}=1"
        return f"{self.path}?{query}".rstrip("?")

    def page_address(self, after: str) -> str:
        """Return the address of the page after a row."""
        address = self.address()
        return f"{address}{'&' if '?' in address else '?'}{urlencode({'after': after})}"

    def form_address(self) -> str:
        """Return the address of its form of filters."""
        return f"{known_address('inbox:queue_filters')}?of={self.of}&{self.query}".rstrip("&")

    def form_address_to_save(self) -> str:
        """Return the address of the form that saves the list."""
        return f"{known_address('inbox:view_new')}?of={self.of}&{self.query}".rstrip("&")

    def unfiltered(self) -> str:
        """Return the list without filters, in its usual order."""
        return self.address("")


@dataclass(frozen=True, slots=True)
class AskedSearch:
    """A search that was asked for, as far as it can be saved."""

    text: str
    oldest: bool = False

    @property
    def savable(self) -> tuple[Literal["search"], str]:
        """Return what a saved view of this search keeps."""
        return SEARCH, urlencode({"q": self.text} | ({"sort": "oldest"} if self.oldest else {}))

    def address(self) -> str:
        """Return the address of what it finds."""
        return f"{known_address('inbox:search')}?{self.savable[1]}"

    def form_address_to_save(self) -> str:
        """Return the address of the form that saves the search."""
        return f"{known_address('inbox:view_new')}?of={SEARCH}&{self.savable[1]}"


def parse_search(query: QueryDict) -> AskedSearch | None:
    """Return the search of an address, None where it looks for nothing."""
    text = clean_query(query.get("q", ""))
    return AskedSearch(text, query.get("sort") == "oldest") if text else None


def find_savable(user: User, query: QueryDict) -> AskedList | AskedSearch | None:
    """Return what an address asks to save: the list or the search that its `of` names."""
    of = query.get("of", "")
    return parse_search(query) if of == SEARCH else find_named_list(user, of, query)


def find_list(user: User, kind: str, query: QueryDict, slug: str = "") -> AskedList | None:
    """Return the list of a kind. None for one that there is not, or that is not the reader's."""
    if kind == "department":
        for department in queue_departments(user):
            if department.slug == slug:
                path = known_address("inbox:queue_department", slug)
                filters = QueueFilters.parse(query, "department")
                return AskedList(department.name, "department", path, filters, slug, department.pk)
        return None
    if kind not in VIEW_TITLES:
        return None
    path = open_address(user) if kind == "open" else known_address(f"inbox:queue_{kind}")
    named = cast(ViewKind, kind)
    return AskedList(VIEW_TITLES[kind], named, path, QueueFilters.parse(query, named))


def find_saved_list(user: User, pk: int, query: QueryDict, *, is_form: bool = False) -> AskedList | None:
    """Return the list of a saved view.

    None for one that the reader may not open. With the filters of the address instead of its own if it has any; `is_form`: in any case.
    """
    view = find_view(user, pk)
    if view is None or view.kind == SEARCH:
        return None
    filters = QueueFilters.parse(query, view.kind)
    if not is_form and not any(name in query for name in (*SEVERAL, *SINGLE, "sort", _CHANGED)):
        filters = replace(view.filters, after=filters.after)
    path = address_pattern("inbox:view").format(pk=view.pk)
    return AskedList(view.name, view.kind, path, filters, view=view)


def find_named_list(user: User, of: str, query: QueryDict) -> AskedList | None:
    """Return the list that a form calls `of` (`AskedList.of`).

    With the filters of the form. All open cases for a word that is none of ours.
    """
    kind, _, rest = of.partition(":")
    kind = kind if kind in ("view", "department", *VIEW_TITLES) else "open"
    if kind == "view":
        is_id = rest.isdecimal() and len(rest) < 18
        return find_saved_list(user, int(rest), query, is_form=True) if is_id else None
    return find_list(user, kind, query, rest)


def resolve_list(user: User, address: str) -> AskedList | None:
    """Return the list at an address, None for any other address."""
    try:
        split = urlsplit(address)
        match = resolve(split.path if not split.netloc else "")
    except (ValueError, Resolver404):
        return None
    query = QueryDict(split.query)
    if match.view_name == "inbox:view":
        return find_saved_list(user, match.kwargs["pk"], query)
    return find_list(user, match.kwargs.get("kind", ""), query, match.kwargs.get("slug", ""))
