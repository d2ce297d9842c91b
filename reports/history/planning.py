"""Plan a past conversation as one closed case, with its messages and the decisions of routing. No database.

Rows are tuples in the order of `TABLES`. Nothing here starts a clock, waits for anybody or is learned from.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from inbox.ingest.case_state import priority_label
from inbox.ingest.customers import PageAuthor
from inbox.ingest.header import PageDepartment, PageHeader
from inbox.ingest.message_decision import MessageDecision, read_and_decide
from inbox.ingest.storable import Storable, Unstorable, make_storable
from inbox.models import Direction, Status, Verb
from inbox.search_words.lexemes import index_text
from inbox.visibility import Visibility
from networks.base import Author, InboundMessage
from reports.history.conversations import LONGEST_ID, Conversation, PastMessage, Rejected
from routing.facts import build_trace
from routing.rules.engine import CompiledRules

#: Why such a case is closed.
CLOSE_REASON = "Imported history"
#: The tables that an import fills, in this order, with the columns of a row.
TABLES: dict[str, tuple[str, ...]] = {
    "inbox_case": (
        "id", "customer_id", "identity_id", "brand_account_id", "network", "visibility", "thread_id", "status",
        "department_id", "priority", "tags", "version", "preview", "message_count", "historical", "needs_answer",
        "created_at", "opened_at", "activity_at", "last_inbound_at", "last_outbound_at", "first_response_at",
        "closed_at", "close_reason", "reopen_count",
    ),
    "inbox_message": (
        "id", "brand_account_id", "case_id", "stream", "canonical_id", "remote_id", "thread_id", "parent_remote_id",
        "direction", "visibility", "identity_id", "text", "network_time", "received_at", "hidden", "history",
        "permalink", "attachments", "can_reply", "reply_ref", "language", "needs_answer", "sentiment", "urgency",
        "is_spam", "said", "flags", "historical", "raw", "search",
    ),
    "inbox_decision": (
        "message_id", "case_id", "department_id", "decided_by", "rule_key", "rule_name", "version", "reasons", "trace",
        "at", "weighed_at",
    ),
    "inbox_custody": (
        "case_id", "department_id", "sent_at", "left_at", "reason", "wrong_department",
    ),
    "inbox_caseevent": ("case_id", "at", "verb", "data"),
    "reports_importedconversation": (
        "history_import_id", "line", "brand_account_id", "thread", "case_id", "message_count",
    ),
}  # fmt: skip
_LONGEST_REASON = 300

Rows = dict[str, list[tuple[Any, ...]]]


@dataclass(slots=True)
class Draft:
    """A conversation that will be stored: where, and its messages made fit to store, with the ids that they get."""

    conversation: Conversation
    header: PageHeader
    items: list[tuple[PastMessage, Storable]]

    @property
    def root(self) -> PastMessage:
        """The customer's first message: with it the case begins."""
        return next(past for past, _ in self.items if not past.is_brand)


def draft_conversation(
    conversation: Conversation,
    header: PageHeader,
    taken: Mapping[str, bool],
    used: set[str],
    now: dt.datetime,
) -> Draft:
    """Make a conversation fit to store.

    `taken` are the ids of its messages that the brand account has already: True in another past conversation, which keeps
    its copy; False as a message that Horseshoe fetched, which is not stored again. `used` are the ids given so far.
    Raises `Rejected`.
    """
    ids: dict[str, str] = {}
    missing = [message for message in conversation.messages if taken.get(message.id, True)]
    if all(message.is_brand for message in missing):
        raise Rejected("Horseshoe has fetched the customer's messages itself already.")
    for message in missing:
        is_copy = message.id in taken or message.id in used
        ids[message.id] = _id_of_copy(message.id, conversation.thread) if is_copy else message.id
        used.add(ids[message.id])
    items = []
    for past in missing:
        inbound = _as_inbound(past, conversation, header, ids)
        try:
            items.append((past, make_storable(inbound, header.own_id, now)))
        except Unstorable as error:
            raise Rejected(str(error)) from None
    return Draft(conversation, header, items)


def _as_inbound(
    past: PastMessage, conversation: Conversation, header: PageHeader, ids: Mapping[str, str]
) -> InboundMessage:
    """Return a message as if it had come from the network."""
    is_direct = conversation.visibility == Visibility.DIRECT
    return InboundMessage(
        stream="direct" if is_direct else header.kind,  # type: ignore[arg-type]
        remote_id=ids[past.id],
        canonical_id=ids[past.id],
        thread_id=conversation.thread,
        parent_id=ids.get(past.parent, past.parent),
        author=_author_of(past),
        text=past.text,
        created_at=past.at,
        visibility="direct" if is_direct else "public",
        can_reply=False,
        is_under_own_post=conversation.messages[0].is_brand and not past.is_brand,
        # Another account of the company may have answered.
        raw={"author": past.author} if past.is_brand else {},
    )


def _author_of(past: PastMessage) -> Author:
    if past.is_brand:
        return Author("", is_self=True)
    # Networks number their people; a number is no handle.
    handle = "" if past.name or past.author.isdigit() else past.author
    return Author(past.author, handle=handle, name=past.name or ("" if handle else past.author))


def _id_of_copy(id_: str, thread: str) -> str:
    """Return the id of a message that stands in two conversations."""
    copy = f"{id_}~{thread}"
    if len(copy) <= LONGEST_ID:
        return copy
    return f"{id_[:150]}~{hashlib.sha256(copy.encode()).hexdigest()[:32]}"


