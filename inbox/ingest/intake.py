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
from inbox.ingest.customers import CustomerStanding, PageAuthor
from inbox.ingest.early_answers import KeptAnswer
from inbox.ingest.edits import StoredMessage, change_kind
from inbox.ingest.header import PageDepartment, PageHeader
from inbox.ingest.message_decision import MessageDecision, detect_languages, read_and_decide
from inbox.ingest.storable import Storable
from inbox.models import Direction, Verb
from routing.facts import Decision
from routing.rules.engine import CompiledRules
from routing.service_levels.policies import ServiceLevels

_ANSWER_VERBS = (Verb.ANSWERED, Verb.ANSWERED_NATIVELY)


@dataclass(slots=True)
class NewMessage:
    """A message to insert. `decided` is None for a message of our own.

    `user_id` wrote the answer here; `joined`: the case existed before, and `moved` says why it moves. Else `related` is the
    case beside which it opened its own, because of `why`.
    """

    item: Storable
    case: CaseState
    historical: bool
    identity_id: int | None = None
    user_id: int | None = None
    decided: MessageDecision | None = None
    joined: bool = False
    related: CaseState | None = None
    why: str = ""
    moved: str = ""

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
    _languages: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for case in self.cases.values():
            self._cases_by_customer.setdefault(case.customer_id, []).append(case)

    def take_messages(self, items: Iterable[Storable]) -> None:
        """Take the messages oldest first: an answer comes after what it answers."""
        is_own = self.header.is_own
        in_order = sorted(items, key=lambda item: (item.at, is_own(item), item.message.canonical_id))
        new = (item for item in in_order if item.message.canonical_id not in self.stored_messages)
        self._languages = detect_languages(item for item in new if not is_own(item))
        for item in in_order:
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

    @property
    def noted_cases(self) -> list[CaseState]:
        """Stored cases that stay as they are and only get a line in their history."""
        return [case for case in self.cases.values() if case.events and not case.touched]

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
            mark = "ours" if is_own else "answered" if case.is_answered_since(item.at) else ""
            case.record_event(verb, {"message": stored.id, **({mark: True} if mark else {})})
        if change == "deleted":
            self.case_ids_with_deletions.add(case.id)
        if change == "edited" and not is_own:
            self._reread_edited_message(stored, item, case)

    def _reread_edited_message(self, stored: StoredMessage, item: Storable, case: CaseState) -> None:
        """Read a customer's edited text again, for the message and its case."""
        decided = read_and_decide(item, {}, self.authors[item.author_id].customer, self.header, self.rules)
        stored.apply_reading(decided.reading, needs_answer=decided.needs_answer)
        if case.last_inbound_at == item.at:
            case.preview = item.preview
        if stored.needs_answer and not self._is_historical(item):
            case.apply_edit_that_wants_answer(item.at)

    def _take_inbound(self, item: Storable) -> None:
        """Take a customer's new message: it joins a case, or opens one in the department that the rules name."""
        message = item.message
        identity_id, customer = self.authors[item.author_id]
        decided = read_and_decide(item, self._languages, customer, self.header, self.rules)
        decision, historical = decided.decision, self._is_historical(item)
        cases = self._cases_by_customer.setdefault(customer.customer_id, [])
        choice = threads.choose_case(
            cases,
            message.thread_id,
            message.visibility,
            item.at,
            is_noise=decision.dismiss,
            explain_parting=lambda case: threads.explain_parting(
                case, decided, item.text, self._other_department(case, decision)
            ),
        )
        case = choice.case or self._open_case(item, identity_id, customer, decided)
        new = NewMessage(item, case, historical)
        new.identity_id, new.decided, new.joined = identity_id, decided, choice.case is not None
        if choice.case is None:
            cases.append(new.case)
            new.related, new.why = choice.related, choice.why
            choice.relate_to(new.case)
        else:
            new.moved = self._decide_again(choice.case, item, decided)
            if choice.case.closed_at is not None and decided.needs_answer and not decision.dismiss:
                choice.case.reopen(message.canonical_id)
                customer.open_cases += 1
        if new.case.historical and not historical:
            new.case.begin_after_history(self.now)
        new.case.apply_inbound(item, decided, historical=historical)
        if decision.dismiss and not new.joined:
            new.case.close_as_noise(decision.rule_name, message.canonical_id, self.now)
            customer.note_case_closed(self._department_of(decision).slug)
        self._add_message(new)

    def _department_of(self, decision: Decision) -> PageDepartment:
        return self.header.find_department(decision.department, self.rules.default)

    def _other_department(self, case: CaseState, decision: Decision) -> str:
        """Return the other department that a rule names by words.

        Its name; "" if it has had the case.
        """
        if decision.rule_key not in self.rules.keys_by_words:
            return ""
        department = self._department_of(decision)
        return "" if department.id in (case.department_id, *case.held_by) else department.name

    def _decide_again(self, case: CaseState, item: Storable, decided: MessageDecision) -> str:
        """Move a misplaced case by what its customer writes now.

        Return why, "" if it stays.
        """
        department = self._department_of(decided.decision)
        if self._is_historical(item) or department.id == case.department_id:
            return ""
        if not threads.is_misplaced(case, decided, self._other_department(case, decided.decision)):
            return ""
        before = next(place for place in self.header.departments if place.id == case.department_id)
        case.move_to(department, before.name, decided.decision, item.message.canonical_id)
        return "".join(decided.decision.reasons[:1])

    def _open_case(
        self, item: Storable, identity_id: int, customer: CustomerStanding, decided: MessageDecision
    ) -> CaseState:
        decision = decided.decision
        department = self._department_of(decision)
        case = CaseState.begin(
            item,
            identity_id,
            customer.customer_id,
            department.id,
            self.now,
            historical=self._is_historical(item),
        )
        cause = {"canonical_id": item.message.canonical_id}
        reason = decision.reasons[0] if decision.reasons else ""
        routed = {"to": department.name, "to_id": department.id, "reason": reason, "rule": decision.rule_name}
        case.record_event(Verb.OPENED, {**cause})
        case.record_event(Verb.ROUTED, {**cause, **routed})
        self.opened.append(case)
        customer.open_cases += 1
        return case

    def _add_message(self, new: NewMessage) -> None:
        message = new.item.message
        new.case.add_message(message.thread_id)
        self.messages.append(new)
        self._case_by_message_id |= {message.canonical_id: new.case, message.remote_id: new.case}

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
