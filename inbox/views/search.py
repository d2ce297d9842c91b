"""Search in messages and customers."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from inbox.queue.search import clean_query
from inbox.queue.search import search_inbox as find
from inbox.views.guards import InboxRequest, signed_in, wants_fragment


@require_safe
@signed_in
def search(request: InboxRequest) -> HttpResponse:
    """Show the newest messages that match.

    For htmx with a cursor, the next ones.
    """
    query, after = clean_query(request.GET.get("q", "")), request.GET.get("after", "")
    beginnings = "beginnings" in request.GET
    results = None
    if query:
        results = find(request.user, query, timezone.now(), after=after, beginnings=beginnings)
    more = ""
    if results and results.after:
        way = {"q": query, "after": results.after} | ({"beginnings": "1"} if results.beginnings else {})
        more = f"?{urlencode(way)}"
    name = "inbox/queue/search.html#hits" if wants_fragment(request) and after else "inbox/queue/search.html"
    return render(request, name, {"query": query, "found": results, "next": more, "tab": "search"})
