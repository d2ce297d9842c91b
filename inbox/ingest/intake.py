"""Processing of a page of messages: in memory, between reading and writing, without the database.

`Intake` takes messages one by one, oldest first, then sets the clocks of the cases that they changed; it collects what
has to be written. How a message changes a case is in `case_state`, how the rules decide about it in `message_decision`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from inbox.changes.clocks import compute_clock_values
from inbox.ingest import echoes, threads
from inbox.ingest.case_state import CaseState
from inbox.ingest.customers import PageAuthor
from inbox.ingest.early_answers import KeptAnswer
from inbox.ingest.edits import StoredMessage, change_kind
from inbox.ingest.header import PageHeader
from inbox.ingest.message_decision import MessageDecision, read_and_decide
from inbox.ingest.storable import Storable
from inbox.models import Direction, Status, Verb
from routing.facts import Decision
from routing.rules.engine import CompiledRules
from routing.service_levels.policies import ServiceLevels

_ANSWER_VERBS = (Verb.ANSWERED, Verb.ANSWERED_NATIVELY)


@dataclass(slots=True)
class NewMessage:
    """A message to insert. `decided` is None for a message of our own.

    `user_id` is the author of an answer that was written here; `joined`: the case existed before the message.
    """

    item: Storable
    case: CaseState
    historical: bool
    identity_id: int | None = None
    user_id: int | None = None
    decided: MessageDecision | None = None
    joined: bool = False

    @property
    def direction(self) -> Direction:
        """`Message.direction` of the row."""
        return Direction.INBOUND if self.decided is not None else Direction.OUTBOUND


@dataclass(slots=True)
class Intake:
    """A page's messages, what is stored already, and what they change.

    `authors` are by remote id, `stored_messages` and `kept_answers` (messages of our own that belonged to no case on an
    earlier page) by canonical id, `cases` by id, locked; `replies` are the answers in the outbox. `unplaced` are the
    page's messages of our own that belong to no case yet.
    """

    header: PageHeader
    rules: CompiledRules
    now: dt.datetime
    authors: dict[str, PageAuthor]
    stored_messages: dict[str, StoredMessage]
    cases: dict[int, CaseState]
    replies: list[echoes.OutgoingReply]
    kept_answers: dict[str, KeptAnswer] = field(default_factory=dict)
    opened: list[CaseState] = field(default_factory=list)
    messages: list[NewMessage] = field(default_factory=list)
    message_changes: list[tuple[StoredMessage, Storable]] = field(default_factory=list)
    adopted_replies: list[tuple[echoes.OutgoingReply, Storable]] = field(default_factory=list)
    duplicates: int = 0
    ignored: int = 0
    own_count: int = 0
    unplaced: list[Storable] = field(default_factory=list)
    case_ids_with_deletions: set[int] = field(default_factory=set)
    _cases_by_customer: dict[int, list[CaseState]] = field(default_factory=dict)
    _case_by_message_id: dict[str, CaseState] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for case in self.cases.values():
            self._cases_by_customer.setdefault(case.customer_id, []).append(case)

    def take_messages(self, items: Iterable[Storable]) -> None:
        """Take the messages oldest first: an answer comes after what it answers."""
        is_own = self.header.is_own
        for item in sorted(items, key=lambda item: (item.at, is_own(item), item.message.canonical_id)):
            self._take_message(item)
        # With times in whole seconds, a message of our own may sort before the message that it answers.
        while any(self._place_own(item) for item in self.unplaced):
            self.unplaced = [
                item for item in self.unplaced if item.message.canonical_id not in self._case_by_message_id
            ]

    def set_clocks(self, service_levels: ServiceLevels) -> None:
        """Set the clocks of every case that the page changed.

        The event of an answer gets the clocks that the answer ended.
        """
        for case in self.touched_cases + self.opened:
            values, ended = compute_clock_values(
                case, self.header.network, service_levels, self.now, just_reopened=case.reopened
            )
            for name, value in values.items():
                setattr(case, name, value)
            answers = [data for verb, _, data in case.events if verb in _ANSWER_VERBS]
            if ended and answers:
                answers[-1]["clocks"] = ended

    @property
    def touched_cases(self) -> list[CaseState]:
        """Stored cases that the page changed."""
        return [case for case in self.cases.values() if case.touched]

    def _take_message(self, item: Storable) -> None:
        stored = self.stored_messages.get(item.message.canonical_id)
        if stored is not None:
            self._take_stored_message(stored, item)
        elif item.message.deleted:
            self.ignored += 1
        elif self.header.is_own(item):
            self._take_own(item)
        else:
            self._take_inbound(item)

    def _take_stored_message(self, stored: StoredMessage, item: Storable) -> None:
        """Take a message that is stored already: a duplicate, or edited, deleted or hidden since."""
        case, change = self.cases.get(stored.case_id), change_kind(stored, item)
        if case is None or not change:
            self.duplicates += 1
            return
        self.message_changes.append((stored, item))
        is_own = self.header.is_own(item)
        if change != "hidden":
            case.touched = True
            verb = Verb.MESSAGE_DELETED if change == "deleted" else Verb.MESSAGE_EDITED
            case.record_event(verb, {"message": stored.id, **({"ours": True} if is_own else {})})
        if change == "deleted":
            self.case_ids_with_deletions.add(case.id)
        if change == "edited" and not is_own:
            self._reread_edited_message(stored, item, case)

    def _reread_edited_message(self, stored: StoredMessage, item: Storable, case: CaseState) -> None:
        """Read a customer's edited text again, for the message and its case."""
        if case.last_inbound_at == item.at:
            case.preview = item.preview
        decided = read_and_decide(item, self.authors[item.author_id].customer, self.header, self.rules)
        stored.apply_reading(decided.reading, needs_answer=decided.needs_answer)
        if stored.needs_answer and not self._is_historical(item):
            case.apply_edit_that_wants_answer(item.at)

    def _take_inbound(self, item: Storable) -> None:
        """Take a customer's new message: it joins a case, or opens one in the department that the rules name."""
        message = item.message
        identity_id, customer = self.authors[item.author_id]
        decided = read_and_decide(item, customer, self.header, self.rules)
        decision, historical = decided.decision, self._is_historical(item)
        cases = self._cases_by_customer.setdefault(customer.customer_id, [])
        case = threads.find_case_to_join(
            cases, message.thread_id, message.visibility, item.at, is_noise=decision.dismiss
        )
        joined = case is not None
        if case is None:
            case = self._open_case(item, identity_id, customer.customer_id, decision, historical=historical)
            cases.append(case)
            customer.open_cases += 1
        elif case.closed_at is not None and not decision.dismiss:
            case.reopen(message.canonical_id)
            customer.open_cases += 1
        if case.historical and not historical:
            case.begin_after_history(self.now)
        case.apply_inbound(
            item.at, item.preview, decision, historical=historical, needs_answer=decided.needs_answer
        )
        if decision.dismiss and not joined:
            case.close_as_noise(decision.rule_name, message.canonical_id, self.now)
            department = self.header.find_department(decision.department, self.rules.default)
            customer.note_case_closed(department.slug)
        self._add_message(
            NewMessage(item, case, historical, identity_id=identity_id, decided=decided, joined=joined)
        )

    def _open_case(
        self, item: Storable, identity_id: int, customer_id: int, decision: Decision, *, historical: bool
    ) -> CaseState:
        department = self.header.find_department(decision.department, self.rules.default)
        case = CaseState(
            id=0,
            customer_id=customer_id,
            identity_id=identity_id,
            visibility=item.message.visibility,
            thread_id=item.message.thread_id,
            status=Status.NEW,
            department_id=department.id,
            opened_at=item.at,
            activity_at=item.at,
            created_at=self.now,
            historical=historical,
            needs_answer=False,
        )
        cause = {"canonical_id": item.message.canonical_id}
        reason = decision.reasons[0] if decision.reasons else ""
        routed = {"to": department.name, "to_id": department.id, "reason": reason, "rule": decision.rule_name}
        case.record_event(Verb.OPENED, {**cause})
        case.record_event(Verb.ROUTED, {**cause, **routed})
        self.opened.append(case)
        return case

    def _add_message(self, new: NewMessage) -> None:
        message = new.item.message
        new.case.add_message(message.thread_id)
        self.messages.append(new)
        self._case_by_message_id[message.canonical_id] = self._case_by_message_id[message.remote_id] = (
            new.case
        )

    def _take_own(self, item: Storable) -> None:
        """Take a message of our own: an answer that we sent, one written in the network's own app, or neither."""
        kept_answer = self.kept_answers.get(item.message.canonical_id)
        self.own_count += kept_answer is None or kept_answer.item is not item
        if not self._place_own(item):
            self.unplaced.append(item)

    def _place_own(self, item: Storable) -> bool:
        """Add a message of our own to the case where it belongs. Return False when that is nowhere yet."""
        reply = echoes.find_matching_reply(self.replies, item)
        case = self._find_case_of_own(item, reply)
        if case is None:
            return False
        verb, actor = Verb.ANSWERED_NATIVELY, None
        data: dict[str, Any] = {"canonical_id": item.message.canonical_id}
        if reply is not None:
            self.replies.remove(reply)
            self.adopted_replies.append((reply, item))
            verb, actor, data["reply"] = Verb.ANSWERED, reply.author_id, reply.id
            if not any(other.needs_person and other.case_id == reply.case_id for other in self.replies):
                case.unsent, case.unsent_since = "", None
        case.record_event(verb, data, actor=actor)
        case.apply_answer(item.at, self.header.connected_at)
        self._add_message(NewMessage(item, case, self._is_historical(item), user_id=actor))
        return True

    def _find_case_of_own(self, item: Storable, reply: echoes.OutgoingReply | None) -> CaseState | None:
        message = item.message
        if reply is not None:
            return self.cases.get(reply.case_id)
        if case := self._case_by_message_id.get(message.parent_id):
            return case
        if parent := self.stored_messages.get(message.parent_id):
            return self.cases.get(parent.case_id)
        kept_answer = self.kept_answers.get(message.canonical_id)
        if message.parent_id and not (kept_answer and kept_answer.waited_enough):
            return None
        return threads.find_case_of_thread([*self.cases.values(), *self.opened], message.thread_id, item.at)

    def _is_historical(self, item: Storable) -> bool:
        """Return whether a message is from before the brand account was connected."""
        return item.at < self.header.connected_at
