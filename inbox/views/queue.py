"""The queues: All open, Unassigned, Mine, Watching, Snoozed, Not sent, Resolved, and one per department."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.access import viewer
from accounts.models import BrandAccount
from inbox.addresses import known_address
from inbox.queue.filter_form import build_filter_form, names_for
from inbox.queue.filter_words import VIEW_TITLES, describe_filters, list_orders
from inbox.queue.filters import QueueFilters, ViewKind
from inbox.queue.listing import queue_page
from inbox.queue.navigation import navigation_context, troubles_context
from inbox.views.guards import QUEUE_COOKIE, InboxRequest, signed_in, wants_fragment
from inbox.visibility import queue_departments

_NO_MATCH = ("No cases match these filters", "Clear a filter to see more.")
_EMPTY: dict[str, tuple[str, str]] = {
    "open": ("Nobody is waiting", "New messages appear here automatically."),
    "unassigned": ("Every case is assigned", "New cases without an assignee appear here automatically."),
    "mine": ("You have no open cases", "Press T to take the most urgent case that nobody has."),
    "watching": ("You are not watching any open case", "Cases that you hand over stay here until they are resolved."),
    "department": ("Nothing is waiting for this department", "New cases and hand-overs appear here automatically."),
    "snoozed": ("No case is snoozed", "Cases that you snooze (S) stay here until they come back to their lists."),
    "unsent": ("Every answer was sent", "An answer that cannot be sent, or may not have been sent, appears here."),
    "resolved": ("Nothing has been closed yet", "Resolved and dismissed cases are kept here."),
}  # fmt: skip


@require_safe
@signed_in
def queue(request: InboxRequest, kind: ViewKind = "open", slug: str = "") -> HttpResponse:
    """Show a queue; for htmx only its rows.

    With a cursor, the next rows.
    """
    return show_list(request, find_list(request, kind, slug))


@require_safe
@signed_in
def queue_filters(request: InboxRequest) -> HttpResponse:
    """Show the form of filters of the list that `?of=` names; for htmx only the form.

    With `?show`, go to the list with what was chosen there.
    """
    of, _, slug = request.GET.get("of", "").partition(":")
    kind = of if of in (*VIEW_TITLES, "department") else "open"
    asked = find_list(request, cast(ViewKind, kind), slug)
    if "show" in request.GET:
        return redirect(asked.address())
    brands = list(BrandAccount.objects.visible_to(request.user))
    context = {
        "asked": asked,
        "fields": build_filter_form(asked.filters, asked.kind, brands, request.user),
    }
    name = "inbox/queue/filter_form.html"
    return render(request, f"{name}#form" if wants_fragment(request) else name, context)


@dataclass(frozen=True, slots=True)
class AskedList:
    """A list that was asked for: what it lists, by which filters, and where it stands."""

    title: str
    kind: ViewKind
    path: str
    filters: QueueFilters
    slug: str = ""
    department_id: int | None = None

    @property
    def of(self) -> str:
        """What the form of filters calls the list."""
        return f"{self.kind}:{self.slug}" if self.slug else self.kind

    def address(self, query: str | None = None) -> str:
        """Return the list with these filters or with its own."""
        query = self.filters.query_string(after="") if query is None else query
        return f"{self.path}?{query}".rstrip("?")

    def form_address(self) -> str:
        """Return the address of its form of filters."""
        query = f"&{self.filters.query_string(after='')}".rstrip("&")
        return f"{known_address('inbox:queue_filters')}?of={self.of}{query}"


def find_list(request: InboxRequest, kind: ViewKind, slug: str) -> AskedList:
    """Return the list that the request asks for.

    Raises `Http404` for a department that is not the reader's.
    """
    filters = QueueFilters.parse(request.GET, kind)
    if kind != "department":
        name = "inbox:queue" if kind == "open" else f"inbox:queue_{kind}"
        return AskedList(VIEW_TITLES[kind], kind, known_address(name), filters)
    for department in queue_departments(request.user):
        if department.slug == slug:
            path = known_address("inbox:queue_department", slug)
            return AskedList(department.name, kind, path, filters, slug, department.pk)
    raise Http404


def show_list(request: InboxRequest, asked: AskedList) -> HttpResponse:
    """Show a list, its filters and its first rows; with a cursor, the next rows."""
    kind, filters = asked.kind, asked.filters
    brands = {brand.pk: brand for brand in BrandAccount.objects.visible_to(request.user)}
    page = queue_page(request.user, kind, filters, brands, timezone.now(), asked.department_id)
    empty = _NO_MATCH if filters.is_narrowed else _EMPTY[kind]
    bare = asked.address()
    context: dict[str, Any] = {
        "title": asked.title,
        "kind": kind,
        "tab": kind,
        "rows": page.rows,
        "next": asked.address(filters.query_string(after=page.after)) if page.after else "",
        "first_page": not filters.after,
        "filters": filters,
        "asked": asked,
        "here": bare,
        "sentence": describe_filters(filters, kind, names_for(filters, brands.values(), request.user)),
        "orders": [
            (words, asked.address(filters.query_string(sort=order, after="")), order == filters.sort)
            for order, words in list_orders(kind)
        ],
        "without_filters": asked.path if bare != asked.path else "",
        "may": {"claim": viewer(request.user).may("claim")},
        "empty": {"title": empty[0], "advice": empty[1]},
        "offers_set_up": not filters.is_narrowed and viewer(request.user).may("users"),
    }
    name = "inbox/queue/queue.html"
    if wants_fragment(request):
        name += "#more-rows" if filters.after else _fragment_for(request)
    return _remember_queue(request, render(request, name, context), bare)


def _remember_queue(request: InboxRequest, response: HttpResponse, address: str) -> HttpResponse:
    if request.COOKIES.get(QUEUE_COOKIE) != address:
        secure = bool(settings.SESSION_COOKIE_SECURE)
        response.set_cookie(QUEUE_COOKIE, address, httponly=True, samesite="Lax", secure=secure)
    return response


def _fragment_for(request: InboxRequest) -> str:
    """Return the fragment: the rows, or for a page without a queue of its own the pane around them, too."""
    return "#list-pane" if request.htmx.target == "list-pane" else "#case-list"


@require_safe
@signed_in
def navigation(request: InboxRequest) -> HttpResponse:
    """Show the views with their current numbers, and the troubles.

    `?at=` is the address of the open page.
    """
    at = request.GET.get("at", "")
    context = navigation_context(request.user, at.partition("?")[0])
    context |= troubles_context(request.user, context["sick_accounts"])
    return render(request, "inbox/queue/navigation.html", context)
