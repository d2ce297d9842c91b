"""Canned answers for the answer of a case: found while somebody types, or chosen on a page of their own."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import viewer
from inbox.canned_answers.offering import OfferedAnswer, fill_order, find_offered, offer_answers
from inbox.changes.refusals import NothingKept
from inbox.models import Case, Draft
from inbox.replies import drafts
from inbox.views.guards import InboxRequest, signed_in

#: Canned answers that are offered while somebody types, and on the page.
_MOST_TYPING, _MOST_ON_PAGE = 8, 100


def _get_case(request: InboxRequest, pk: int) -> Case:
    cases = Case.objects.visible_to(request.user).select_related("identity", "brand_account")
    case = cases.filter(pk=min(pk, 2**62)).first()
    if case is None:
        raise Http404
    if not viewer(request.user).may("publish"):
        raise PermissionDenied
    return case


@require_safe
@signed_in
def canned_answers_found(request: InboxRequest, pk: int) -> JsonResponse:
    """Return the canned answers that fit `?q=`, the best first, as JSON."""
    case = _get_case(request, pk)
    offered = offer_answers(case, request.user, request.GET.get("q", ""), timezone.now(), most=_MOST_TYPING)
    return JsonResponse({"answers": [_as_json(each) for each in offered]})


def _as_json(offered: OfferedAnswer) -> dict[str, Any]:
    return {
        "id": offered.answer.pk,
        "shortcut": offered.answer.shortcut,
        "title": offered.answer.title,
        "text": offered.text,
        "language": offered.language,
        "asksForOrder": offered.asks_for_order,
        "about": offered.about,
        "length": offered.length,
        "isTooLong": offered.is_too_long,
        "uses": offered.uses,
    }


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def choose_canned_answer(request: InboxRequest, pk: int) -> HttpResponse:
    """Show the canned answers for a case; posting one puts it at the end of the draft."""
    case, problem = _get_case(request, pk), ""
    query = request.GET.get("q", "")
    if request.method == "POST":
        problem = _insert(request, case)
        if not problem:
            return redirect(f"{reverse('inbox:case', args=[case.pk])}#composer")
    context = {
        "case": case,
        "heading": case.identity.display_name,
        "rows": offer_answers(case, request.user, query, timezone.now(), most=_MOST_ON_PAGE),
        "query": query,
        "problem": problem,
        "chosen": request.POST.get("answer", ""),
        "order": request.POST.get("order", ""),
    }
    page = "inbox/canned_answers/choose_canned_answer.html"
    return render(request, page, context, status=422 if problem else 200)


def _insert(request: InboxRequest, case: Case) -> str:
    """Put the posted canned answer at the end of the draft. Returns why not, "" when done."""
    posted, now = request.POST.get("answer", ""), timezone.now()
    number = int(posted) if posted.isascii() and posted.isdigit() and len(posted) < 18 else 0
    offered = find_offered(case, request.user, number, now)
    if offered is None:
        return "Choose a canned answer."
    order = request.POST.get("order", "")[:100]
    if offered.asks_for_order and not order.strip():
        return f"“{offered.answer}” needs the order number. Type it below, then insert it again."
    draft = Draft.objects.filter(case=case, user=request.user).first()
    typed, ids = (draft.text.rstrip(), draft.canned_answer_ids) if draft else ("", [])
    text = fill_order(offered.text, order)
    whole = f"{typed} {text}" if typed else text
    try:
        drafts.save_draft(case.pk, request.user, whole, now, canned_ids=[*ids, offered.answer.pk])
    except NothingKept as error:
        return str(error)
    return ""
