"""Going to a place, a case or a customer by name: the page of it, and what the palette asks for while somebody types."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from inbox.queue.places import list_places
from inbox.queue.search import clean_query, search_inbox
from inbox.queue.search_rows import SearchResults
from inbox.views.guards import InboxRequest, signed_in

#: Cases by their words that the palette lists; the search has them all.
_MOST_CASES = 8


@require_safe
@signed_in
def go(request: InboxRequest) -> HttpResponse:
    """Show every place that the person may go to.

    With `?q=` those of that name, cases and customers.
    """
    query = clean_query(request.GET.get("q", ""))
    places = sorted(list_places(request.user, query), key=lambda place: _order_of(place.group))
    context: dict[str, Any] = {
        "query": query,
        "groups": [(name, list(group)) for name, group in groupby(places, key=lambda place: place.group)],
        "found": _search(request, query) if query else None,
        "most": _MOST_CASES,
    }
    return render(request, "inbox/queue/go.html", context)


@require_safe
@signed_in
def go_found(request: InboxRequest) -> JsonResponse:
    """Return what matches `?q=` as JSON: cases and customers.

    Without it the places.
    """
    query = clean_query(request.GET.get("q", ""))
    if not query:
        places = [
            {"group": place.group, "label": place.label, "href": place.href}
            for place in list_places(request.user)
        ]
        return JsonResponse({"places": places})
    results = _search(request, query)
    return JsonResponse(
        {
            "numbers": [_as_json(hit.case_id, hit.name, hit.department) for hit in results.cases],
            "customers": [_as_json(hit.case_id, hit.name, hit.network) for hit in results.customers],
            "cases": [_as_json(hit.case_id, hit.name, hit.excerpt) for hit in results.hits[:_MOST_CASES]],
            "problems": results.problems,
        }
    )


def _search(request: InboxRequest, query: str) -> SearchResults:
    """Search by the beginnings of words.

    The last word is usually not finished.
    """
    return search_inbox(request.user, query, timezone.now(), beginnings=True)


def _as_json(case_id: int, name: str, about: str) -> dict[str, Any]:
    return {"case": case_id, "name": name, "about": about}


def _order_of(group: str) -> int:
    order = ("Inbox", "Departments", "You", "Dashboards", "Watch", "Set up")
    return order.index(group) if group in order else len(order)
