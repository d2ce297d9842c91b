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
from inbox.changes.refusals import Conflict, Invalid, NotAllowed
from inbox.models import Case
from inbox.views.case import render_case
from inbox.views.guards import InboxRequest, redirect_page, wants_fragment
from postgres.time_limits import is_lock_timeout

_BUSY = "Somebody else is changing this case right now, so nothing of yours was saved. What you typed is kept: try again in a moment."
#: A verb with all its arguments except the time, in UTC, at which it is performed.
CaseVerb = Callable[[dt.datetime], object]
_HTTP_STATUSES = {"conflict": 409, "busy": 409, "invalid": 422, "refused": 403}


def perform_and_show(
    request: InboxRequest, pk: int, form: str, verb: CaseVerb, done: str, *, composer_too: bool = False
) -> HttpResponse:
    """Perform a verb, then show the case.

    `done` is the message of success; `composer_too` also renders the composer again.
    """
    if (problem := perform_verb(request, form, verb)) is not None:
        return show_case_with_problem(request, pk, problem)
    return show_case_after(request, pk, done, composer_too=composer_too)


def perform_verb(request: InboxRequest, form: str, verb: CaseVerb) -> Problem | None:
    """Perform a verb; return None, or the problem if it was refused.

    The problem has the text typed into `form`. Raises `Http404` if the verb raises `Case.DoesNotExist`.
    """
    try:
        verb(timezone.now())
    except Case.DoesNotExist as error:
        raise Http404 from error
    except Conflict as error:
        return Problem("conflict", str(error), form, posted_fields(request))
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
    request: InboxRequest, pk: int, done: str, *, composer_too: bool = False, undo: int | None = None
) -> HttpResponse:
    """Show the case after a successful verb.

    For htmx its changed parts, else a redirect to its page. Redirects to the queue if the person may no longer read
    the case, because it went to another department. `undo` is the custody of a hand-over that the page offers to undo.
    """
    is_readable = Case.objects.visible_to(request.user).filter(pk=pk).exists()
    if is_readable and wants_fragment(request):
        more: dict[str, Any] = {"done": done, "composer_too": composer_too, "undo": undo}
        return render_case(request, pk, "changes", more=more, start=posted_start(request))
    messages.success(request, done, extra_tags=f"undo-{undo}" if undo else "")
    return redirect_page(request, reverse("inbox:case", args=[pk]) if is_readable else reverse("inbox:queue"))


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
