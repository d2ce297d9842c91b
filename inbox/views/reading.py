"""The reading of one message, and the form that corrects it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.access import viewer
from inbox.cases.reading_words import URGENCY_WORDS, language_names, reading_in_words
from inbox.cases.readings import ReadingField, correct_reading, get_readable_message, parse_reading_value
from inbox.changes.refusals import Invalid, name_or_somebody
from inbox.models import Case, Message, MessageCorrection
from inbox.views.case_posts import perform_and_show
from inbox.views.guards import InboxRequest, signed_in, wants_fragment
from routing.reading import SENTIMENTS
from wording.times import display_time

#: Characters of the message that the separate page shows above the form.
_CHARACTERS_SHOWN = 3_000
_MOST_CORRECTIONS = 20


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def reading(request: InboxRequest, pk: int) -> HttpResponse:
    """Show the form that corrects a message's reading; a POST saves it.

    For htmx the form is shown in place, else on a separate page. Only values that differ from those shown are
    corrected.
    """
    try:
        message = get_readable_message(request.user, pk)
    except Case.DoesNotExist as error:
        raise Http404 from error
    if request.method == "POST":
        return perform_and_show(
            request,
            message.case_id,
            "reading",
            lambda now: correct_reading(pk, request.user, _changed_values(request.POST), now=now),
            "Saved. Your correction is used from now on.",
        )
    name = "inbox/case_page/_reading_form.html" if wants_fragment(request) else "inbox/case_page/reading.html"
    return render(request, name, _reading_context(request, message))


def _changed_values(form: QueryDict) -> dict[str, Any]:
    """Return the fields that the person changed.

    Others are left unchanged, because somebody else may have corrected them in the meantime. Raises `Invalid` for a
    form without any.
    """
    changed = {
        str(field): parse_reading_value(field, str(form[field]))
        for field in ReadingField
        if field in form and form[field] != form.get(f"was_{field}")
    }
    if not changed and not any(field in form for field in ReadingField):
        raise Invalid("Say what the message is.")
    return changed


def _reading_context(request: InboxRequest, message: Message) -> dict[str, Any]:
    now = timezone.now()
    rows = MessageCorrection.objects.filter(message=message).select_related("by").order_by("-id")
    corrections = list(rows[:_MOST_CORRECTIONS])
    machine = {correction.field: correction.machine for correction in corrections}
    return {
        "message": message,
        "text": message.text[:_CHARACTERS_SHOWN],
        "who": message.identity.display_name if message.identity else "Unknown author",
        "when": display_time(message.network_time, now),
        "may_correct": viewer(request.user).may("claim"),
        "fields": [_form_field(field, message, machine.get(field)) for field in ReadingField],
        "corrections": [_correction_line(correction, now) for correction in corrections],
    }


def _form_field(field: ReadingField, message: Message, machine: Any) -> dict[str, Any]:
    """Return a field of the form with its choices.

    `machine` is the reading before a person corrected it, None without a correction; its choice is marked.
    """
    current = getattr(message, field)
    options = _field_options(field, current)
    if machine is not None and machine != current:
        options = [
            (value, f"{label} (as read)" if value == _form_value(machine) else label)
            for value, label in options
        ]
    return {"name": str(field), "label": field.label, "options": options, "value": _form_value(current)}


def _field_options(field: ReadingField, current: Any) -> list[tuple[str, str]]:
    if field in (ReadingField.NEEDS_ANSWER, ReadingField.IS_SPAM):
        return [("yes", "Yes"), ("no", "No")]
    if field == ReadingField.URGENCY:
        return [(str(value), words.capitalize()) for value, words in URGENCY_WORDS.items()]
    if field == ReadingField.SENTIMENT:
        unread = [] if current else [("", "Not read")]
        return unread + [(value, value.capitalize()) for value in SENTIMENTS]
    options = {"": "Unknown", **language_names()}
    return list((options if current in options else {current: current, **options}).items())


def _form_value(value: Any) -> str:
    """Return a value as the form writes it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _correction_line(correction: MessageCorrection, now: dt.datetime) -> dict[str, Any]:
    return {
        "who": name_or_somebody(correction.by),
        "said": reading_in_words({correction.field: correction.value}),
        "read": reading_in_words({correction.field: correction.machine}),
        "when": display_time(correction.at, now),
    }
