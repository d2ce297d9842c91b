"""The manager's page, and the lists behind its numbers."""

from __future__ import annotations

from typing import cast

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.models import User
from inbox.reach_words import describe_reach
from reports.behind import list_behind
from reports.dashboard import dashboard_context
from reports.lists import fetch_page
from reports.periods import Period, last_weeks
from reports.wording import describe_left_out
from wording.times import company_zone

#: Numbers of weeks that a reader may choose.
WEEK_CHOICES = (4, 8, 13, 26)
#: Rows per page of the list behind a number.
ROWS_PER_PAGE = 50


@require_safe
@login_required
def dashboard(request: HttpRequest) -> HttpResponse:
    """Show the manager's page, within what the user may read.

    `?weeks=` is one of `WEEK_CHOICES`, else 8.
    """
    now = timezone.now()
    period = _requested_period(request)
    context = dashboard_context(cast(User, request.user), period, now=now, zone=company_zone())
    return render(request, "reports/dashboard.html", context | {"choices": WEEK_CHOICES})


@require_safe
@login_required
def cases(request: HttpRequest) -> HttpResponse:
    """List what one number of the dashboard counts, in keyset pages.

    The query string says which number (see `reports.behind`); 404 for one that does not exist.
    """
    user, period = cast(User, request.user), _requested_period(request)
    behind = list_behind(user, period, request.GET, now=timezone.now())
    if behind is None:
        raise Http404("There is no such figure.")
    page = fetch_page(behind, user, request.GET.get("after", ""), ROWS_PER_PAGE, zone=company_zone())
    query = request.GET.copy()
    query["after"] = page.after
    context = {
        "behind": behind,
        "rows": page.rows,
        "total": page.total,
        "order": behind.order[0],
        "next": query.urlencode() if page.after else "",
        "weeks": len(period.weeks),
        "reach": describe_reach(user),
        "left_out": describe_left_out(user),
    }
    return render(request, "reports/cases.html", context)


def _requested_period(request: HttpRequest) -> Period:
    weeks_text = request.GET.get("weeks", "")
    count = next((weeks for weeks in WEEK_CHOICES if str(weeks) == weeks_text), 8)
    return last_weeks(count, now=timezone.now(), zone=company_zone())
