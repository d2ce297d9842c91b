"""A form about a case: its verb is performed, then the case is shown as it stands.

Every view of a verb goes the same way: the posted form, the verb (`perform_verb`), and then one response. What was
done leads back to the case's page, or for htmx to the parts of it that changed; what was refused shows the same page
or parts, with the reason and with what was typed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone

from inbox.case_page.page import Problem
from inbox.changes.refusals import Conflict, Invalid, NotAllowed
from inbox.models import Case
from inbox.views.case import render_case
from inbox.views.guards import InboxRequest, redirect_page, wants_fragment

#: A verb with everything but the moment, in UTC, at which it is done.
CaseVerb = Callable[[dt.datetime], object]
_HTTP_STATUSES = {"conflict": 409, "invalid": 422, "refused": 403}


def perform_and_show(
    request: InboxRequest, pk: int, form: str, verb: CaseVerb, done: str, *, composer_too: bool = False
) -> HttpResponse:
    """Perform a verb, then show the case. `done` says so; `composer_too` shows the composer afresh as well."""
    if (problem := perform_verb(request, form, verb)) is not None:
        return show_case_with_problem(request, pk, problem)
    return show_case_after(request, pk, done, composer_too=composer_too)


def perform_verb(request: InboxRequest, form: str, verb: CaseVerb) -> Problem | None:
    """Perform a verb. Return None when it was done, else why it was not and what was typed into `form`.

    Raises `Http404` when the verb raises `Case.DoesNotExist`.
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
    return None


def show_case_with_problem(request: InboxRequest, pk: int, problem: Problem) -> HttpResponse:
    """Show the case with why nothing was done. What the person had typed stays in its form.

    The status is 409 for a conflict, 422 for input that makes no sense, 403 for what is not allowed.
    """
    status = _HTTP_STATUSES[problem.kind]
    return render_case(request, pk, "changes", status=status, problem=problem, start=posted_start(request))


def show_case_after(
    request: InboxRequest, pk: int, done: str, *, composer_too: bool = False, undo: int | None = None
) -> HttpResponse:
    """Show the case after something was done: its changed parts for htmx, else redirect to its page.

    A case that the person may not read any more (it went to another department) leaves them at the queue. `undo` is
    the custody of a hand-over that is offered to be taken back.
    """
    is_readable = Case.objects.visible_to(request.user).filter(pk=pk).exists()
    if is_readable and wants_fragment(request):
        more: dict[str, Any] = {"done": done, "composer_too": composer_too, "undo": undo}
        return render_case(request, pk, "changes", more=more, start=posted_start(request))
    messages.success(request, done, extra_tags=f"undo-{undo}" if undo else "")
    return redirect_page(request, reverse("inbox:case", args=[pk]) if is_readable else reverse("inbox:queue"))


def posted_version(request: InboxRequest) -> int | None:
    """Return the case's version that the form was made for. None when it carries none."""
    version = request.POST.get("version", "")
    return int(version) if version.isascii() and version.isdigit() and len(version) < 10 else None


def posted_start(request: InboxRequest) -> str:
    """Return the cursor of the first message on the open page. "" without one."""
    return request.POST.get("start", "")


def posted_fields(request: InboxRequest) -> dict[str, str]:
    """Return what the form held, without the token."""
    return {key: str(value) for key, value in request.POST.items() if key != "csrfmiddlewaretoken"}
