"""The page of the list behind a number."""

from __future__ import annotations

from dataclasses import replace

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.access import viewer
from inbox.reach_words import describe_reach
from reports.behind.lists import fetch_page
from reports.behind.numbers import list_behind, page_of
from reports.dashboards.looks import note_looks
from reports.dashboards.selection import describe_filters
from reports.filters import read_narrowed
from reports.periods import name_days
from reports.scopes import describe_left_out
from reports.views.requests import requested_selection

#: Rows per page of the list behind a number.
ROWS_PER_PAGE = 50


@require_safe
@login_required
def cases(request: HttpRequest) -> HttpResponse:
    """List what one number of a page counts, in keyset pages.

    The query string says which number (see `reports.behind.numbers`); 404 for one that does not exist.
    """
    chosen = requested_selection(request)
    filters = read_narrowed(request.GET, chosen.user)
    behind = list_behind(chosen.user, chosen.period, filters, request.GET, now=chosen.now)
    if behind is None:
        raise Http404("There is no such figure.")
    note_looks(replace(chosen, filters=filters), behind.person_ids)
    page = fetch_page(
        behind, chosen.user, request.GET.get("after", ""), ROWS_PER_PAGE, zone=chosen.period.zone
    )
    query = request.GET.copy()
    query.pop("after", None)
    csv_query = query.urlencode() if viewer(chosen.user).may("export") else ""
    query["after"] = page.after
    context = {
        "behind": behind,
        "rows": page.rows,
        "total": page.total,
        "csv": csv_query,
        "filters": describe_filters(replace(chosen, filters=filters)),
        "order": behind.order[0],
        "next": query.urlencode() if page.after else "",
        "back": chosen.page_href(page_of(request.GET.get("of", ""))),
        "span": name_days(chosen.period, chosen.now),
        "zone": str(chosen.period.zone),
        "unread": chosen.unread_period,
        "reach": describe_reach(chosen.user),
        "left_out": describe_left_out(chosen.user),
    }
    return render(request, "reports/cases.html", context)
