"""The page of the list behind a number, and linking its cases to a learning item."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_POST, require_safe

from accounts.access import viewer
from accounts.guards import SignedInRequest, require_action
from accounts.models import User
from inbox.changes.refusals import Invalid
from inbox.learning_items import linking
from inbox.learning_items.rights import may_link
from inbox.models import LearningItem
from inbox.reach_words import describe_reach
from reports.behind.lists import fetch_page, read_case_ids
from reports.behind.numbers import list_behind, page_of
from reports.dashboards.looks import note_looks
from reports.dashboards.selection import describe_filters
from reports.exports.long_files import find_list
from reports.filters import read_narrowed
from reports.periods import name_days
from reports.scopes import describe_left_out
from reports.views.requests import requested_selection
from wording.numbers import format_count

#: Rows per page of the list behind a number.
ROWS_PER_PAGE = 50
#: What the form calls an item that is still to be proposed.
_NEW = "new"


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
        "linking": _linking_context(request, chosen.user, page.total) if page.rows else None,
    }
    return render(request, "reports/cases.html", context)


def _linking_context(request: HttpRequest, user: User, total: int) -> dict[str, Any] | None:
    """Return what links the cases of a list to a learning item; None for who may not. One statement."""
    query = request.GET.copy()
    query.pop("after", None)
    if not may_link(user):
        return None
    return {
        "query": query.urlencode(),
        "items": linking.list_open_items(),
        "total": f"{total:,}",
        "most": f"{linking.MOST_AT_ONCE:,}",
        "takes_all": total <= linking.MOST_AT_ONCE,
    }


@require_POST
@require_action("reports")
def learning_item_link(request: SignedInRequest) -> HttpResponse:
    """Link cases of a list to an item; the address says which list, the form which of its cases."""
    if not may_link(request.user):
        raise Http404
    asked = find_list(request.GET, request.user, now=timezone.now())
    if asked is None:
        raise Http404("There is no such figure.")
    try:
        if request.POST.get("which") == "all":
            numbers = read_case_ids(asked.behind, linking.MOST_AT_ONCE)
        else:
            numbers = _read_selected(request)
        if request.POST.get("item") == _NEW:
            words = urlencode({"cases": " ".join(map(str, numbers))})
            return redirect(f"{reverse('reports:learning_item_new')}?{words}")
        _link(request, numbers)
    except Invalid as error:
        messages.error(request, f"Nothing was linked. {error}")
    return redirect(f"{reverse('reports:cases')}?{request.GET.urlencode()}")


def _read_selected(request: SignedInRequest) -> list[int]:
    selected = " ".join(request.POST.getlist("case"))
    if not selected.strip():
        raise Invalid("Select cases first, by the boxes in front of them.")
    return linking.read_case_numbers(selected)


def _link(request: SignedInRequest, numbers: list[int]) -> None:
    chosen = request.POST.get("item", "")
    is_number = chosen.isascii() and chosen.isdigit() and len(chosen) < 16
    item = LearningItem.objects.filter(pk=int(chosen), merged_into=None).first() if is_number else None
    if item is None:
        raise Invalid("Choose the learning item.")
    new = linking.link_cases(item.pk, request.user, numbers, now=timezone.now())
    left_out = len(numbers) - new
    rest = f" {left_out:,} had been linked before, or cannot be read by you." if left_out else ""
    messages.success(request, f"{format_count(new, 'case')} linked to “{item}”.{rest}")
