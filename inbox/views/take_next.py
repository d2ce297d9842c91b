"""Take next: the most urgent case that fits the person."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from inbox.assignment.take_next import take_next_case
from inbox.changes.refusals import Invalid
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
