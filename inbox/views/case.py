"""The page of a case: the whole page, its pane, and the parts that update by themselves."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Literal

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from inbox.case_page.lost_case import find_passed_on_case
from inbox.case_page.page import Problem, case_context, find_watched_department, read_case
from inbox.case_page.since_opened import add_since_opened
from inbox.models import Case
from inbox.views.guards import InboxRequest, queue_address, results_address, signed_in, wants_fragment

_PAGE = "inbox/case_page/case.html"
#: A case that changes each time while its page is read is shown all the same.
_MOST_READINGS = 3


@require_safe
@signed_in
def case(request: InboxRequest, pk: int) -> HttpResponse:
    """Show one case; for htmx only its pane.

    `?before=` shows an earlier part of the thread.
    """
    return render_case(request, pk, "case", before=request.GET.get("before", ""))


@require_safe
@signed_in
def thread(request: InboxRequest, pk: int) -> HttpResponse:
    """Show the parts of an open case that change.

    Without the text that is being typed. `?before=` shows earlier messages instead; `?start=` is the first message
    that the page shows; `?lost=1` says that it offers no answer, `?mine=1` that it shows the case as the person's own.
    """
    before = request.GET.get("before", "")
    context = _case_page_context(
        request,
        pk,
        posted_marks(request),
        before=before,
        start=request.GET.get("start", ""),
        was_own=bool(request.GET.get("mine")),
    )
    if request.GET.get("lost") and not context["lost"]:
        # It came back: the page needs the form for an answer again, and all the other forms.
        response = render(request, f"{_PAGE}#case", context)
        response["HX-Retarget"], response["HX-Reswap"] = "#case", "outerHTML show:none"
        return response
    return render(request, f"{_PAGE}#earlier" if before else f"{_PAGE}#changes", context)


def of_case(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Say where a case went that the person could read before.

    For a view of one case that raises `Http404`; without an explanation it stays one.
    """

    @wraps(view)
    def explaining(request: Any, pk: int, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, pk, **kwargs)
        except Http404:
            explained = _explain_lost_case(request, pk)
            if explained is None:
                raise
            return explained

    return explaining


def _explain_lost_case(request: InboxRequest, pk: int) -> HttpResponse | None:
    outcome = "Nothing was sent." if request.path.endswith("/reply/") else "Nothing was saved."
    outcome = outcome if request.method == "POST" else ""
    typed = {key: str(value) for key, value in request.POST.items() if key != "csrfmiddlewaretoken"}
    if request.method == "POST" and (watched := find_watched_department(request.user, pk)) is not None:
        problem = Problem("refused", outcome, typed=typed, heading=f"{watched} has it now.")
        return render_case(
            request, pk, "changes", status=403, problem=problem, start=request.POST.get("start", "")
        )
    lost = find_passed_on_case(request.user, pk, typed)
    if lost is None:
        return None
    context = {"lost": lost, "outcome": outcome, "back": queue_address(request)}
    name = "inbox/case_page/lost.html"
    return render(request, f"{name}#lost" if wants_fragment(request) else name, context, status=404)


def render_case(
    request: InboxRequest,
    pk: int,
    region: Literal["case", "changes"],
    *,
    more: dict[str, Any] | None = None,
    status: int = 200,
    **options: Any,
) -> HttpResponse:
    """Render a case: the `region` of its page for htmx, else the whole page.

    `more` is added to the context; `options` are those of `case_context`. Raises `Http404` for an absent case and also
    for one that the person may not read.
    """
    fragment = wants_fragment(request)
    is_new = region == "case" or (more or {}).get("composer_too")
    marks = ("", "") if is_new else posted_marks(request)
    context = {**_case_page_context(request, pk, marks, **options), "fragment": fragment, **(more or {})}
    return render(request, f"{_PAGE}#{region}" if fragment else _PAGE, context, status=status)


def posted_marks(request: InboxRequest) -> tuple[str, str]:
    """Return when the page was opened and last seen."""
    fields = request.POST if request.method == "POST" else request.GET
    return fields.get("opened", ""), fields.get("seen", "")


def _case_page_context(
    request: InboxRequest, pk: int, marks: tuple[str, str], **options: Any
) -> dict[str, Any]:
    """Return the page's context.

    Raises `Http404` for an absent case and also for one that the person may not read.
    """
    now = timezone.now()
    for _ in range(_MOST_READINGS):
        try:
            row = read_case(request.user, pk, now)
        except Case.DoesNotExist as error:
            raise Http404 from error
        context = case_context(row, request.user, now, **options)
        # It changed between the two statements: its buttons would be refused, although the page shows what is new.
        if context["thread"].case_version == row.version:
            break
    results = results_address(request)
    context = add_since_opened(context, request.user, now, marks)
    return context | {"results": results, "back": results or queue_address(request)}
