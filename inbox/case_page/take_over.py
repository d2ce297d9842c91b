"""Say who took a case that an open page shows as its reader's own."""

from __future__ import annotations

from collections.abc import Sequence

from accounts.models import User
from inbox.changes.refusals import name_or_somebody
from inbox.models import Case, CaseEvent, Verb

#: Events after which somebody else may have a case.
_VERBS = (Verb.ASSIGNED, Verb.HANDED_OVER, Verb.TAKEN_BACK, Verb.UNDONE)


def describe_take_over(case: Case, user: User, events: Sequence[CaseEvent]) -> str:
    """Return who took a case from the person.

    As a sentence for them, "" if they still have it, or have given it away themselves. `events` are the newest of the case, in order.
    """
    if case.assignee_id == user.pk:
        return ""
    event = next((event for event in reversed(events) if event.verb in _VERBS), None)
    if event is not None and event.actor_id == user.pk:
        return ""
    comfort = " What you typed is kept." if getattr(case, "draft_text", None) else ""
    return f"{_sentence(case, event)}{comfort}"


def _sentence(case: Case, event: CaseEvent | None) -> str:
    present = f"{case.assignee} has this case now." if case.assignee else "Nobody has this case now."
    if event is None or event.actor is None:
        return present
    who, to = name_or_somebody(event.actor), event.data.get("to")
    if event.verb == Verb.HANDED_OVER:
        return f"{who} has handed this case over to {to}."
    if event.verb != Verb.ASSIGNED:
        return present
    if event.data.get("to_id") == event.actor_id:
        return f"{who} has taken this case over."
    return f"{who} has given this case to {to}." if to else f"{who} has unassigned this case. {present}"
