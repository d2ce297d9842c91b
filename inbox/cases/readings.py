"""Corrections of how a message was read: the person's value replaces the machine's from then on, and nothing is lost.

A correction is undone by correcting back; each is stored with its author and time.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any

from accounts.models import User
from inbox.cases.reading_words import reading_in_words
from inbox.changes.change import Change, change_case_as
from inbox.changes.refusals import Invalid
from inbox.changes.waiting import unanswered_since
from inbox.models import Case, Direction, Message, MessageCorrection, Status, Verb
from routing.reading import SENTIMENTS, URGENCIES

ReadingField = MessageCorrection.Field
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[a-z0-9]{2,4})?")
_YES_NO = {"yes": True, "no": False}


def get_readable_message(user: User, message_id: int) -> Message:
    """Return a customer's message that the user may read, with its case.

    Raises `Case.DoesNotExist` alike for absent and forbidden.
    """
    cases = Case.objects.visible_to(user)
    rows = Message.objects.filter(pk=message_id, direction=Direction.INBOUND, case__in=cases)
    message = rows.select_related("case", "identity").first()
    if message is None:
        raise Case.DoesNotExist
    return message


def correct_reading(message_id: int, by: User, values: Mapping[str, Any], *, now: dt.datetime) -> Case:
    """Store what a person says a message is.

    `values` maps fields of `MessageCorrection` to values (see `parse_reading_value`). What the message is
    already is left alone. Saying only that it is spam (or not) also says that it needs no answer (or one).
    From then on the case waits for us if, and since, one of its messages does. Raises `Case.DoesNotExist`,
    `NotAllowed`.
    """
    case_id = get_readable_message(by, message_id).case_id
    with change_case_as(case_id, by, "claim", now=now) as change:
        message = Message.objects.select_for_update(of=("self",)).get(pk=message_id)
        new = _changed_fields(message, values)
        if not new:
            return change.case
        _store_corrections(message, new, by, now)
        change.accept_custody()
        change.record(Verb.MESSAGE_CORRECTED, {"message": message.pk, "to": reading_in_words(new)})
        if ReadingField.NEEDS_ANSWER in new:
            _update_waiting(change)
    return change.case


def parse_reading_value(field: str, text: str) -> Any:
    """Parse a field's value from a form. Raises `Invalid` for anything that it cannot be."""
    if field in (ReadingField.NEEDS_ANSWER, ReadingField.IS_SPAM) and text in _YES_NO:
        return _YES_NO[text]
    if field == ReadingField.URGENCY and text in map(str, URGENCIES):
        return int(text)
    if field == ReadingField.SENTIMENT and text in SENTIMENTS:
        return text
    if field == ReadingField.LANGUAGE and (not text or _LANGUAGE.fullmatch(text)):
        return text
    raise Invalid(f"“{text[:40]}” is not a value of “{ReadingField(field).label}”. Choose one from the list.")


def _changed_fields(message: Message, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what changes, in the order of the fields."""
    corrected = dict(values)
    if ReadingField.IS_SPAM in corrected and corrected[ReadingField.IS_SPAM] != message.is_spam:
        corrected.setdefault(ReadingField.NEEDS_ANSWER, not corrected[ReadingField.IS_SPAM])
    return {
        str(field): corrected[field]
        for field in ReadingField
        if field in corrected and corrected[field] != getattr(message, field)
    }


def _store_corrections(message: Message, new: Mapping[str, Any], by: User, now: dt.datetime) -> None:
    read = {
        row["field"]: row["machine"]
        for row in MessageCorrection.objects.filter(message=message)
        .order_by("-id")
        .values("field", "machine")
    }
    MessageCorrection.objects.bulk_create(
        MessageCorrection(
            message=message,
            field=field,
            machine=read.get(field, getattr(message, field)),
            value=value,
            by=by,
            at=now,
        )
        for field, value in new.items()
    )
    for field, value in new.items():
        setattr(message, field, value)
    message.corrected = sorted({*message.corrected, *new})
    message.save(update_fields=[*new, "corrected"])


def _update_waiting(change: Change) -> None:
    """Update whether, and since when, the case waits for us."""
    case = change.case
    waiting_messages = Message.objects.filter(case=case, direction=Direction.INBOUND, needs_answer=True)
    change.set(needs_answer=waiting_messages.exists())
    if not case.is_open or case.historical:
        return
    since = unanswered_since(case)
    change.set(waiting_since=since)
    if since is not None and case.status == Status.WAITING:
        change.set(status=Status.OPEN)
