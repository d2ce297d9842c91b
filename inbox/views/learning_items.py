"""Link a case to a learning item, and unlink it."""

from __future__ import annotations

import datetime as dt

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import viewer
from inbox.changes.refusals import Invalid, why_nothing_is_kept
from inbox.learning_items import linking
from inbox.models import Case, LearningItem
from inbox.views.case_posts import perform_verb, show_case_after, show_case_with_problem
from inbox.views.guards import InboxRequest, signed_in

#: Items that the page offers, the last changed first.
MOST_OFFERED = 100
_STATUSES = {"conflict": 409, "busy": 409, "invalid": 422, "refused": 403}


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def link_to_item(request: InboxRequest, pk: int) -> HttpResponse:
    """Ask to which learning item a case belongs; a POST links it, with an undo."""
    visible = Case.objects.visible_to(request.user).select_related("identity")
    case = visible.filter(pk=min(pk, 2**62)).first()
    if case is None:
        raise Http404
    posted = request.POST.get("item", "")
    linked: list[LearningItem] = []

    def verb(now: dt.datetime) -> object:
        number = int(posted) if posted.isascii() and posted.isdigit() and len(posted) < 18 else 0
        item = linking.existing_item(number)
        if item is None:
            raise Invalid("Choose a learning item.")
        linking.link_cases(item.pk, request.user, [pk], now=now)
        linked.append(item)
        return None

    problem = perform_verb(request, "learning", verb) if request.method == "POST" else None
    if linked and problem is None:
        undo = reverse("inbox:unlink_item", args=[pk, linked[0].pk])
        return show_case_after(request, pk, f"Linked: this case is part of “{linked[0]}”.", undo=undo)
    items = LearningItem.objects.filter(merged_into__isnull=True).exclude(links__case=pk)
    context = {
        "case": case,
        "heading": case.identity.display_name,
        "allowed": viewer(request.user).may("link_items") and not why_nothing_is_kept(case),
        "rows": items.select_related("department").order_by("-changed_at", "-pk")[:MOST_OFFERED],
        "problem": problem,
    }
    status = _STATUSES[problem.kind] if problem else 200
    return render(request, "inbox/case_page/learning_items.html", context, status=status)


@require_POST
@signed_in
def unlink_item(request: InboxRequest, pk: int, number: int) -> HttpResponse:
    """Unlink the case from a learning item."""
    item = linking.existing_item(min(number, 2**62))
    if item is None or not Case.objects.visible_to(request.user).filter(pk=min(pk, 2**62)).exists():
        raise Http404
    problem = perform_verb(
        request, "learning", lambda now: linking.unlink_case(item.pk, request.user, pk, now=now)
    )
    if problem is not None:
        return show_case_with_problem(request, pk, problem)
    return show_case_after(request, pk, f"Unlinked from “{item}”.")
