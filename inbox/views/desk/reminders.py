"""One's own reminders: set one on a case, list them, drop one."""

from __future__ import annotations

import datetime as dt

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from inbox.later import reminders
from inbox.later.moments import parse_moment
from inbox.views.case_posts import perform_verb, show_case_after, show_case_with_problem
from inbox.views.guards import InboxRequest, signed_in
from wording.times import coming_time


@require_POST
@signed_in
def remind(request: InboxRequest, pk: int) -> HttpResponse:
    """Remind the person of the case."""
    fields = request.POST
    done: list[str] = []

    def verb(now: dt.datetime) -> object:
        at = parse_moment(fields.get("preset", ""), fields.get("day", ""), fields.get("time", ""), now)
        reminder = reminders.remind(pk, request.user, at, fields.get("reminder", ""), now=now)
        done.append(f"You will be reminded {coming_time(at, now)}.")
        return reminder

    if (problem := perform_verb(request, "remind", verb)) is not None:
        return show_case_with_problem(request, pk, problem)
    return show_case_after(request, pk, done[0])


@require_safe
@signed_in
def reminder_list(request: InboxRequest) -> HttpResponse:
    """List the person's reminders."""
    now = timezone.now()
    rows = [
        (reminder, coming_time(reminder.due_at, now)) for reminder in reminders.list_reminders(request.user)
    ]
    context = {
        "ahead": [row for row in rows if row[0].told_at is None],
        "past": [row for row in rows if row[0].told_at is not None],
        "tab": "reminders",
    }
    return render(request, "inbox/later/reminders.html", context)


@require_POST
@signed_in
def reminder_drop(request: InboxRequest, pk: int) -> HttpResponse:
    """Drop one of the person's reminders."""
    if reminders.drop_reminder(pk, request.user) is None:
        raise Http404
    messages.success(request, "The reminder is dropped.")
    return redirect("inbox:reminders")
