"""Hand-overs of a case between departments: each view is one verb of `inbox.cases.hand_overs`."""

from __future__ import annotations

import datetime as dt

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.models import Department
from inbox.case_page.page import Problem, allowed_actions
from inbox.cases import hand_overs, verbs
from inbox.changes.refusals import Conflict, Invalid
from inbox.decisions.likely_departments import rank_likely_departments
from inbox.models import Case, Custody
from inbox.notices import watches
from inbox.views.case_posts import (
    CaseVerb,
    perform_and_show,
    perform_verb,
    posted_version,
    show_case_after,
    show_case_again,
    show_case_with_problem,
)
from inbox.views.guards import InboxRequest, signed_in, wants_fragment
from inbox.visibility import list_departments


@require_POST
@signed_in
def hand_over(request: InboxRequest, pk: int) -> HttpResponse:
    """Hand the case over to another department, with a reason."""

    def verb(now: dt.datetime) -> object:
        wrong = request.POST.get("wrong_department") == "on"
        reason = request.POST.get("reason", "")
        return verbs.hand_over_case(
            pk,
            request.user,
            _posted_department(request),
            reason,
            wrong,
            version=posted_version(request),
            now=now,
        )

    return hand_over_and_show(request, pk, "hand_over", verb)


@require_POST
@signed_in
def accept(request: InboxRequest, pk: int) -> HttpResponse:
    """Accept the case for its department: "We have it"."""
    seen = posted_version(request)
    return perform_and_show(
        request,
        pk,
        "accept",
        lambda now: hand_overs.accept_case(pk, request.user, version=seen, now=now),
        "Accepted: your department has it.",
        undoable=True,
    )


@require_POST
@signed_in
def bounce(request: InboxRequest, pk: int) -> HttpResponse:
    """Send the case back to the department that it came from."""
    reason, seen = request.POST.get("reason", ""), posted_version(request)
    return hand_over_and_show(
        request,
        pk,
        "bounce",
        lambda now: hand_overs.bounce_case(pk, request.user, reason, version=seen, now=now),
    )


@signed_in
def wrong_department(request: InboxRequest, pk: int) -> HttpResponse:
    """Ask where a misrouted case belongs; a POST sends it there.

    Each department has the same digit on every case; the most likely one is marked.
    """
    if request.method == "POST":
        reason = request.POST.get("reason", "").strip() or hand_overs.WRONG_DEPARTMENT

        def verb(now: dt.datetime) -> object:
            return verbs.hand_over_case(
                pk,
                request.user,
                _posted_department(request),
                reason,
                True,
                version=posted_version(request),
                now=now,
            )

        return hand_over_and_show(request, pk, "wrong_department", verb)
    visible = Case.objects.visible_to(request.user).select_related("identity", "brand_account", "department")
    case = visible.filter(pk=pk).first()
    if case is None:
        raise Http404
    departments = list_departments(request.user)
    context = {
        "case": case,
        "heading": case.identity.display_name,
        "allowed": allowed_actions(request.user, case)["hand_over"],
        "choices": number_departments(departments, case.department_id),
        "likely": next(iter(rank_likely_departments(case, departments)), None),
        "reason": hand_overs.WRONG_DEPARTMENT,
    }
    name = "inbox/case_page/wrong_department.html"
    return render(request, f"{name}#chooser" if wants_fragment(request) else name, context)


@require_POST
@signed_in
def take_back(request: InboxRequest, pk: int) -> HttpResponse:
    """Undo a hand-over; `pk` is the custody that it began."""
    try:
        case = hand_overs.take_back_hand_over(pk, request.user, now=timezone.now())
    except Custody.DoesNotExist as error:
        raise Http404 from error
    except Conflict as error:
        return show_case_again(
            request, error.case.pk, problem=Problem("conflict", str(error), heading="Not undone")
        )
    return show_case_again(request, case.pk, done=f"Undone. {case.department} has the case again.")


@require_POST
@signed_in
def watch(request: InboxRequest, pk: int) -> HttpResponse:
    """Watch a case until it is closed.

    Stop watching if `on` is "0".
    """
    on = request.POST.get("on") != "0"
    done = "You will be told when it is resolved." if on else "You are no longer watching it."
    return perform_and_show(
        request, pk, "watch", lambda now: watches.set_watching(pk, request.user, on=on, now=now), done
    )


def number_departments(departments: list[Department], present_id: int) -> list[tuple[int, Department]]:
    """Return where a case may go, with numbers.

    A department has the same number on every case: the present one keeps its own, though it is not offered.
    """
    numbered = enumerate((department for department in departments if department.is_open), start=1)
    return [(number, department) for number, department in numbered if department.pk != present_id]


def _posted_department(request: InboxRequest) -> Department:
    slug = request.POST.get("department", "").replace("\x00", "")
    department = Department.objects.filter(slug=slug).first()
    if department is None:
        raise Invalid("Choose the department that gets the case.")
    return department


def hand_over_and_show(request: InboxRequest, pk: int, form: str, verb: CaseVerb) -> HttpResponse:
    """Send a case to another department, then show it.

    Shows the queue if the person no longer sees the case. Both offer to undo the hand-over.
    """
    if (problem := perform_verb(request, form, verb)) is not None:
        return show_case_with_problem(request, pk, problem)
    custody_id = hand_overs.find_undoable_hand_over(pk, request.user, timezone.now())
    department = Case.objects.select_related("department").get(pk=pk).department
    undo = reverse("inbox:take_back", args=[custody_id]) if custody_id is not None else ""
    return show_case_after(request, pk, f"Handed over to {department}.", undo=undo, moves_on=True)
