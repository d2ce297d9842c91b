"""The outcome of `Intake` as rows for `write_sql`: plain values by the names of the columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from operator import attrgetter
from typing import Any

from inbox.changes.case_row import CHANGED_COLUMNS, OPENED_COLUMNS
from inbox.ingest import early_answers
from inbox.ingest.case_state import CaseState
from inbox.ingest.edits import message_change_row
from inbox.ingest.intake import Intake, NewMessage
from inbox.ingest.message_decision import MessageDecision
from inbox.models import Verb
from inbox.search_words.lexemes import index_text
from routing.facts import build_trace

Rows = list[dict[str, Any]]
_CHANGED_NAMES = ("id", *CHANGED_COLUMNS)
_changed_values, _opened_values = attrgetter(*_CHANGED_NAMES), attrgetter(*OPENED_COLUMNS)
_LONGEST_REASON = 300
#: Keys of an event's data that stand for rows whose ids are only known once they are written.
_REFERENCES = ("canonical_id", "other")


def changed_case_rows(cases: Iterable[CaseState]) -> Rows:
    """Return the rows of cases to update."""
    return [dict(zip(_CHANGED_NAMES, _changed_values(case), strict=True)) for case in cases]


def opened_case_rows(cases: Iterable[CaseState]) -> Rows:
    """Return the rows of cases to insert, numbered by `n`."""
    return [
        {"n": n, **dict(zip(OPENED_COLUMNS, _opened_values(case), strict=True))}
        for n, case in enumerate(cases)
    ]


def message_rows(intake: Intake) -> Rows:
    """Return the rows of messages to insert. Their cases must have ids."""
    return [_message_row(new) for new in intake.messages]


def _message_row(new: NewMessage) -> dict[str, Any]:
    item, message = new.item, new.item.message
    reading = new.decided.reading if new.decided else None
    return {
        "case_id": new.case.id,
        "stream": message.stream,
        "canonical_id": message.canonical_id,
        "remote_id": message.remote_id,
        "thread_id": message.thread_id,
        "parent_remote_id": message.parent_id,
        "direction": new.direction,
        "visibility": message.visibility,
        "identity_id": new.identity_id,
        "user_id": new.user_id,
        "text": item.text,
        "network_time": item.at,
        "edited_at": message.edited_at,
        "hidden": message.hidden,
        "permalink": item.permalink,
        "attachments": item.attachments,
        "can_reply": message.can_reply,
        "reply_ref": item.reply_ref,
        "language": reading.language if reading else "",
        "needs_answer": new.decided is not None and new.decided.needs_answer,
        "sentiment": reading.sentiment if reading else "",
        "urgency": reading.urgency if reading else 0,
        "is_spam": reading is not None and reading.is_spam,
        "said": reading.said if reading else "",
        "flags": item.flags,
        "historical": new.historical,
        "raw": item.raw,
        "search": index_text(item.text),
    }


def change_rows(intake: Intake) -> Rows:
    """Return the rows of stored messages that have changed since."""
    return [message_change_row(stored, item, intake.now) for stored, item in intake.message_changes]


def history_rows(intake: Intake, touched: list[CaseState], ids: Mapping[str, int]) -> dict[str, Any]:
    """Return the parameters of `write_sql.write_history`.

    `touched` are the stored cases that the page changed, `ids` the new messages' by canonical id.
    """
    decisions = [
        _decision_row(intake, new, new.decided, ids[new.item.message.canonical_id])
        for new in intake.messages
        if new.decided is not None and new.item.message.canonical_id in ids
    ]
    adopted = [
        {
            "id": reply.id,
            "remote_id": item.message.remote_id,
            "permalink": item.permalink,
            "sent_at": item.at,
        }
        for reply, item in intake.adopted_replies
    ]
    return {
        "decisions": decisions,
        "custodies": _custody_rows(intake, touched),
        "reopened": [case.id for case in touched if case.reopened and case.moved_from is None],
        "adopted": adopted,
        "events": _event_rows([*touched, *intake.noted_cases, *intake.opened], ids),
        "early": early_answers.early_answer_changes(
            intake.header.brand_account_id, intake.unplaced, intake.kept_answers
        ),
    }


def _custody_rows(intake: Intake, touched: Iterable[CaseState]) -> Rows:
    """Return the custodies that begin: of opened cases and of those that moved."""
    opened = [
        {
            "case_id": case.id,
            "department_id": case.department_id,
            "sent_at": case.created_at,
            "left_at": case.closed_at,
            "reason": _routing_reason(case)[:_LONGEST_REASON],
        }
        for case in intake.opened
    ]
    moved = [
        {
            "case_id": case.id,
            "department_id": case.department_id,
            "from_department_id": case.moved_from,
            "sent_at": intake.now,
            "reason": _routing_reason(case)[:_LONGEST_REASON],
            "routed": True,
        }
        for case in touched
        if case.moved_from is not None
    ]
    return opened + moved


def _decision_row(
    intake: Intake, new: NewMessage, decided: MessageDecision, message_id: int
) -> dict[str, Any]:
    decision, case = decided.decision, new.case
    row: dict[str, Any] = {
        "message_id": message_id,
        "case_id": case.id,
        "department_id": case.department_id,
        "decided_by": decision.decided_by,
        "rule_key": decision.rule_key,
        "rule_name": decision.rule_name[:120],
        "version": decision.version,
        "reasons": list(decision.reasons),
        "trace": build_trace(decided.facts, decision),
    }
    holder = next(
        department for department in intake.header.departments if department.id == case.department_id
    )
    if new.joined:
        row |= {"decided_by": "thread", "rule_key": "", "rule_name": ""}
        row["reasons"] = ["Added to this open case."]
        if new.moved:
            row["reasons"].insert(0, new.moved)
    elif holder.slug != decision.department:
        row["reasons"].append(f"The department “{decision.department}” takes no cases now → {holder.name}.")
    if new.related is not None:
        row["reasons"].append(f"Opened as a separate case, related to case {new.related.id}: {new.why}.")
    return row


def _routing_reason(case: CaseState) -> str:
    """Return why the case is where it is: the reason of the last event that sent it there."""
    return next((str(data["reason"]) for verb, _, data in reversed(case.events) if verb == Verb.ROUTED), "")


def _event_rows(cases: Iterable[CaseState], ids: Mapping[str, int]) -> Rows:
    rows: Rows = []
    for case in cases:
        for verb, actor, data in case.events:
            canonical_id = data.get("canonical_id")
            stored_data = {key: value for key, value in data.items() if key not in _REFERENCES}
            if canonical_id is not None:
                stored_data["message"] = ids.get(canonical_id)
            if "other" in data:
                stored_data["case"] = data["other"].id
            # As in every change of a case: people who have an older version open can be shown what is new.
            stored_data["version"] = case.version + (case.touched or not case.version)
            rows.append(
                {
                    "n": len(rows),
                    "case_id": case.id,
                    "verb": str(verb),
                    "actor_id": actor,
                    "data": stored_data,
                }
            )
    return rows
