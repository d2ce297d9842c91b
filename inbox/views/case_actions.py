"""What people do with a case: each view is one verb of `inbox.cases.verbs`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST
from django_htmx.http import HttpResponseClientRedirect

from accounts.access import viewer
from accounts.models import Department, User
from inbox.case_page.page import Problem
from inbox.cases import verbs
from inbox.cases.customer_tags import tag_customer
from inbox.cases.tags import tag_case
from inbox.changes.refusals import Conflict, Invalid, NotAllowed
from inbox.models import Case
from inbox.views.case import case_page_context, show_case_with_problem
from inbox.views.guards import InboxRequest, signed_in, wants_fragment

CaseAction = Callable[[dt.datetime], object]


@require_POST
@signed_in
def assign(request: InboxRequest, pk: int) -> HttpResponse:
    """To "me", to "nobody", or to the person with that id."""
    to = request.POST.get("to", "")

    def verb(now: dt.datetime) -> object:
        if to == "me" and not viewer(request.user).may("reassign"):
            return verbs.claim_case(pk, request.user, version=posted_version(request), now=now)
        return verbs.assign_case(
            pk, request.user, _posted_assignee(request, to), version=posted_version(request), now=now
        )

    return perform_and_show(request, pk, "assign", verb, "It is yours." if to == "me" else "Assigned.")


@require_POST
@signed_in
def note(request: InboxRequest, pk: int) -> HttpResponse:
    """A private note."""
    text = request.POST.get("note", "")
    return perform_and_show(
        request, pk, "note", lambda now: verbs.add_note(pk, request.user, text, now=now), "Note added."
    )


@require_POST
@signed_in
def customer_tags(request: InboxRequest, pk: int) -> HttpResponse:
    """What colleagues and rules may know of the customer."""
    given = request.POST.get("tags", "")

    def verb(now: dt.datetime) -> object:
        return tag_customer(pk, request.user, given, now=now)

    return perform_and_show(request, pk, "customer_tags", verb, "The customer's tags are saved.")


@require_POST
@signed_in
def case_tags(request: InboxRequest, pk: int) -> HttpResponse:
    """What colleagues find the case by."""
    given = request.POST.get("tags", "")
    teaches: list[Department | None] = []

    def verb(now: dt.datetime) -> object:
        teaches.append(tag_case(pk, request.user, given, now=now))
        return None

    refusal = attempt_action(request, pk, "case_tags", verb)
    if refusal is not None:
        return refusal
    done = "The case's tags are saved."
    if department := teaches[0]:
        done += f" The router learns that it belongs to {department}; it stays here until you hand it over."
    return show_case_after(request, pk, done)


@require_POST
@signed_in
def resolve(request: InboxRequest, pk: int) -> HttpResponse:
    """Closed as solved."""
    seen = posted_version(request)
    return perform_and_show(
        request,
        pk,
        "resolve",
        lambda now: verbs.resolve_case(pk, request.user, version=seen, now=now),
        "Resolved.",
    )


@require_POST
@signed_in
def reopen(request: InboxRequest, pk: int) -> HttpResponse:
    """Open again."""
    seen = posted_version(request)
    return perform_and_show(
        request,
        pk,
        "reopen",
        lambda now: verbs.reopen_case(pk, request.user, version=seen, now=now),
        "Reopened.",
    )


@require_POST
@signed_in
def dismiss(request: InboxRequest, pk: int) -> HttpResponse:
    """Closed without an answer, with the reason."""
    reason, seen = request.POST.get("reason", ""), posted_version(request)

    def verb(now: dt.datetime) -> object:
        return verbs.dismiss_case(pk, request.user, reason, version=seen, now=now)

    return perform_and_show(request, pk, "dismiss", verb, "Dismissed.")


def posted_version(request: InboxRequest) -> int | None:
    """The version of the case that the form was made for; None when it carries none."""
    given = request.POST.get("version", "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 10 else None


def _posted_assignee(request: InboxRequest, to: str) -> User | None:
    if to == "me":
        return request.user
    if to == "nobody":
        return None
    number = int(to) if to.isascii() and to.isdigit() and len(to) < 18 else 0
    person = User.objects.filter(pk=number, is_active=True).first()
    if person is None:
        raise Invalid("Choose a person who works here.")
    return person


def perform_and_show(
    request: InboxRequest, pk: int, form: str, verb: CaseAction, done: str, *, composer_too: bool = False
) -> HttpResponse:
    """Do it, and show the case as it stands then; what was refused says why and keeps what was typed."""
    return attempt_action(request, pk, form, verb) or show_case_after(
        request, pk, done, composer_too=composer_too
    )


def attempt_action(request: InboxRequest, pk: int, form: str, verb: CaseAction) -> HttpResponse | None:
    """Do it. None when it was done, else the case with why it was not and what was typed."""
    try:
        verb(timezone.now())
    except Case.DoesNotExist as error:
        raise Http404 from error
    except Conflict as error:
        return show_case_with_problem(
            request, pk, Problem("conflict", str(error), form, typed_fields(request))
        )
    except Invalid as error:
        return show_case_with_problem(
            request, pk, Problem("invalid", str(error), form, typed_fields(request))
        )
    except NotAllowed as error:
        return show_case_with_problem(
            request, pk, Problem("refused", str(error), form, typed_fields(request))
        )
    return None


def typed_fields(request: InboxRequest) -> dict[str, str]:
    """What the form held, the token aside."""
    return {key: str(value) for key, value in request.POST.items() if key != "csrfmiddlewaretoken"}


def show_case_after(request: InboxRequest, pk: int, done: str, *, composer_too: bool = False) -> HttpResponse:
    """The case after something was done: its changed parts for htmx, else back to its page.

    A case that the person may not read any more (it went to another department) leaves them at the queue.
    """
    gone = not Case.objects.visible_to(request.user).filter(pk=pk).exists()
    if gone or not wants_fragment(request):
        messages.success(request, done)
        where = reverse("inbox:queue") if gone else reverse("inbox:case", args=[pk])
        if not request.htmx:
            return redirect(where)
        there: HttpResponse = HttpResponseClientRedirect(where)
        return there
    context = case_page_context(request, pk, start=request.POST.get("start", ""))
    return render(
        request, "inbox/case_page/case.html#changes", {**context, "done": done, "composer_too": composer_too}
    )
