"""The page of a case: the whole page, its pane, and the parts that update by themselves."""

from __future__ import annotations

from typing import Any, Literal

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from inbox.case_page.page import case_context, read_case
from inbox.models import Case
from inbox.views.guards import InboxRequest, queue_address, signed_in, wants_fragment

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
    that the page shows.
    """
    before = request.GET.get("before", "")
    context = _case_page_context(request, pk, before=before, start=request.GET.get("start", ""))
    return render(request, f"{_PAGE}#earlier" if before else f"{_PAGE}#changes", context)


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
    context = {**_case_page_context(request, pk, **options), "fragment": fragment, **(more or {})}
    context["back"] = queue_address(request)
    return render(request, f"{_PAGE}#{region}" if fragment else _PAGE, context, status=status)


def _case_page_context(request: InboxRequest, pk: int, **options: Any) -> dict[str, Any]:
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
    return context
