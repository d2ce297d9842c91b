"""Actions on a case: each view is one verb of `inbox.cases.verbs`, or takes the next case."""

from __future__ import annotations

import datetime as dt

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.access import viewer
from accounts.models import Department, User
from inbox.assignment.take_next import take_next_case
from inbox.cases import verbs
from inbox.cases.customer_tags import tag_customer
from inbox.cases.tags import tag_case
from inbox.cases.undo import undo_act
from inbox.changes.refusals import Invalid
from inbox.views.case_posts import (
    perform_and_show,
    perform_verb,
    posted_version,
    show_case_after,
    show_case_again,
    show_case_with_problem,
)
from inbox.views.guards import InboxRequest, signed_in


@require_POST
@signed_in
def take_next(request: InboxRequest) -> HttpResponse:
    """Take a case and open it.

    If there is none, or while the person is away, the queue says so.
    """
    try:
        case = take_next_case(request.user, now=timezone.now())
    except Invalid as error:
        messages.warning(request, str(error))
        return redirect("inbox:presence")
    if case is None:
        messages.info(request, "No case is waiting that you could take. New ones appear here automatically.")
        return redirect("inbox:queue_mine")
    undo = reverse("inbox:undo", args=[case.pk, case.version])
    messages.success(request, "It is yours.", extra_tags=f"undo {undo}")
    return redirect("inbox:case", case.pk)


@require_POST
@signed_in
def assign(request: InboxRequest, pk: int) -> HttpResponse:
    """Assign the case to "me", "nobody", or a person by id."""
    to = request.POST.get("to", "")

    def verb(now: dt.datetime) -> object:
        if to == "me" and not viewer(request.user).may("reassign"):
            return verbs.claim_case(pk, request.user, version=posted_version(request), now=now)
        return verbs.assign_case(
            pk, request.user, _posted_assignee(request, to), version=posted_version(request), now=now
        )

    done = "It is yours." if to == "me" else "Assigned."
    return perform_and_show(request, pk, "assign", verb, done, undoable=True)


@require_POST
@signed_in
def note(request: InboxRequest, pk: int) -> HttpResponse:
    """Add a private note."""
    text = request.POST.get("note", "")
    return perform_and_show(
        request, pk, "note", lambda now: verbs.add_note(pk, request.user, text, now=now), "Note added."
    )


@require_POST
@signed_in
def customer_tags(request: InboxRequest, pk: int) -> HttpResponse:
    """Replace the customer's tags.

    Colleagues and rules may read them.
    """
    tags = request.POST.get("tags", "")

    def verb(now: dt.datetime) -> object:
        return tag_customer(pk, request.user, tags, now=now)

    return perform_and_show(request, pk, "customer_tags", verb, "The customer's tags are saved.")


@require_POST
@signed_in
def case_tags(request: InboxRequest, pk: int) -> HttpResponse:
    """Replace the case's tags, by which colleagues find it."""
    tags = request.POST.get("tags", "")
    teaches: list[Department | None] = []

    def verb(now: dt.datetime) -> object:
        teaches.append(tag_case(pk, request.user, tags, now=now))
        return None

    if (problem := perform_verb(request, "case_tags", verb)) is not None:
        return show_case_with_problem(request, pk, problem)
    done = "The case's tags are saved."
    if department := teaches[0]:
        done += f" The router learns that it belongs to {department}; it stays here until you hand it over."
    return show_case_after(request, pk, done)


@require_POST
@signed_in
def resolve(request: InboxRequest, pk: int) -> HttpResponse:
    """Close the case as resolved."""
    seen = posted_version(request)
    return perform_and_show(
        request,
        pk,
        "resolve",
        lambda now: verbs.resolve_case(pk, request.user, version=seen, now=now),
        "Resolved.",
        undoable=True,
        moves_on=True,
    )


@require_POST
@signed_in
def undo(request: InboxRequest, pk: int, number: int) -> HttpResponse:
    """Undo what the person has just done to the case; `number` is the version that it created."""
    seen = min(number, 2**31 - 1)
    problem = perform_verb(request, "undo", lambda now: undo_act(pk, request.user, seen, now=now))
    return show_case_again(request, pk, done="Undone: the case is as it was.", problem=problem)


@require_POST
@signed_in
def reopen(request: InboxRequest, pk: int) -> HttpResponse:
    """Open the case again."""
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
    """Close the case without an answer, with a reason."""
    reason, seen = request.POST.get("reason", ""), posted_version(request)

    def verb(now: dt.datetime) -> object:
        return verbs.dismiss_case(pk, request.user, reason, version=seen, now=now)

    return perform_and_show(request, pk, "dismiss", verb, "Dismissed.", undoable=True, moves_on=True)


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
