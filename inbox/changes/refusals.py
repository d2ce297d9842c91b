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


class NothingKept(Invalid):
    """Nothing more is stored in this case: its customer was erased, or its messages are in another."""


SOMEBODY_WAS_QUICKER = "Somebody got there first"
#: Heads a conflict with what the person or the customer did.
HAS_CHANGED = "This case has changed"


class Conflict(Exception):
    """The case is no longer as the person saw it; nothing was changed.

    `case` is its current state; the text says who did what and when, `heading` what that means.
    """

    def __init__(self, case: Case, happened: str, heading: str = SOMEBODY_WAS_QUICKER) -> None:
        super().__init__(happened)
        self.case = case
        self.happened = happened
        self.heading = heading


#: Sentences about the newest event, for the person who is refused; the event fills `{who}`, `{whose}`, `{to}` and `{reason}`.
_SENTENCES: dict[str, str] = {
    Verb.REOPENED: "{who} reopened this case",
    Verb.UNDONE: "{who} undid the last step",
    Verb.ASSIGNED: "{who} assigned this case to {to}",
    Verb.HANDED_OVER: "{who} handed this case over to {to}",
    Verb.TAKEN_BACK: "{who} took the hand-over back: {to} has this case again",
    Verb.ACCEPTED: "{who} accepted this case",
    Verb.NOTED: "{who} added a note",
    Verb.ANSWERED: "{who} answered",
    Verb.ANSWERED_NATIVELY: "Somebody answered in the network's own app",
    Verb.REPLY_QUEUED: "{who} wrote an answer",
    Verb.REPLY_PLANNED: "{who} wrote an answer that is sent later",
    Verb.APPROVAL_ASKED: "{who} wrote an answer that waits for approval",
    Verb.APPROVED: "{who} approved an answer",
    Verb.APPROVAL_UNDONE: "{who} took an approval back",
    Verb.CHANGES_ASKED: "{who} asked for changes to an answer",
    Verb.APPROVAL_DECLINED: "{who} declined an answer",
    Verb.APPROVAL_WITHDRAWN: "{who} withdrew an answer that waited for approval",
    Verb.REPLY_CANCELLED: "{who} took an answer back",
    Verb.REPLY_FAILED: "{whose} answer could not be sent",
    Verb.REPLY_UNCONFIRMED: "{whose} answer went out and was not confirmed",
    Verb.REPLY_SETTLED: "{who} settled an unconfirmed answer",
    Verb.RESOLVED: "{who} resolved this case",
    Verb.DISMISSED: "{who} dismissed this case ({reason})",
    Verb.SNOOZED: "{who} snoozed this case",
    Verb.PRIORITISED: "{who} changed the priority to {to}",
    Verb.PLAYBOOK_ANSWERED: "{who} answered the playbook",
    Verb.PLAYBOOK_TAKEN_BACK: "{who} undid an answer in the playbook",
    Verb.MESSAGE_EDITED: "The customer edited a message",
    Verb.MESSAGE_DELETED: "A message was deleted on the network",
    Verb.SPLIT: "{who} split this case",
    Verb.MERGED: "{who} merged this case with another",
    Verb.MESSAGE_CORRECTED: "{who} corrected how a message was read",
}


def conflict_with_newest(case: Case, by: User | None) -> Conflict:
    """Return a refusal because of the newest change of a case.

    `by` is the person who is refused. Two statements.
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
        return Conflict(case, f"The customer wrote {at_time_phrase(message.received_at)}.", HAS_CHANGED)
    if event is None:
        return Conflict(case, "This case changed while you were looking at it.", HAS_CHANGED)
    return conflict_with_event(case, event, by)


def conflict_with_event(case: Case, event: CaseEvent, by: User | None) -> Conflict:
    """Return a refusal because of an event: who did what, and when.

    `by` is the person who is refused.
    """
    is_own = event.actor is not None and event.actor == by
    sentence = _SENTENCES[event.verb]
    if event.verb == Verb.ASSIGNED and event.actor is None:
        sentence = "This case was assigned to {to}"
    elif event.verb == Verb.ASSIGNED and event.data.get("to_id") == event.actor_id:
        sentence = "{who} took this case"
    who = "You" if is_own else name_or_somebody(event.actor)
    words = sentence.format(
        who=who,
        whose="Your" if is_own else f"{who}'s",
        to=event.data.get("to") or "nobody",
        reason=event.data.get("reason") or "no reason given",
    )
    is_colleagues = event.actor is not None and not is_own
    heading = SOMEBODY_WAS_QUICKER if is_colleagues else HAS_CHANGED
    return Conflict(case, f"{words} {at_time_phrase(event.at)}.", heading)


def name_or_somebody(user: User | None) -> str:
    """Return a person's name for a sentence, "Somebody" for None."""
    return str(user) if user is not None else "Somebody"


def why_nothing_is_kept(case: Case) -> str:
    """Return why nothing more is stored in a case.

    As a sentence, "" if something is. No statement for a case that was read with its identity.
    """
    if case.identity.is_erased:
        return "This customer's data has been erased."
    return f"{case.close_reason}: its messages are there." if case.is_merged else ""


def require_kept(case: Case, outcome: str = "Nothing was saved.") -> None:
    """Check that words may still be stored in a case.

    Else raise `NothingKept`, whose text ends in the `outcome`. The case is locked. One statement for a case whose texts were deleted, otherwise none.
    """
    if case.erased_at is not None:
        # Read before the lock, the identity may be older than the erasure.
        case.identity.refresh_from_db(fields=["remote_id"])
    if reason := why_nothing_is_kept(case):
        raise NothingKept(f"{reason} {outcome}")


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
