"""Acts on many cases: ask for what is missing, begin, follow, stop, undo."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import viewer
from inbox import tasks
from inbox.bulk import acts, page, selection, words, work
from inbox.bulk.acts import Chosen
from inbox.changes.refusals import Invalid
from inbox.models import BulkAct, BulkVerb
from inbox.views.guards import InboxRequest, known_queue, queue_address, signed_in, wants_fragment

#: Acts that close cases: of more than a few the person is asked first.
_HURTING = (BulkVerb.RESOLVE, BulkVerb.DISMISS)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def bulk(request: InboxRequest) -> HttpResponse:
    """List the person's acts, or begin one. Without a needed word, or before it hurts, ask first."""
    if not viewer(request.user).may("claim"):
        raise PermissionDenied
    now = timezone.now()
    if request.method != "POST":
        return render(request, "inbox/bulk/acts.html", {"acts": page.list_acts(request.user, now)})
    verb = next((verb for verb in BulkVerb if verb == request.POST.get("act")), None)
    try:
        chosen = selection.parse_chosen(request.user, request.POST, now)
        if verb is None:
            raise Invalid("Choose what to do with the selected cases.")
    except Invalid as error:
        messages.warning(request, str(error))
        # A list that is not there any more would not say it.
        return redirect(reverse("inbox:queue") if "every" in request.POST else _list_address(request))
    return _ask_or_begin(request, verb, chosen, now)


def _ask_or_begin(request: InboxRequest, verb: BulkVerb, chosen: Chosen, now: dt.datetime) -> HttpResponse:
    cases = selection.chosen_cases(request.user, chosen)
    is_sure = "sure" in request.POST
    is_many = chosen.every is not None or len(chosen.case_ids) > acts.AT_ONCE
    try:
        details = selection.parse_details(verb, request.user, request.POST, now)
        if details is None or (is_many and not is_sure and (verb in _HURTING or chosen.every is not None)):
            return _ask(request, verb, chosen, cases.distinct().count(), now)
        if _answers_unasked(details, request.POST.get("answering", "")):
            return _ask(request, verb, chosen, cases.distinct().count(), now, answering=details)
        act = acts.begin_act(request.user, verb, details, chosen, now)
    except Invalid as error:
        return _ask(request, verb, chosen, cases.distinct().count(), now, problem=str(error))
    if act.found > acts.AT_ONCE:
        # If the broker is unreachable, the act begins some seconds later: the periodic task wakes a worker.
        transaction.on_commit(lambda: tasks.work_on_bulk_act.delay(act.pk), robust=True)
        return redirect("inbox:bulk_act", act.pk)
    return _do_at_once(request, act, reverse("inbox:bulk_undo", args=[act.pk]))


def _answers_unasked(details: dict[str, Any], confirmed: str) -> bool:
    """Return whether answers to customers are not confirmed yet."""
    return bool(details.get("answers")) and confirmed != str(details["version"])


def _ask(
    request: InboxRequest,
    verb: BulkVerb,
    chosen: Chosen,
    count: int,
    now: dt.datetime,
    *,
    problem: str = "",
    answering: dict[str, Any] | None = None,
) -> HttpResponse:
    left = page.foresee(request.user, verb, selection.chosen_cases(request.user, chosen))
    changed = max(count - sum(group.count for group in left), 0)
    context: dict[str, Any] = {
        "verb": verb.value,
        "title": words.describe_wish(verb, count),
        "count": count,
        "changes": words.describe_wish(verb, changed),
        "may_begin": changed > 0,
        "left": left,
        "chosen": chosen,
        "left_out": selection.parse_ids(request.POST.getlist("left_out")),
        "typed": request.POST,
        "problem": problem,
        "back": _list_address(request),
        "closes": verb in _HURTING,
        "answering": answering,
        **page.list_choices(request.user, verb, now),
    }
    return render(request, "inbox/bulk/ask.html", context, status=422 if problem else 200)


def _do_at_once(request: InboxRequest, act: BulkAct, undo: str) -> HttpResponse:
    """Work on an act while the person waits. What is left over goes to a worker."""
    if not work.work_on_act_now(act.pk):
        return redirect("inbox:bulk_act", act.pk)
    act.refresh_from_db()
    now = timezone.now()
    if act.refused or act.kept:
        return redirect("inbox:bulk_act", act.pk)
    messages.success(request, page.say_done(act, now), extra_tags=f"undo-page {undo}" if undo else "")
    return redirect(known_queue(act.came_from) or queue_address(request))


def _list_address(request: InboxRequest) -> str:
    return known_queue(request.POST.get("list", "")) or queue_address(request)


@require_safe
@signed_in
def bulk_act(request: InboxRequest, pk: int) -> HttpResponse:
    """Show how far an act has come.

    And what it left as it is.
    """
    act = get_object_or_404(BulkAct.objects.visible_to(request.user), pk=pk)
    after = selection.parse_ids([request.GET.get("after", "")])
    context = page.act_context(act, request.user, after[0] if after else 0, timezone.now())
    context["back"] = known_queue(act.came_from) or reverse("inbox:queue")
    name = "inbox/bulk/act.html"
    return render(request, f"{name}#act-body" if wants_fragment(request) else name, context)


@require_POST
@signed_in
def bulk_stop(request: InboxRequest, pk: int) -> HttpResponse:
    """Stop an act. What it has done stays, and can be undone."""
    act = get_object_or_404(BulkAct.objects.visible_to(request.user), pk=pk)
    acts.stop_act(act, timezone.now())
    return redirect("inbox:bulk_act", pk)


@require_POST
@signed_in
def bulk_undo(request: InboxRequest, pk: int) -> HttpResponse:
    """Undo an act on all its cases."""
    act = get_object_or_404(BulkAct.objects.visible_to(request.user), pk=pk)
    try:
        acts.begin_undo(act, timezone.now())
    except Invalid as error:
        messages.warning(request, str(error))
        return redirect("inbox:bulk_act", pk)
    if act.done > acts.AT_ONCE:
        transaction.on_commit(lambda: tasks.work_on_bulk_act.delay(pk), robust=True)
        return redirect("inbox:bulk_act", pk)
    return _do_at_once(request, act, "")
