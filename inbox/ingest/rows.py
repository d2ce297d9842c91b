"""What `Intake` worked out, as rows for `ingest_writes`: plain values under the columns' names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from operator import attrgetter
from typing import Any

from inbox.changes.clocks import CLOCK_FIELDS
from inbox.ingest import early_answers
from inbox.ingest.edits import message_change_row
from inbox.ingest.intake import Intake, NewMessage, message_direction
from inbox.ingest.threads import CaseState
from routing.facts import build_trace

Rows = list[dict[str, Any]]
_CASE_COLUMNS = (
    "id", "customer_id", "identity_id", "visibility", "thread_id", "status", "department_id", "priority", "tags",
    "preview", "message_count", "historical", "needs_answer", "created_at", "opened_at", "activity_at",
    "last_inbound_at", "last_outbound_at", "waiting_since", "first_response_at", "closed_at", "close_reason",
    "reopen_count", *CLOCK_FIELDS,
)  # fmt: skip
_case_values = attrgetter(*_CASE_COLUMNS)
_LONGEST_REASON = 300


def case_rows(joined: Iterable[CaseState], opened: Iterable[CaseState]) -> tuple[Rows, Rows]:
    """Cases to update and cases to insert; the latter are numbered by `n`."""
    new = [_case_row(case) | {"n": n} for n, case in enumerate(opened)]
    return [_case_row(case) for case in joined], new


def _case_row(case: CaseState) -> dict[str, Any]:
    return dict(zip(_CASE_COLUMNS, _case_values(case), strict=True))


def message_rows(intake: Intake) -> Rows:
    """Messages to insert, once their cases have ids."""
    return [_message_row(new) for new in intake.messages]


def _message_row(new: NewMessage) -> dict[str, Any]:
    item, message, reading = new.item, new.item.message, new.reading
    return {
        "case_id": new.case.id,
        "stream": message.stream,
        "canonical_id": message.canonical_id,
        "remote_id": message.remote_id,
        "thread_id": message.thread_id,
        "parent_remote_id": message.parent_id,
        "direction": message_direction(new),
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
        "needs_answer": new.needs_answer,
        "sentiment": reading.sentiment if reading else "",
        "urgency": reading.urgency if reading else 0,
        "is_spam": reading is not None and reading.is_spam,
        "flags": item.flags,
        "historical": new.historical,
        "raw": item.raw,
    }


def change_rows(intake: Intake) -> Rows:
    """Stored messages that were edited, deleted or hidden since."""
    return [message_change_row(known, item, intake.now) for known, item in intake.message_changes]


def history_rows(intake: Intake, touched: list[CaseState], ids: Mapping[str, int]) -> dict[str, Any]:
    """Decisions, custodies, reopened cases, adopted and early answers, events. `ids` are the stored messages' by canonical id."""
    decisions = [
        _decision_row(intake, new, ids[new.item.message.canonical_id])
        for new in intake.messages
        if new.decision is not None and new.item.message.canonical_id in ids
    ]
    custodies = [
        {
            "case_id": case.id,
            "department_id": case.department_id,
            "sent_at": case.created_at,
            "left_at": case.closed_at,
            "reason": _routing_reason(case)[:_LONGEST_REASON],
        }
        for case in intake.opened
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
        "custodies": custodies,
        "reopened": [case.id for case in touched if case.reopened],
        "adopted": adopted,
        "events": _event_rows([*touched, *intake.opened], ids),
        "early": early_answers.early_answer_changes(
            intake.header.brand_account_id, intake.unplaced, intake.kept_answers
        ),
    }


def _decision_row(intake: Intake, new: NewMessage, message_id: int) -> dict[str, Any]:
    decision, case = new.decision, new.case
    assert decision is not None  # noqa: S101 (outbound messages are filtered out above)
    row: dict[str, Any] = {
        "message_id": message_id,
        "case_id": case.id,
        "department_id": case.department_id,
        "decided_by": decision.decided_by,
        "rule_key": decision.rule_key,
        "rule_name": decision.rule_name[:120],
        "version": decision.version,
        "reasons": list(decision.reasons),
        "trace": build_trace(new.facts, decision) if new.facts else {},
    }
    held_by = next(place for place in intake.header.departments if place.id == case.department_id)
    if new.joined:
        row |= {"decided_by": "thread", "rule_key": "", "rule_name": ""}
        row["reasons"] = [f"Joined case {case.id}, which {held_by.name} has."]
    elif held_by.slug != decision.department:
        row["reasons"].append(f"The department “{decision.department}” takes no cases now → {held_by.name}.")
    return row


def _routing_reason(case: CaseState) -> str:
    return next((str(data["reason"]) for _, _, data in case.events if "reason" in data), "")


def _event_rows(cases: Iterable[CaseState], ids: Mapping[str, int]) -> Rows:
    rows: Rows = []
    for case in cases:
        for verb, actor, data in case.events:
            canonical_id = data.get("canonical_id")
            told = {key: value for key, value in data.items() if key != "canonical_id"}
            if canonical_id is not None:
                told["message"] = ids.get(canonical_id)
            # As everyone who changes a case does: whoever looked at an older version can be told what is new.
            told["version"] = case.version + 1
            rows.append(
                {"n": len(rows), "case_id": case.id, "verb": str(verb), "actor_id": actor, "data": told}
            )
    return rows
