"""Answers that wait for approval: the list, and what is decided about each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.access import viewer
from accounts.guards import require_action
from inbox.approvals import deciding
from inbox.approvals.work_list import count_waiting, list_waiting
from inbox.case_page.page import Problem
from inbox.models import Reply
from inbox.views.case_posts import perform_verb, posted_version
from inbox.views.guards import InboxRequest, redirect_page, signed_in

_STATUSES = {"conflict": 409, "busy": 409, "invalid": 422, "refused": 403}


@require_safe
@require_action("approve")
@signed_in
def approvals(request: InboxRequest) -> HttpResponse:
    """List the answers that wait for the person's approval, oldest first."""
    return _show_list(request)


def _show_list(request: InboxRequest, problem: Problem | None = None, answer: int = 0) -> HttpResponse:
    after = request.GET.get("after", "")
    rows, following = list_waiting(request.user, after, timezone.now())
    typed = (problem.typed if problem else None) or {}
    for row in rows:
        if problem is not None and row.reply.pk == answer:
            row.form, row.words, row.text = problem.form, typed.get("words", ""), typed.get("text", "")
    context = {
        "rows": rows,
        "count": count_waiting(request.user),
        "next": following,
        "after": after,
        "problem": problem,
        "typed": typed,
        "is_listed": any(row.reply.pk == answer for row in rows),
        "may_set_rules": viewer(request.user).may("approval_rules"),
        "tab": "approvals",
    }
    status = _STATUSES[problem.kind] if problem else 200
    return render(request, "inbox/approvals/approvals.html", context, status=status)


@require_POST
@require_action("approve")
@signed_in
def approval_approve(request: InboxRequest, pk: int) -> HttpResponse:
    """Approve an answer, perhaps with another text."""
    text = request.POST.get("text")

    def verb(now: dt.datetime) -> object:
        seen = posted_version(request) or 0
        return deciding.approve(pk, request.user, seen_version=seen, now=now, text=text)

    return _decide(request, pk, "approve", verb, "Approved. It goes out in a few seconds")


@require_POST
@require_action("approve")
@signed_in
def approval_undo(request: InboxRequest, pk: int) -> HttpResponse:
    """Take an approval of one's own back before the answer leaves."""
    return _decide(
        request, pk, "undo", lambda now: deciding.take_approval_back(pk, request.user, now=now),
        "The approval is taken back, and the answer waits again",
    )  # fmt: skip


@require_POST
@require_action("approve")
@signed_in
def approval_changes(request: InboxRequest, pk: int) -> HttpResponse:
    """Give an answer back to its author with what to change."""
    words = request.POST.get("words", "")
    return _decide(
        request, pk, "changes", lambda now: deciding.ask_for_changes(pk, request.user, words, now=now),
        "Changes asked for. The answer is back",
    )  # fmt: skip


@require_POST
@require_action("approve")
@signed_in
def approval_decline(request: InboxRequest, pk: int) -> HttpResponse:
    """Decline an answer."""
    words = request.POST.get("words", "")
    return _decide(
        request, pk, "decline", lambda now: deciding.decline(pk, request.user, words, now=now),
        "Declined. The answer is back",
    )  # fmt: skip


def _decide(
    request: InboxRequest, pk: int, form: str, verb: Callable[[dt.datetime], object], done: str
) -> HttpResponse:
    try:
        problem = perform_verb(request, form, verb)
    except Reply.DoesNotExist as error:
        raise Http404 from error
    if problem is not None:
        return _show_list(request, problem, pk)
    reply = Reply.objects.select_related("author", "case__identity").get(pk=pk)
    who = f"{reply.author}’s answer to {reply.case.identity.display_name}"
    with_whom = f" with {reply.author}" if form in ("changes", "decline") else ""
    undo = f"undo-page {reverse('inbox:approval_undo', args=[pk])}" if form == "approve" else ""
    messages.success(request, f"{done}{with_whom}: {who}.", extra_tags=undo)
    following = request.POST.get("following", "")
    anchor = f"#answer-{following}" if following.isdecimal() and len(following) < 19 else ""
    return redirect_page(request, f"{reverse('inbox:approvals')}{anchor}")
