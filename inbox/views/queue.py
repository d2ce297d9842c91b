"""The queues: All open, Unassigned, Mine, Watching, Snoozed, Not sent, Resolved, and one per department."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.access import viewer
from accounts.models import BrandAccount
from inbox.queue.filter_words import VIEW_TITLES, describe_filters, describe_order, list_orders
from inbox.queue.filters import QueueFilters, ViewKind, statuses_of_view
from inbox.queue.listing import queue_page
from inbox.queue.navigation import navigation_context, troubles_context
from inbox.views.guards import QUEUE_COOKIE, InboxRequest, signed_in, wants_fragment
from inbox.visibility import queue_departments
from networks.registry import network_choices

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
    title, department_id = VIEW_TITLES.get(kind, ""), None
    if kind == "department":
        department = next(
            (candidate for candidate in queue_departments(request.user) if candidate.slug == slug), None
        )
        if department is None:
            raise Http404
        title, department_id = department.name, department.pk
    filters = QueueFilters.parse(request.GET, kind)
    brands = {brand.pk: brand for brand in BrandAccount.objects.visible_to(request.user)}
    page = queue_page(request.user, kind, filters, brands, timezone.now(), department_id)
    empty = _NO_MATCH if filters.is_narrowed else _EMPTY[kind]
    bare = f"{request.path}?{filters.query_string(after='')}".rstrip("?")
    context: dict[str, Any] = {
        "title": title,
        "kind": kind,
        "tab": kind,
        "rows": page.rows,
        "next": f"{request.path}?{filters.query_string(after=page.after)}" if page.after else "",
        "first_page": not filters.after,
        "filters": filters,
        "here": bare,
        "filter_words": describe_filters(filters, brands),
        "order_words": describe_order(kind, filters.sort),
        "orders": list_orders(kind),
        "without_filters": request.path if bare != request.path else "",
        "may": {"claim": viewer(request.user).may("claim")},
        "empty": {"title": empty[0], "advice": empty[1]},
        "offers_set_up": not filters.is_narrowed and viewer(request.user).may("users"),
        **_filter_choices(filters, brands, kind),
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


def _filter_choices(filters: QueueFilters, brands: dict[int, BrandAccount], kind: ViewKind) -> dict[str, Any]:
    return {
        "networks": network_choices(),
        "brands": [(brand.pk, str(brand)) for brand in brands.values()],
        "statuses": [(status.value, status.label) for status in statuses_of_view(kind)],
    }
