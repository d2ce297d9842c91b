"""A case: the whole page, its pane, and what of it changes by itself."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from inbox.case_page.page import Problem, case_context, read_case
from inbox.models import Case
from inbox.views.guards import InboxRequest, signed_in, wants_fragment

_HTTP_STATUSES = {"conflict": 409, "invalid": 422, "refused": 403}


@require_safe
@signed_in
def case(request: InboxRequest, pk: int) -> HttpResponse:
    """One case; asked for by htmx its pane. `?before=` shows an earlier part of the thread."""
    name = "inbox/case_page/case.html"
    if wants_fragment(request):
        name += "#case"
    context = case_page_context(request, pk, before=request.GET.get("before", ""))
    return render(request, name, {**context, "fragment": wants_fragment(request)})


@require_safe
@signed_in
def thread(request: InboxRequest, pk: int) -> HttpResponse:
    """The parts of an open case that change: what is being typed is not among them. `?before=`: earlier messages."""
    before = request.GET.get("before", "")
    context = case_page_context(request, pk, before=before, start=request.GET.get("start", ""))
    return render(
        request,
        "inbox/case_page/case.html#earlier" if before else "inbox/case_page/case.html#changes",
        context,
    )


def case_page_context(request: InboxRequest, pk: int, **options: Any) -> dict[str, Any]:
    """The page's context. Raises `Http404` alike for a case that is absent and one the person may not read."""
    now = timezone.now()
    try:
        found = read_case(request.user, pk, now)
    except Case.DoesNotExist as error:
        raise Http404 from error
    return case_context(found, request.user, now, **options)


def show_case_with_problem(request: InboxRequest, pk: int, problem: Problem) -> HttpResponse:
    """The case as it stands now with why nothing was done, and what the person had typed."""
    context = case_page_context(request, pk, problem=problem)
    name = "inbox/case_page/case.html#changes" if wants_fragment(request) else "inbox/case_page/case.html"
    return render(request, name, context, status=_HTTP_STATUSES[problem.kind])
