"""Answers that go out later: send one at once, or at another time. Cancelling is as for every answer."""

from __future__ import annotations

import datetime as dt

from django.http import HttpResponse
from django.views.decorators.http import require_POST

from inbox.later.moments import parse_moment
from inbox.replies.planned import plan_again
from inbox.views.answers import case_id_of_reply
from inbox.views.case_posts import perform_and_show
from inbox.views.guards import InboxRequest, signed_in


@require_POST
@signed_in
def reply_send_now(request: InboxRequest, pk: int) -> HttpResponse:
    """Send a planned answer at once."""
    case_id = case_id_of_reply(request, pk)
    return perform_and_show(
        request, case_id, "send_now", lambda now: plan_again(pk, request.user, None, now=now),
        "Your answer is queued. You can still take it back.", composer_too=True,
    )  # fmt: skip


@require_POST
@signed_in
def reply_plan(request: InboxRequest, pk: int) -> HttpResponse:
    """Let a planned answer leave at another time."""
    case_id = case_id_of_reply(request, pk)
    day, time = request.POST.get("day", ""), request.POST.get("time", "")

    def verb(now: dt.datetime) -> object:
        return plan_again(pk, request.user, parse_moment("", day, time, now), now=now)

    return perform_and_show(request, case_id, "plan", verb, "It goes out then.", composer_too=True)
