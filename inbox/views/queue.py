"""The queues: All open, Unassigned, Mine, Watching, Snoozed, Not sent, Resolved, one per department, saved views."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.access import viewer
from accounts.models import BrandAccount
from inbox.addresses import known_address
from inbox.queue.asked import AskedList, find_list, find_named_list, find_saved_list
from inbox.queue.filter_form import build_filter_form, names_for
from inbox.queue.filter_words import FilterNames, SentencePart, describe_filters, list_orders
from inbox.queue.filters import ViewKind
from inbox.queue.listing import queue_page
from inbox.queue.navigation import navigation_context, troubles_context
from inbox.queue.saved_views.opening import opening_address
from inbox.queue.saved_views.pages import describe_gone, describe_saving
from inbox.queue.saved_views.rail import SEARCH, find_view
from inbox.views.guards import QUEUE_COOKIE, InboxRequest, signed_in, wants_fragment

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

    With a cursor, the next rows. The first page of all is what its reader chose to open first.
    """
    is_first = request.path == known_address("inbox:queue") and not request.GET and not request.htmx
    if is_first and (opening := opening_address(request.user)):
        return redirect(opening)
    return show_list(request, find_list(request.user, kind, request.GET, slug))


@require_safe
@signed_in
def view(request: InboxRequest, pk: int) -> HttpResponse:
    """Show a saved view as a list.

    With its own filters, or with those of the address. A saved search is run.
    """
    saved = find_view(request.user, pk)
    if saved and saved.kind == SEARCH:
        return redirect(f"{known_address('inbox:search')}?{saved.query}")
    return show_list(request, find_saved_list(request.user, pk, request.GET))


@require_safe
@signed_in
def queue_filters(request: InboxRequest) -> HttpResponse:
    """Show the form of filters of the list that `?of=` names; for htmx only the form.

    With `?show`, go to the list with what was chosen there.
    """
    asked = find_named_list(request.user, request.GET.get("of", ""), request.GET)
    if asked is None:
        raise Http404
    if "show" in request.GET:
        return redirect(asked.address())
    brands = list(BrandAccount.objects.visible_to(request.user))
    context = {
        "asked": asked,
        "fields": build_filter_form(asked.filters, asked.kind, brands, request.user),
    }
    name = "inbox/queue/filter_form.html"
    return render(request, f"{name}#form" if wants_fragment(request) else name, context)


def show_list(request: InboxRequest, asked: AskedList | None) -> HttpResponse:
    """Show a list, its filters and its first rows; with a cursor, the next rows.

    Raises `Http404` without a list.
    """
    if asked is None:
        raise Http404
    kind, filters, user = asked.kind, asked.filters, request.user
    brands = {brand.pk: brand for brand in BrandAccount.objects.visible_to(user)}
    page = queue_page(user, kind, filters, brands, timezone.now(), asked.department_id)
    names = names_for(filters, brands.values(), user)
    empty = _NO_MATCH if filters.is_narrowed else _EMPTY[kind]
    bare = asked.address()
    context: dict[str, Any] = {
        "title": asked.title,
        "kind": kind,
        "tab": "" if asked.view else kind,
        "rows": page.rows,
        "next": asked.page_address(page.after) if page.after else "",
        "first_page": not filters.after,
        "filters": filters,
        "asked": asked,
        "here": bare,
        "sentence": _describe(asked, names),
        "orders": [
            (words, asked.address(filters.query_string(sort=order, after="")), order == filters.sort)
            for order, words in list_orders(kind)
        ],
        "without_filters": asked.path if bare != asked.path else "",
        "saving": describe_saving(asked, user),
        "gone": describe_gone(filters, user, names, is_empty=not page.rows) if asked.view else "",
        "may": {"claim": viewer(user).may("claim")},
        "empty": {"title": empty[0], "advice": empty[1]},
        "offers_set_up": not filters.is_narrowed and viewer(user).may("users"),
    }
    name = "inbox/queue/queue.html"
    if wants_fragment(request):
        name += "#more-rows" if filters.after else _fragment_for(request)
    return _remember_queue(request, render(request, name, context), bare)


def _describe(asked: AskedList, names: FilterNames) -> list[SentencePart]:
    """Return the filters in a sentence.

    Each part has the address of the list without it.
    """
    return [
        replace(part, without=asked.address(part.without)) if part.words else part
        for part in describe_filters(asked.filters, asked.kind, names)
    ]


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
