"""How one message was read, and the form that says what it is instead."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.access import viewer
from inbox.cases.reading_words import URGENCIES, in_words, languages
from inbox.cases.readings import Field, correct, readable, value_of
from inbox.changes.refusals import Invalid, name_of
from inbox.display import moment
from inbox.models import Case, Message, MessageCorrection
from inbox.views.actions import act
from inbox.views.guards import InboxRequest, signed_in, wants_fragment
from routing.reading import SENTIMENTS

#: Characters of the message shown above the form on a page of its own.
_SHOWN = 3_000
_MOST_CORRECTIONS = 20


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def reading(request: InboxRequest, pk: int) -> HttpResponse:
    """GET: the form, in place for htmx, else on a page of its own. POST: correct what differs from what it showed."""
    try:
        message = readable(request.user, pk)
    except Case.DoesNotExist as error:
        raise Http404 from error
    if request.method == "POST":
        return act(
            request,
            message.case_id,
            "reading",
            lambda now: correct(pk, request.user, _said(request.POST), now=now),
            "Corrected. Your word counts from now on.",
        )
    name = "inbox/_reading_form.html" if wants_fragment(request) else "inbox/reading.html"
    return render(request, name, _context(request, message))


def _said(form: QueryDict) -> dict[str, Any]:
    """The fields that the person changed: somebody else's correction meanwhile is not taken back by the way."""
    changed = {
        str(field): value_of(field, str(form[field]))
        for field in Field
        if field in form and form[field] != form.get(f"was_{field}")
    }
    if not changed and not any(field in form for field in Field):
        raise Invalid("Say what the message is.")
    return changed


def _context(request: InboxRequest, message: Message) -> dict[str, Any]:
    now = timezone.now()
    rows = MessageCorrection.objects.filter(message=message).select_related("by").order_by("-id")
    corrections = list(rows[:_MOST_CORRECTIONS])
    machine = {one.field: one.machine for one in corrections}
    return {
        "message": message,
        "text": message.text[:_SHOWN],
        "who": message.identity.display_name if message.identity else "Unknown author",
        "when": moment(message.network_time, now),
        "may_correct": viewer(request.user).may("claim"),
        "fields": [_field(field, message, machine.get(field)) for field in Field],
        "corrections": [_line(one, now) for one in corrections],
    }


def _field(field: Field, message: Message, machine: Any) -> dict[str, Any]:
    """A field of the form: its choices, the one that holds, and what the machine read where a person said otherwise."""
    current = getattr(message, field)
    options = _options(field, current)
    if machine is not None and machine != current:
        options = [
            (value, f"{label} (as read)" if value == _shown(machine) else label) for value, label in options
        ]
    return {"name": str(field), "label": field.label, "options": options, "value": _shown(current)}


def _options(field: Field, current: Any) -> list[tuple[str, str]]:
    if field in (Field.NEEDS_ANSWER, Field.IS_SPAM):
        return [("yes", "Yes"), ("no", "No")]
    if field == Field.URGENCY:
        return [(str(value), words.capitalize()) for value, words in URGENCIES.items()]
    if field == Field.SENTIMENT:
        unread = [] if current else [("", "Not read")]
        return unread + [(value, value.capitalize()) for value in SENTIMENTS]
    known = {"": "Unknown", **languages()}
    return list((known if current in known else {current: current, **known}).items())


def _shown(value: Any) -> str:
    """A value as the form holds it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _line(one: MessageCorrection, now: dt.datetime) -> dict[str, Any]:
    return {
        "who": name_of(one.by),
        "said": in_words({one.field: one.value}),
        "read": in_words({one.field: one.machine}),
        "when": moment(one.at, now),
    }
