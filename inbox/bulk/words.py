"""What pages say about acts: what will happen, what is happening, and what was done."""

from __future__ import annotations

import datetime as dt
from typing import Any

from accounts.models import Department, User
from inbox.models import BulkAct, BulkState, BulkVerb, SnoozeFor
from routing.models import Priority
from wording.times import coming_time

#: The verb and what follows the cases; then as it is while it happens, and once it is done.
_PHRASES: dict[str, tuple[str, str, str]] = {
    BulkVerb.TAKE: ("Take {cases}", "Taking {cases}", "{cases} taken"),
    BulkVerb.ASSIGN: ("Assign {cases}{to}", "Assigning {cases}{to}", "{cases} assigned{to}"),
    BulkVerb.HAND_OVER: ("Hand over {cases}{to}", "Handing over {cases}{to}", "{cases} handed over{to}"),
    BulkVerb.RESOLVE: ("Resolve {cases}", "Resolving {cases}", "{cases} resolved"),
    BulkVerb.DISMISS: ("Dismiss {cases} without an answer", "Dismissing {cases}", "{cases} dismissed"),
    BulkVerb.TAG: ("Tag {cases}{to}", "Tagging {cases}{to}", "{cases} tagged{to}"),
    BulkVerb.UNTAG: ("Remove a tag from {cases}", "Removing {tag} from {cases}", "{tag} removed from {cases}"),
    BulkVerb.PRIORITISE: ("Set the priority of {cases}", "Setting the priority of {cases}{to}", "Priority of {cases} set{to}"),
    BulkVerb.SNOOZE: ("Snooze {cases}{to}", "Snoozing {cases}{to}", "{cases} snoozed{to}"),
    BulkVerb.MACRO: ("Run a macro on {cases}", "Running {macro} on {cases}", "{macro} run on {cases}"),
}  # fmt: skip


def count_cases(count: int) -> str:
    """Return a number of cases in words."""
    return "1 case" if count == 1 else f"{count:,} cases"


def describe_wish(verb: str, count: int) -> str:
    """Return what is about to be done, as a heading."""
    return _PHRASES[verb][0].format(cases=count_cases(count), to="", tag="a tag", macro="a macro")


def describe_act(act: BulkAct, now: dt.datetime) -> str:
    """Return an act as a heading. At most one statement, for a name."""
    _, doing, done = _PHRASES[act.verb]
    words = {"to": _target_words(act.verb, act.details, now), "tag": f"#{act.details.get('tag', '')}"}
    words["macro"] = f"“{act.details.get('title', '')}”"
    if act.state == BulkState.RUNNING:
        return doing.format(cases=count_cases(act.found), **words)
    if act.state == BulkState.UNDOING:
        return f"Undoing: {_sentence(done.format(cases=count_cases(act.done), **words))}"
    if act.state == BulkState.UNDONE:
        return f"Undone: {_sentence(done.format(cases=count_cases(act.undone), **words))}"
    return done.format(cases=count_cases(act.done), **words)


def _sentence(words: str) -> str:
    return words[0].lower() + words[1:]


def _target_words(verb: str, details: dict[str, Any], now: dt.datetime) -> str:
    """Return to whom, with what or until when, with a blank before; "" for nothing of the kind."""
    match verb:
        case BulkVerb.ASSIGN:
            person = User.objects.filter(pk=details.get("assignee_id") or 0).first()
            return f" to {person or 'nobody'}"
        case BulkVerb.HAND_OVER:
            department = Department.objects.filter(pk=details["department_id"]).first()
            return f" to {department or 'another department'}"
        case BulkVerb.TAG:
            return f" #{details['tag']}"
        case BulkVerb.PRIORITISE:
            return f" to {Priority(details['priority']).label}"
        case BulkVerb.SNOOZE if details["until"]:
            return f" until {coming_time(dt.datetime.fromisoformat(details['until']), now)}"
        case BulkVerb.SNOOZE:
            return (
                " until the customer writes"
                if details["waits_for"] == SnoozeFor.CUSTOMER
                else " until a colleague acts"
            )
        case _:
            return ""
