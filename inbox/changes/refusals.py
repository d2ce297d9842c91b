"""Refusals of a verb: three exceptions whose text is a sentence for the person who tried."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied

from accounts.models import User
from inbox.models import Case, CaseEvent, Direction, Message, Verb
from inbox.text import clean_text
from wording.times import at_time_phrase


class NotAllowed(PermissionDenied):
    """The person may read the case but not do this. Uncaught it is a 403."""


class Invalid(ValueError):
    """The input cannot be used; nothing was changed."""


class Conflict(Exception):
    """Somebody was quicker; nothing was changed. `case` is its current state; the text says who did what and when."""

    def __init__(self, case: Case, happened: str) -> None:
        super().__init__(happened)
        self.case = case
        self.happened = happened


#: Sentences about the newest event, for the person who is refused; the event fills `{who}`, `{to}` and `{reason}`.
_SENTENCES: dict[str, str] = {
    Verb.REOPENED: "{who} reopened this case",
    Verb.UNDONE: "{who} undid what they had just done",
    Verb.ASSIGNED: "{who} assigned this case to {to}",
    Verb.HANDED_OVER: "{who} handed this case over to {to}",
    Verb.TAKEN_BACK: "{who} took the hand-over back: {to} has this case again",
    Verb.ACCEPTED: "{who} accepted this case",
    Verb.NOTED: "{who} added a note",
    Verb.ANSWERED: "{who} answered",
    Verb.ANSWERED_NATIVELY: "Somebody answered in the network's own app",
    Verb.REPLY_QUEUED: "{who} wrote an answer",
    Verb.REPLY_CANCELLED: "{who} took an answer back",
    Verb.REPLY_FAILED: "{who}'s answer could not be sent",
    Verb.REPLY_UNCONFIRMED: "{who}'s answer went out and was not confirmed",
    Verb.REPLY_SETTLED: "{who} settled an unconfirmed answer",
    Verb.RESOLVED: "{who} resolved this case",
    Verb.DISMISSED: "{who} dismissed this case ({reason})",
    Verb.PRIORITISED: "{who} changed the priority to {to}",
    Verb.PLAYBOOK_ANSWERED: "{who} answered the playbook",
    Verb.PLAYBOOK_TAKEN_BACK: "{who} took an answer to the playbook back",
    Verb.MESSAGE_EDITED: "The customer edited a message",
    Verb.MESSAGE_DELETED: "A message was deleted on the network",
    Verb.SPLIT: "{who} split this case",
    Verb.MERGED: "{who} merged this case with another",
    Verb.MESSAGE_CORRECTED: "{who} corrected how a message was read",
}


def latest_event_sentence(case: Case) -> str:
    """Return the newest thing that happened to a case, as a sentence.

    Two statements.
    """
    event = (
        CaseEvent.objects.filter(case=case, verb__in=_SENTENCES)
        .select_related("actor")
        .order_by("-at", "-id")
        .first()
    )
    message = (
        Message.objects.filter(case=case, direction=Direction.INBOUND)
        .order_by("-network_time", "-id")
        .first()
    )
    if message is not None and (event is None or message.received_at >= event.at):
        return f"The customer wrote {at_time_phrase(message.received_at)}."
    return event_sentence(event) if event is not None else "This case changed while you were looking at it."


def event_sentence(event: CaseEvent) -> str:
    """Return an event as a sentence: who did what, and when."""
    sentence = _SENTENCES[event.verb]
    if event.actor is None and event.verb == Verb.ASSIGNED:
        sentence = "This case was assigned to {to}"
    words = sentence.format(
        who=name_or_somebody(event.actor),
        to=event.data.get("to") or "nobody",
        reason=event.data.get("reason") or "no reason given",
    )
    return f"{words} {at_time_phrase(event.at)}."


def name_or_somebody(user: User | None) -> str:
    """Return a person's name for a sentence, "Somebody" for None."""
    return str(user) if user is not None else "Somebody"


def require_open(case: Case) -> None:
    """Check that a case is open, else raise `Invalid`."""
    if not case.is_open:
        raise Invalid("This case is closed. Reopen it first.")


def clean_required_text(text: str, longest: int, when_empty: str) -> str:
    """Return a person's words, trimmed.

    Raises `Invalid` when there are none (its text is `when_empty`) or more than `longest` characters.
    """
    text = clean_text(text)[0].strip()
    if not text:
        raise Invalid(when_empty)
    if len(text) > longest:
        raise Invalid(f"That is {len(text):,} characters long; at most {longest:,} fit.")
    return text