@dataclass(slots=True)
class Planner:
    """Turns drafts into rows. `authors` are those of all drafts; `languages` are by the canonical ids of messages."""

    rules: CompiledRules
    authors: Mapping[str, PageAuthor]
    languages: Mapping[str, str]
    import_id: int
    now: dt.datetime
    rows: Rows = field(default_factory=lambda: {table: [] for table in TABLES})

    def add(self, draft: Draft, case_id: int, message_ids: list[int]) -> None:
        """Add the rows of one conversation, with these ids."""
        decisions: list[MessageDecision] = []
        department: PageDepartment | None = None
        for (past, item), message_id in zip(draft.items, message_ids, strict=True):
            decided: MessageDecision | None = None
            if not past.is_brand:
                customer = self.authors[item.author_id].customer
                decided = read_and_decide(item, self.languages, customer, draft.header, self.rules)
                decisions.append(decided)
                department = department or draft.header.find_department(
                    decided.decision.department, self.rules.default
                )
                self._add_decision(decided, case_id, message_id, department, joined=len(decisions) > 1)
            self._add_message(draft, past, item, case_id, message_id, decided)
        if department is None:
            raise AssertionError("A draft has a message of a customer.")
        self._add_case(draft, case_id, decisions, department)

    def _add_case(
        self, draft: Draft, case_id: int, decisions: list[MessageDecision], department: PageDepartment
    ) -> None:
        conversation, root, header = draft.conversation, draft.root, draft.header
        inbound = [(past, item) for past, item in draft.items if not past.is_brand]
        answers = [past.at for past, _ in draft.items if past.is_brand]
        place = next(at for at, (past, _) in enumerate(draft.items) if past is root)
        response = next((past.at for past, _ in draft.items[place:] if past.is_brand), None)
        closed_at = draft.items[-1][0].at
        author = self.authors[inbound[0][1].author_id]
        priority = max(decided.priority for decided in decisions)
        tags = list(dict.fromkeys(tag for decided in decisions for tag in decided.decision.tags))
        self.rows["inbox_case"].append((
            case_id, author.customer.customer_id, author.identity_id, header.brand_account_id, header.network,
            conversation.visibility.value, conversation.thread, Status.RESOLVED.value, department.id, priority, _json(tags), 1,
            inbound[-1][1].preview, len(draft.items), True, True, root.at, root.at, inbound[-1][0].at, inbound[-1][0].at,
            max(answers, default=None), response, closed_at, CLOSE_REASON, 0,
        ))  # fmt: skip
        reason = decisions[0].decision.reasons[0] if decisions[0].decision.reasons else ""
        self.rows["inbox_custody"].append(
            (case_id, department.id, root.at, closed_at, reason[:_LONGEST_REASON], False)
        )
        routed = {"to": department.name, "to_id": department.id, "reason": reason}
        events = [
            (root.at, Verb.OPENED, {"imported": True}),
            (root.at, Verb.ROUTED, routed | {"rule": decisions[0].decision.rule_name}),
            (closed_at, Verb.RESOLVED, {"reason": CLOSE_REASON}),
        ]
        if priority:
            raised = {"from": priority_label(0), "to": priority_label(priority), "reason": "imported"}
            events.insert(2, (root.at, Verb.PRIORITISED, raised))
        self.rows["inbox_caseevent"] += [(case_id, at, verb.value, _json(data)) for at, verb, data in events]
        self.rows["reports_importedconversation"].append((
            self.import_id, conversation.line, header.brand_account_id, conversation.thread, case_id,
            len(conversation.messages),
        ))  # fmt: skip

    def _add_message(
        self, draft: Draft, past: PastMessage, item: Storable, case_id: int, message_id: int,
        decided: MessageDecision | None,
    ) -> None:  # fmt: skip
        message, reading = item.message, decided.reading if decided else None
        self.rows["inbox_message"].append((
            message_id, draft.header.brand_account_id, case_id, message.stream, message.canonical_id, message.remote_id,
            message.thread_id, message.parent_id, Direction.OUTBOUND.value if past.is_brand else Direction.INBOUND.value,
            message.visibility, None if past.is_brand else self.authors[item.author_id].identity_id, item.text, past.at,
            # It counts for the week in which it was written: it reached the brand then, though not through Horseshoe.
            past.at, False, "[]", "", "[]", False, "{}", reading.language if reading else "",
            decided is not None and decided.needs_answer, reading.sentiment if reading else "",
            reading.urgency if reading else 0, reading is not None and reading.is_spam, reading.said if reading else "",
            _json(item.flags), True,
            _json(item.raw), index_text(item.text),
        ))  # fmt: skip

    def _add_decision(
        self, decided: MessageDecision, case_id: int, message_id: int, department: PageDepartment, *, joined: bool
    ) -> None:  # fmt: skip
        decision = decided.decision
        reasons = ["Added to this conversation."] if joined else list(decision.reasons)
        if not joined and department.slug != decision.department:
            reasons.append(f"The department “{decision.department}” takes no cases now → {department.name}.")
        self.rows["inbox_decision"].append((
            message_id, case_id, department.id, "thread" if joined else decision.decided_by,
            "" if joined else decision.rule_key, "" if joined else decision.rule_name[:120], decision.version,
            # Looked at already: the learned router has no say in what is over.
            _json(reasons), _json(build_trace(decided.facts, decision)), self.now, self.now,
        ))  # fmt: skip


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()
