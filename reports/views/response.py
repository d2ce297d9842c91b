"""The page of responses: do customers get an answer, and how soon?"""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from reports.dashboards.response import dashboard_context
from reports.dashboards.selection import selection_context
from reports.views.requests import requested_selection


@require_safe
@login_required
def dashboard(request: HttpRequest) -> HttpResponse:
    """Show the manager's page, within what the user may read."""
    selection = requested_selection(request)
    context = dashboard_context(selection) | selection_context(selection)
    return render(request, "reports/dashboard.html", context)
