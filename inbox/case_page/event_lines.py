"""Events as lines in the small print of a thread: who did what."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from inbox.changes.refusals import name_or_somebody
from inbox.models import CaseEvent, SnoozeFor, Verb, WokeBy
from routing.service_levels.policies import CLOCK_LABELS, CLOCKS
from wording.times import long_time

#: A regular expression in a stored reason; whoever wants to read it finds it in the rule.
_PATTERN = re.compile(r"\bthe pattern “.*?”(?= and | →|$)", re.IGNORECASE)


def event_line(event: CaseEvent) -> str:
    """Return an event as a line; whatever its data lacks is left out.

    The groups are tried in turn; an event of none of them gets the label of its verb.
    """
    who, data = name_or_somebody(event.actor), {key: str(value) for key, value in event.data.items()}
    for line_of in (_movement_line, _urgency_line, _knowledge_line, _answer_line):
        if (line := line_of(event, who, data)) is not None:
            return line
    label = Verb(event.verb).label if event.verb in Verb.values else event.verb
    return f"{who} {label}" if event.actor else label[:1].upper() + label[1:]


def _movement_line(event: CaseEvent, who: str, data: dict[str, str]) -> str | None:
    """Return where the case went, None for any other event."""
    reason = data.get("reason", "")
    match event.verb:
        case Verb.ROUTED if "from" in event.data:
            words = f"Rerouted from {data.get('from')} to {data.get('to')}"
            return _with_reason(words, _routing_reason(reason, data.get("to", "")))
        case Verb.SUGGESTION_DECLINED:
            return f"{who} kept it here: not {data.get('to')} ({data.get('probability')} suggested)"
        case Verb.ROUTED:
            to = data.get("to") or "a department"
            return _with_reason(f"Routed to {to}", _routing_reason(reason, to))
        case Verb.ASSIGNED:
            return _assignment_line(event, who, data.get("to", ""), reason)
        case Verb.HANDED_OVER:
            return _hand_over_line(event, who, data, reason)
        case Verb.TAKEN_BACK:
            return f"{who} took the hand-over to {data.get('from')} back: {data.get('to')} has it"
        case Verb.RELATED if event.data.get("newer") is True:
            return _with_reason(f"The customer wrote about something else: case {data.get('case')}", reason)
        case Verb.RELATED:
            return _with_reason(f"Opened as a separate case, related to case {data.get('case')}", reason)
        case Verb.SPLIT:
            way = (
                "moved {} to case {}"
                if event.data.get("newer") is True
                else "opened this case with {} of case {}"
            )
            return f"{who} {way.format(_count_messages(event.data), data.get('case'))}"
        case Verb.MERGED:
            way = (
                "moved {} to case {}"
                if event.data.get("newer") is True
                else "merged {} of case {} into this one"
            )
            return f"{who} {way.format(_count_messages(event.data), data.get('case'))}"
        case Verb.ACCEPTED:
            return f"{who} accepted it for {data.get('department') or 'the department'}"
        case _:
            return None


def _snooze_line(event: CaseEvent, who: str, data: dict[str, str], reason: str) -> str:
    if event.verb == Verb.WOKEN:
        return (
            f"{who} put it back into the lists"
            if event.actor
            else _WAKING_WORDS.get(data.get("because", ""), "Back from snooze")
        )
    until = f" until {long_time(dt.datetime.fromisoformat(data['until']))}" if data.get("until") else ""
    match data.get("for"):
        case SnoozeFor.THIRD_PARTY:
            return _with_reason(f"{who} waits for a third party{until}", reason)
        case SnoozeFor.CUSTOMER:
            return f"{who} snoozed it{until + ' or' if until else ''} until the customer writes"
        case SnoozeFor.COLLEAGUE:
            return f"{who} snoozed it{until + ' or' if until else ''} until a colleague acts"
        case _:
            return f"{who} snoozed it{until}"


def name_patterns(reason: str) -> str:
    """Return a reason with its regular expressions only named."""
    return _PATTERN.sub(lambda spelt_out: "A pattern" if spelt_out[0][0].isupper() else "a pattern", reason)


def _routing_reason(reason: str, to: str) -> str:
    """Return a reason without the department, which the line names already: "…; rule “Refunds”, version 3"."""
    why, arrow, by = name_patterns(reason).partition(f" → {to} (")
    return f"{why}; {by.removesuffix(')')}" if arrow else why


def _count_messages(data: dict[str, Any]) -> str:
    count = data.get("messages")
    return "1 message" if count == 1 else f"{count} messages"


def _hand_over_line(event: CaseEvent, who: str, data: dict[str, str], reason: str) -> str:
    if event.actor is None:
        return _with_reason(f"Handed over from {data.get('from')} to {data.get('to')} by escalation", reason)
    wrong = " (wrong department)" if event.data.get("wrong_department") is True else ""
    did = "bounced it back" if event.data.get("bounced") is True else "handed over"
    says_so_already = bool(wrong) and reason.casefold() == "wrong department"
    words = f"{who} {did} from {data.get('from')} to {data.get('to')}{wrong}"
    return _with_reason(words, "" if says_so_already else reason)


def _urgency_line(event: CaseEvent, who: str, data: dict[str, str]) -> str | None:
    """Return how pressing the case became, or until when it waits; else None."""
    match event.verb:
        case Verb.SLA_MISSED:
            return _with_reason(f"{_target_label(event.data)} missed", f"policy “{data.get('policy')}”")
        case Verb.SNOOZED | Verb.WOKEN:
            return _snooze_line(event, who, data, data.get("reason", ""))
        case Verb.ESCALATED:
            raised = f", priority raised to {data['priority']}" if data.get("priority") else ""
            return _with_reason(f"Escalated{raised}", data.get("reason", ""))
        case Verb.PRIORITISED if event.actor is None:
            return _with_reason(
                f"Priority raised from {data.get('from')} to {data.get('to')}", data.get("reason", "")
            )
        case Verb.PRIORITISED:
            return f"{who} changed the priority from {data.get('from')} to {data.get('to')}"
        case _:
            return None


def _knowledge_line(event: CaseEvent, who: str, data: dict[str, str]) -> str | None:
    """Return what people noted, None for any other event."""
    match event.verb:
        case Verb.PLAYBOOK_ANSWERED:
            words = f"{who} answered “{data.get('question')}” with “{data.get('answer')}”"
            return f"{words} → {data['outcome']}" if data.get("outcome") else words
        case Verb.PLAYBOOK_TAKEN_BACK:
            return f"{who} undid the answer to “{data.get('question')}”"
        case Verb.MESSAGE_CORRECTED:
            return f"{who} corrected how a message was read: {data.get('to') or 'changed'}"
        case Verb.CUSTOMER_TAGGED:
            return f"{who} {_tagging_words(event.data, 'the customer')}"
        case Verb.CASE_TAGGED:
            return f"{who} {_tagging_words(event.data, 'the case')}"
        case Verb.MACRO_RUN:
            return f"{who} ran the macro “{data.get('title')}”"
        case Verb.LEARNING_LINKED:
            return f"{who} linked it to the learning item “{data.get('title')}”"
        case Verb.LEARNING_UNLINKED:
            return f"{who} unlinked it from the learning item “{data.get('title')}”"
        case _:
            return None


def _answer_line(event: CaseEvent, who: str, data: dict[str, str]) -> str | None:
    """Return what became of an answer or the case, or None."""
    match event.verb:
        case Verb.REPLY_PLANNED:
            return _planned_line(event, who, data)
        case (
            Verb.APPROVAL_ASKED
            | Verb.APPROVED
            | Verb.CHANGES_ASKED
            | Verb.APPROVAL_DECLINED
            | Verb.APPROVAL_OVERTAKEN
        ):
            return _approval_line(event, who, data)
        case Verb.REPLY_CANCELLED if event.actor is None:
            return f"{data.get('reason', 'Something happened')} The planned answer went back to its author"
        case Verb.REPLY_CANCELLED:
            return f"{who} took an answer back before it was sent"
        case Verb.REPLY_SETTLED:
            words = f"{who} settled an unconfirmed answer"
            return _with_reason(words, _SETTLEMENT_WORDS.get(data.get("decision", ""), ""))
        case Verb.MESSAGE_EDITED if event.data.get("ours") is True:
            return "Our message was edited in the network’s own app"
        case Verb.MESSAGE_EDITED if event.data.get("answered") is True:
            return "The customer edited a message after our answer"
        case Verb.MESSAGE_DELETED if event.data.get("answered") is True:
            return "A message was deleted on the network after our answer"
        case Verb.DISMISSED:
            words = f"{who} dismissed it without an answer" if event.actor else "Dismissed without an answer"
            return _with_reason(words, data.get("reason", ""))
        case Verb.RESOLVED:
            return f"{who} resolved it"
        case Verb.UNDONE:
            return f"{who} undid {_UNDONE_WORDS.get(data.get('what', ''), 'what they had just done')}"
        case Verb.REOPENED:
            return f"{who} reopened it" if event.actor else "Reopened: the customer wrote again"
        case _:
            return None


def _approval_line(event: CaseEvent, who: str, data: dict[str, str]) -> str:
    author = data.get("of") or "its author"
    match event.verb:
        case Verb.APPROVAL_ASKED:
            return _with_reason(f"{who} asked for approval of an answer", data.get("reason", ""))
        case Verb.APPROVED:
            changes = " with changes" if event.data.get("edited") is True else ""
            return _with_reason(f"{who} approved the answer of {author}{changes}", data.get("text", ""))
        case Verb.APPROVAL_UNDONE:
            return f"{who} took the approval of {author}’s answer back: it waits again"
        case Verb.CHANGES_ASKED:
            return _with_reason(f"{who} asked {author} for changes to the answer", data.get("text", ""))
        case Verb.APPROVAL_DECLINED:
            return _with_reason(f"{who} declined the answer of {author}", data.get("text", ""))
        case _:
            return f"{data.get('reason') or 'Something happened.'} The answer that waited for approval went back to {author}"


def _planned_line(event: CaseEvent, who: str, data: dict[str, str]) -> str:
    if not data.get("at"):
        return f"{who} sent the planned answer at once"
    when = long_time(dt.datetime.fromisoformat(data["at"]))
    return f"{who} planned the answer for {when}" + (" instead" if event.data.get("again") is True else "")


_UNDONE_WORDS: dict[str, str] = {
    Verb.RESOLVED: "resolving it",
    Verb.DISMISSED: "dismissing it",
    Verb.ASSIGNED: "the assignment",
    Verb.ACCEPTED: "accepting it",
    Verb.SNOOZED: "snoozing it",
    Verb.WOKEN: "putting it back into the lists",
    Verb.CASE_TAGGED: "the change of its tags",
    Verb.PRIORITISED: "the change of its priority",
}
_WAKING_WORDS: dict[str, str] = {
    WokeBy.TIME: "Back from snooze: it is time",
    WokeBy.CUSTOMER: "Back from snooze: the customer wrote",
    WokeBy.TARGET: "Back from snooze: a target is near",
    WokeBy.COLLEAGUE: "Back from snooze: a colleague acted",
    WokeBy.MOVED: "Back from snooze: it was handed on",
}
_SETTLEMENT_WORDS = {"sent": "it was posted", "again": "send it again", "give_up": "do not send"}


def _target_label(data: dict[str, Any]) -> str:
    label = next((CLOCK_LABELS[clock] for clock in CLOCKS if clock == data.get("clock")), None)
    return f"{label} target" if label else "A target"


def _tagging_words(data: dict[str, Any], tagged: str) -> str:
    added, removed = (", ".join(f"“{tag}”" for tag in data.get(name, ())) for name in ("added", "removed"))
    changes = [f"tagged {tagged} {added}"] if added else []
    changes += [f"removed the tag {removed} from {tagged}"] if removed else []
    if changes and data.get("teaches"):
        changes[-1] += f": the router learns that it belongs to {data['teaches']}"
    return " and ".join(changes) or f"reordered the tags of {tagged}"


def _with_reason(words: str, reason: str) -> str:
    return f"{words}: {reason}" if reason else words


def _assignment_line(event: CaseEvent, who: str, to: str, reason: str) -> str:
    if not to:
        return (
            _with_reason("Unassigned, back in the queue", reason)
            if reason
            else f"{who} gave it back. It is unassigned now"
        )
    if event.actor is None:
        return _with_reason(f"Assigned to {to}", reason)
    if event.data.get("by_answering") is True:
        return f"{who} has it now, by answering"
    return f"{who} took it" if to == str(event.actor) else _with_reason(f"{who} assigned it to {to}", reason)
