"""Responses to forms about a case: perform its verb, then show the case.

Every view of a verb has the same steps: read the posted form, perform the verb (`perform_verb`), make one response.
Success redirects to the case's page, or for htmx shows its changed parts. A refusal shows the same page or parts with
the reason and the typed text.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db import OperationalError
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone

from inbox.case_page.page import Problem
from inbox.cases.undo import find_undoable_act
from inbox.changes.refusals import Conflict, Invalid, NotAllowed, NothingKept
from inbox.models import Case
from inbox.views.case import render_case
from inbox.views.guards import InboxRequest, queue_address, redirect_page, wants_fragment
from postgres.time_limits import is_lock_timeout

_BUSY = "Somebody else is changing this case right now, so nothing of yours was saved. What you typed is kept: try again in a moment."
#: A verb with all its arguments except the time, in UTC, at which it is performed.
CaseVerb = Callable[[dt.datetime], object]
_HTTP_STATUSES = {"conflict": 409, "busy": 409, "invalid": 422, "refused": 403}


def perform_and_show(
    request: InboxRequest, pk: int, form: str, verb: CaseVerb, done: str,
    *, composer_too: bool = False, undoable: bool = False, moves_on: bool = False,
) -> HttpResponse:  # fmt: skip
    """Perform a verb, then show the case.

    `done` is the message of success; `composer_too` also renders the composer again; `undoable` offers to undo an act
    of `inbox.cases.undo`; after `moves_on` the next case of the list may be shown instead.
    """
    if (problem := perform_verb(request, form, verb)) is not None:
        return show_case_with_problem(request, pk, problem)
    if undoable:
        return offer_undo(request, pk, done, composer_too=composer_too, moves_on=moves_on)
    return show_case_after(request, pk, done, composer_too=composer_too, moves_on=moves_on)


def offer_undo(
    request: InboxRequest, pk: int, done: str, *, composer_too: bool = False, moves_on: bool = False
) -> HttpResponse:
    """Show the case after an undoable act, and offer its undo."""
    version = find_undoable_act(pk, request.user, timezone.now())
    address = reverse("inbox:undo", args=[pk, version]) if version is not None else ""
    return show_case_after(request, pk, done, composer_too=composer_too, undo=address, moves_on=moves_on)


def perform_verb(request: InboxRequest, form: str, verb: CaseVerb) -> Problem | None:
    """Perform a verb; return None, or the problem if it was refused.

    The problem has the text typed into `form`. Raises `Http404` if the verb raises `Case.DoesNotExist`.
    """
    try:
        verb(timezone.now())
    except Case.DoesNotExist as error:
        raise Http404 from error
    except Conflict as error:
        return Problem("conflict", str(error), form, posted_fields(request), error.heading)
    except NothingKept as error:
        return Problem(
            "invalid",
            str(error),
            form,
            posted_fields(request),
            "Not sent" if form == "reply" else "Not saved",
        )
    except Invalid as error:
        return Problem("invalid", str(error), form, posted_fields(request))
    except NotAllowed as error:
        return Problem("refused", str(error), form, posted_fields(request))
    except OperationalError as error:
        if not is_lock_timeout(error):
            raise
        return Problem("busy", _BUSY, form, posted_fields(request))
    return None


def show_case_with_problem(request: InboxRequest, pk: int, problem: Problem) -> HttpResponse:
    """Show the case with the reason why nothing was done.

    The text that the person typed stays in its form. The status is 409 for a conflict or a locked case, 422 for invalid input, 403 for
    an action that is not allowed.
    """
    status = _HTTP_STATUSES[problem.kind]
    return render_case(request, pk, "changes", status=status, problem=problem, start=posted_start(request))


def show_case_after(
    request: InboxRequest, pk: int, done: str,
    *, composer_too: bool = False, undo: str = "", moves_on: bool = False,
) -> HttpResponse:  # fmt: skip
    """Show the case after a successful verb.

    For htmx its changed parts, else a redirect to its page. Redirects to the queue that the person came from if they
    may no longer read the case, because it went to another department. `undo` is the address that undoes it, "" for
    none. After `moves_on` the next case is shown instead, if the page has one and the person wants that.
    """
    if moves_on and (shown := show_next_case(request, pk, done, undo)) is not None:
        return shown
    is_readable = Case.objects.visible_to(request.user).filter(pk=pk).exists()
    if is_readable and wants_fragment(request):
        more: dict[str, Any] = {"done": done, "composer_too": composer_too, "undo": undo}
        return render_case(request, pk, "changes", more=more, start=posted_start(request))
    messages.success(request, done, extra_tags=f"undo {undo}" if undo else "")
    return redirect_page(request, reverse("inbox:case", args=[pk]) if is_readable else queue_address(request))


def show_next_case(request: InboxRequest, pk: int, done: str, undo: str) -> HttpResponse | None:
    """Show the case that the page names as the next one.

    With what was done to the one before. None if it names none that can be read, or if the person does not want that.
    """
    following = request.headers.get("Horseshoe-Next", "")
    if not (wants_fragment(request) and request.user.opens_next_case and following.isdecimal()):
        return None
    name = Case.objects.select_related("identity").get(pk=pk).identity.display_name
    more = {"done": f"{done.rstrip('.')}: {name}. Next case opened.", "undo": undo}
    try:
        return retarget(render_case(request, min(int(following), 2**62), "case", more=more), following)
    except Http404:
        return None


def show_case_again(
    request: InboxRequest, pk: int, *, done: str = "", problem: Problem | None = None
) -> HttpResponse:
    """Show a case after an undo, wherever the person is by now.

    The queue if they may not read it.
    """
    is_readable = Case.objects.visible_to(request.user).filter(pk=pk).exists()
    if is_readable and wants_fragment(request):
        status = _HTTP_STATUSES[problem.kind] if problem else 200
        shown = render_case(request, pk, "case", more={"done": done}, status=status, problem=problem)
        return retarget(shown, str(pk))
    if problem is not None:
        messages.error(request, problem.text)
    else:
        messages.success(request, done)
    return redirect_page(request, reverse("inbox:case", args=[pk]) if is_readable else queue_address(request))


def retarget(response: HttpResponse, case_id: str) -> HttpResponse:
    """Replace the open case by this one.

    For htmx, wherever the request came from.
    """
    response["HX-Retarget"], response["HX-Reswap"] = "#case", "outerHTML show:none"
    response["HX-Push-Url"] = reverse("inbox:case", args=[case_id])
    return response


def posted_version(request: InboxRequest) -> int | None:
    """Return the version of the case that the form was built for.

    None if the form has none.
    """
    version = request.POST.get("version", "")
    return int(version) if version.isascii() and version.isdigit() and len(version) < 10 else None


def posted_start(request: InboxRequest) -> str:
    """Return the cursor of the first message on the open page.

    "" without one.
    """
    return request.POST.get("start", "")


def posted_fields(request: InboxRequest) -> dict[str, str]:
    """Return the form's fields, without the CSRF token."""
    return {key: str(value) for key, value in request.POST.items() if key != "csrfmiddlewaretoken"}
