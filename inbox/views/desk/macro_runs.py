"""Macros on a case: the menu of those that suit it, running one, and taking a run back."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.access import viewer
from inbox.case_page.event_lines import event_line
from inbox.case_page.timeline import VERBS_SHOWN_ELSEWHERE
from inbox.changes.refusals import Invalid
from inbox.macros.listing import offer_macros
from inbox.macros.previewing import foresee_macro
from inbox.macros.running import Wanted, asks_for_order, run_macro
from inbox.macros.steps import LAST_KINDS, answers, read_steps
from inbox.macros.undoing import undo_run
from inbox.models import Case, Macro, MacroRun, Reply, ReplyState
from inbox.views.case_posts import (
    perform_verb,
    posted_version,
    show_case_after,
    show_case_again,
    show_case_with_problem,
)
from inbox.views.guards import InboxRequest, signed_in, wants_fragment


@require_safe
@signed_in
def choose_macro(request: InboxRequest, pk: int) -> HttpResponse:
    """List the macros that suit a case: a page, and for htmx what a menu shows.

    `?version=` is the version of the case that the person looks at.
    """
    case, query = _get_case(request, pk), request.GET.get("q", "")
    context: dict[str, Any] = {
        "case": case,
        "at": reverse("inbox:case", args=[case.pk]),
        "heading": case.identity.display_name,
        "rows": offer_macros(case, request.user, query, timezone.now()),
        "query": query,
        "version": _seen_version(request, case),
    }
    name = "inbox/macros/choose_macro.html"
    return render(request, f"{name}#offered" if wants_fragment(request) else name, context)


@require_POST
@signed_in
def run(request: InboxRequest, pk: int) -> HttpResponse:
    """Run a macro on a case.

    A refused one has done nothing, and says at which step it was refused.
    """
    done: list[MacroRun] = []

    def verb(now: dt.datetime) -> object:
        done.append(run_macro(pk, request.user, _posted_wish(request), now=now))
        return done[0]

    if (problem := perform_verb(request, "macro", verb)) is not None:
        return show_case_with_problem(request, pk, problem)
    ran = done[0]
    steps = read_steps(ran.macro)
    has_answer = answers(steps)
    later = f" {_describe_answer(ran)}" if has_answer else ""
    return show_case_after(
        request,
        pk,
        f"“{ran.macro}” is done.{later}",
        composer_too=has_answer,
        undo=reverse("inbox:macro_undo", args=[ran.pk]),
        moves_on=any(step.kind in LAST_KINDS for step in steps),
    )


def _describe_answer(ran: MacroRun) -> str:
    """Return what becomes of the answer of a run: it may need approval first."""
    replies = Reply.objects.filter(case=ran.case_id, author=ran.by_id, created_at=ran.at)
    if replies.filter(state=ReplyState.PENDING).exists():
        return "The answer waits for approval."
    return "The answer goes out in a moment."


def _posted_wish(request: InboxRequest) -> Wanted:
    macro = request.POST.get("macro", "")
    try:
        key = uuid.UUID(request.POST.get("key", ""))
    except ValueError as error:
        raise Invalid("The form was incomplete. Nothing was done: choose the macro again.") from error
    number = int(macro) if macro.isascii() and macro.isdigit() and len(macro) < 18 else 0
    return Wanted(number, key, posted_version(request), request.POST.get("order", "")[:100])


@require_POST
@signed_in
def macro_undo(request: InboxRequest, pk: int) -> HttpResponse:
    """Take a run of the person's own back, as one."""
    runs = MacroRun.objects.filter(pk=min(pk, 2**62), by=request.user)
    case_id = runs.values_list("case_id", flat=True).first()
    if case_id is None:
        raise Http404
    words: list[str] = []

    def verb(now: dt.datetime) -> object:
        words.append(undo_run(pk, request.user, now=now).words)
        return None

    problem = perform_verb(request, "undo", verb)
    return show_case_again(request, case_id, done=words[0] if words else "", problem=problem)


@require_safe
@signed_in
def preview_macro(request: InboxRequest, pk: int, number: int) -> HttpResponse:
    """Show what a macro would do to a case.

    It asks for the order number if the answer needs one.
    """
    case = _get_case(request, pk)
    macros = Macro.objects.visible_to(request.user).filter(archived_at__isnull=True)
    macro = get_object_or_404(macros.select_related("department"), pk=min(number, 2**62))
    version, order, now = _seen_version(request, case), request.GET.get("order", "")[:100], timezone.now()
    asks = asks_for_order(case, request.user, read_steps(macro), now)
    foreseen = None
    if order.strip() or not asks:
        wish = Wanted(macro.pk, uuid.uuid4(), version, order)
        try:
            foreseen = foresee_macro(case.pk, request.user, wish, now=now)
        except Case.DoesNotExist as error:
            raise Http404 from error
    events = foreseen.events if foreseen else ()
    context: dict[str, Any] = {
        "case": case,
        "at": reverse("inbox:case", args=[case.pk]),
        "heading": case.identity.display_name,
        "macro": macro,
        "asks_for_order": asks,
        "order": order,
        "version": version,
        "key": uuid.uuid4(),
        "foreseen": foreseen,
        "lines": [event_line(event) for event in events if event.verb not in VERBS_SHOWN_ELSEWHERE],
    }
    return render(request, "inbox/macros/preview.html", context)


def _get_case(request: InboxRequest, pk: int) -> Case:
    cases = Case.objects.visible_to(request.user).select_related("identity", "brand_account")
    case = cases.filter(pk=min(pk, 2**62)).first()
    if case is None:
        raise Http404
    if not viewer(request.user).may("claim"):
        raise PermissionDenied
    return case


def _seen_version(request: InboxRequest, case: Case) -> int:
    seen = request.GET.get("version", "")
    return int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 10 else case.version
