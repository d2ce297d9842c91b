"""Pages that split a case in two, or merge another into it: a GET asks, a POST does it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.models import Department
from inbox.case_page.page import Problem, allowed_actions
from inbox.cases import regrouping
from inbox.models import Case, Message
from inbox.views.case_posts import CaseVerb, perform_verb, posted_version
from inbox.views.guards import InboxRequest, redirect_page, signed_in
from inbox.visibility import list_departments
from wording.times import display_time

_CHARACTERS_SHOWN = 300


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def split(request: InboxRequest, pk: int) -> HttpResponse:
    """Ask which messages are about something else; a POST moves them to a case of their own."""
    opened: list[Case] = []

    def verb(now: dt.datetime) -> object:
        ids = {int(value) for value in request.POST.getlist("message") if _is_id(value)}
        department = Department.objects.filter(
            slug=request.POST.get("department", "").replace("\x00", "")
        ).first()
        department = department or Case.objects.visible_to(request.user).get(pk=pk).department
        opened.append(
            regrouping.split_case(pk, request.user, ids, department, version=posted_version(request), now=now)
        )
        return None

    problem = _perform(request, verb)
    if opened and problem is None:
        seen = Case.objects.visible_to(request.user).filter(pk=opened[0].pk).exists()
        done = f"The messages are now in case {opened[0].pk}, with {opened[0].department}."
        return _show_case(request, opened[0].pk if seen else pk, done)
    case = _read_case(request, pk)
    chosen = set(request.POST.getlist("message"))
    context = {
        "rows": [_message_row(message, chosen) for message in regrouping.list_splittable_messages(case)],
        "departments": [department for department in list_departments(request.user) if department.is_open],
        "department": request.POST.get("department") or case.department.slug,
    }
    return _ask(request, "inbox/case_page/split.html", case, problem, context)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def merge(request: InboxRequest, pk: int) -> HttpResponse:
    """Ask which case of the customer is about the same; a POST merges it into this one."""
    posted = request.POST.get("other", "")

    def verb(now: dt.datetime) -> object:
        other = int(posted) if _is_id(posted) else 0
        return regrouping.merge_case(pk, request.user, other, version=posted_version(request), now=now)

    problem = _perform(request, verb)
    if request.method == "POST" and problem is None:
        return _show_case(request, pk, f"Merged: the messages of case {posted} are here now.")
    case = _read_case(request, pk)
    others = regrouping.mergeable_cases(case, request.user).select_related("department")
    context = {
        "others": list(others.order_by("-activity_at", "-id")[: regrouping.MOST_OFFERED]),
        "other": posted,
    }
    return _ask(request, "inbox/case_page/merge.html", case, problem, context)


def _is_id(value: str) -> bool:
    return value.isascii() and value.isdigit() and len(value) < 18


def _perform(request: InboxRequest, verb: CaseVerb) -> Problem | None:
    return perform_verb(request, "regroup", verb) if request.method == "POST" else None


def _show_case(request: InboxRequest, pk: int, done: str) -> HttpResponse:
    messages.success(request, done)
    return redirect_page(request, reverse("inbox:case", args=[pk]))


def _read_case(request: InboxRequest, pk: int) -> Case:
    """Return a case that the person may read. Raises `Http404`."""
    visible = Case.objects.visible_to(request.user).select_related("identity", "brand_account", "department")
    case = visible.filter(pk=pk).first()
    if case is None:
        raise Http404
    return case


def _ask(
    request: InboxRequest, template: str, case: Case, problem: Problem | None, context: dict[str, Any]
) -> HttpResponse:
    allowed = allowed_actions(request.user, case)["hand_over"]
    common = {"case": case, "heading": case.identity.display_name, "allowed": allowed, "problem": problem}
    statuses = {"conflict": 409, "busy": 409, "invalid": 422, "refused": 403}
    status = statuses[problem.kind] if problem else 200
    return render(request, template, common | context, status=status)


def _message_row(message: Message, chosen: set[str]) -> dict[str, Any]:
    text = " ".join(message.text.split())
    return {
        "id": message.pk,
        "text": text if len(text) <= _CHARACTERS_SHOWN else f"{text[:_CHARACTERS_SHOWN]}…",
        "when": display_time(message.network_time, timezone.now()),
        "chosen": str(message.pk) in chosen,
    }
