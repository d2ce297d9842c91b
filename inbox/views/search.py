"""Search in messages and customers."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from inbox.queue.asked import parse_search
from inbox.queue.saved_views.pages import describe_saving_search
from inbox.queue.search import clean_query
from inbox.queue.search import search_inbox as find
from inbox.search_words.operators import split_operators, without_operator
from inbox.views.guards import InboxRequest, signed_in, wants_fragment

_ORDERS = [("", "Newest first"), ("oldest", "Oldest first")]


@require_safe
@signed_in
def search(request: InboxRequest) -> HttpResponse:
    """Show the cases with the messages that match.

    For htmx with a cursor, the next ones.
    """
    query, after = clean_query(request.GET.get("q", "")), request.GET.get("after", "")
    beginnings, oldest = "beginnings" in request.GET, request.GET.get("sort") == "oldest"
    results = None
    if query:
        now = timezone.now()
        results = find(request.user, query, now, after=after, beginnings=beginnings, oldest=oldest)
    order = {"sort": "oldest"} if oldest else {}
    more = ""
    if results and results.after:
        way = (
            {"q": query, "after": results.after} | order | ({"beginnings": "1"} if results.beginnings else {})
        )
        more = f"?{urlencode(way)}"
    context: dict[str, Any] = {"query": query, "found": results, "next": more, "tab": "search"}
    context |= {"operators": _removable(query, order), "orders": _ORDERS, "order": order.get("sort", "")}
    if asked := parse_search(request.GET):
        context |= {"asked": asked, "saving": describe_saving_search(request.user)}
    name = "inbox/queue/search.html#hits" if wants_fragment(request) and after else "inbox/queue/search.html"
    return render(request, name, context)


def _removable(query: str, order: dict[str, str]) -> list[tuple[str, str]]:
    """Return each operator with the search without it."""
    _, operators = split_operators(query)
    return [
        (operator.typed, f"?{urlencode({'q': without_operator(query, operator)} | order)}")
        for operator in operators
    ]
