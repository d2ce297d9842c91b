"""Snooze a case, and put it back into its lists."""

from __future__ import annotations

import datetime as dt

from django.http import HttpResponse
from django.views.decorators.http import require_POST

from inbox.cases.snoozing import Snooze, describe_snooze, snooze_case, unsnooze_case
from inbox.later.moments import parse_moment
from inbox.models import Case, SnoozeFor
from inbox.views.case_posts import (
    offer_undo,
    perform_and_show,
    perform_verb,
    posted_version,
    show_case_with_problem,
)
from inbox.views.guards import InboxRequest, signed_in


@require_POST
@signed_in
def snooze(request: InboxRequest, pk: int) -> HttpResponse:
    """Snooze the case until a time or an event."""
    seen = posted_version(request)
    done: list[str] = []

    def verb(now: dt.datetime) -> Case:
        case = snooze_case(pk, request.user, _posted_snooze(request, now), version=seen, now=now)
        done.append(describe_snooze(case, now))
        return case

    if (problem := perform_verb(request, "snooze", verb)) is not None:
        return show_case_with_problem(request, pk, problem)
    return offer_undo(request, pk, done[0], moves_on=True)


def _posted_snooze(request: InboxRequest, now: dt.datetime) -> Snooze:
    """Return what the form asks for. Raises `Invalid`."""
    fields = request.POST
    waits_for = next((kind for kind in SnoozeFor if kind == fields.get("for")), SnoozeFor.TIME)
    day, time = fields.get("day", ""), fields.get("time", "")
    if waits_for in (SnoozeFor.CUSTOMER, SnoozeFor.COLLEAGUE):
        return Snooze(waits_for)
    reason = fields.get("reason", "")
    until = parse_moment(fields.get("preset", ""), day, time, now)
    return Snooze(SnoozeFor.THIRD_PARTY if reason.strip() else waits_for, until, reason)


@require_POST
@signed_in
def unsnooze(request: InboxRequest, pk: int) -> HttpResponse:
    """Put the case back into its lists."""
    seen = posted_version(request)

    def verb(now: dt.datetime) -> object:
        return unsnooze_case(pk, request.user, version=seen, now=now)

    return perform_and_show(request, pk, "unsnooze", verb, "Back in the lists.", undoable=True)
