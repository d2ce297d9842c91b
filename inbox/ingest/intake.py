"""What becomes of a page of messages: worked out in memory between reading and writing, without the database.

`Intake` takes messages one by one, oldest first, and holds what has to be written.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from inbox.ingest import echoes, noise, threads
from inbox.ingest.customers import CustomerStanding
from inbox.ingest.early_answers import KeptAnswer
from inbox.ingest.edits import StoredMessage, change_kind
from inbox.ingest.header import PageDepartment, PageHeader
from inbox.ingest.storable import Storable
from inbox.ingest.threads import CaseState
from inbox.models import Direction, Status, Verb
from routing.facts import Decision, Facts
from routing.reading import Reading, read_message
from routing.reading.languages import detect_language
from routing.rules.engine import CompiledRules, decide


@dataclass(slots=True)
class NewMessage:
    """A message to insert. `decision` and `reading` are None for messages of our own."""

    item: Storable
    case: CaseState
    identity_id: int | None
    historical: bool
    user_id: int | None = None
    decision: Decision | None = None
    reading: Reading | None = None
    needs_answer: bool = False
    joined: bool = False
    facts: Facts | None = None


@dataclass(slots=True)
class Intake:
    """Reads the page's messages against what is stored. `homeless` are those of our own that belong to no case yet,
    `early` those that were so on an earlier page, by canonical id.
    """

    header: PageHeader
    rules: CompiledRules
    now: dt.datetime
    authors: dict[str, tuple[int, CustomerStanding]]
    stored_messages: dict[str, StoredMessage]
    cases: dict[int, CaseState]
    replies: list[echoes.OutgoingReply]
    kept_answers: dict[str, KeptAnswer] = field(default_factory=dict)
    cases_by_customer: dict[int, list[CaseState]] = field(default_factory=dict)
    opened: list[CaseState] = field(default_factory=list)
    messages: list[NewMessage] = field(default_factory=list)
    message_changes: list[tuple[StoredMessage, Storable]] = field(default_factory=list)
    adopted_replies: list[tuple[echoes.OutgoingReply, Storable]] = field(default_factory=list)
    duplicates: int = 0
    ignored: int = 0
    own_count: int = 0
    unplaced: list[Storable] = field(default_factory=list)
    _case_by_message_id: dict[str, CaseState] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for case in self.cases.values():
            self.cases_by_customer.setdefault(case.customer_id, []).append(case)

    def take_messages(self, items: Iterable[Storable]) -> None:
        """Take the messages oldest first: an answer comes after what it answers."""
        is_own = self.header.is_own
        for item in sorted(items, key=lambda one: (one.at, is_own(one), one.message.canonical_id)):
            self._take_message(item)
        # One of ours that answers another may stand before it, where times are told in whole seconds.
        while any(self._place_own(item) for item in self.unplaced):
            self.unplaced = [
                item for item in self.unplaced if item.message.canonical_id not in self._case_by_message_id
            ]

    def _take_message(self, item: Storable) -> None:
        known = self.stored_messages.get(item.message.canonical_id)
        if known is not None:
            self._take_stored_message(known, item)
        elif item.message.deleted:
            self.ignored += 1
        elif self.header.is_own(item):
            self._take_own(item)
        else:
            self._take_inbound(item)

    def _take_stored_message(self, known: StoredMessage, item: Storable) -> None:
        case, what = self.cases.get(known.case_id), change_kind(known, item)
        if case is None or not what:
            self.duplicates += 1
            return
        self.message_changes.append((known, item))
        if what != "hidden":
            case.touched = True
            verb = Verb.MESSAGE_DELETED if what == "deleted" else Verb.MESSAGE_EDITED
            whose = {"ours": True} if self.header.is_own(item) else {}
            case.events.append((verb, None, {"message": known.id, **whose}))
        if what == "edited" and not self.header.is_own(item):
            self._reread_edited_message(known, item, case)

    def _reread_edited_message(self, known: StoredMessage, item: Storable, case: CaseState) -> None:
        """A customer's edited text. An edit may make a case wait for us, never end its waiting: people do that."""
        if case.last_inbound_at == item.at:
            case.preview = item.preview
        reading, _, decision = self._read_and_decide(item, self.authors[item.author_id][1])
        known.apply_reading(reading, needs_answer=decide_needs_answer(reading, decision))
        if known.needs_answer and not item.at < self.header.connected_at:
            case.needs_answer = True
            case.answers_wanted_at.append(item.at)
            if case.closed_at is None and not case.is_answered_since(item.at):
                case.waiting_since = min(case.waiting_since or item.at, item.at)

    def _take_inbound(self, item: Storable) -> None:
        message = item.message
        identity_id, customer = self.authors[item.author_id]
        reading, facts, decision = self._read_and_decide(item, customer)
        needs_answer = decide_needs_answer(reading, decision)
        mine = self.cases_by_customer.setdefault(customer.customer_id, [])
        historical = item.at < self.header.connected_at
        case = threads.find_case_to_join(
            noise.joinable_cases(mine, decision), message.thread_id, message.visibility, item.at
        )
        joined = case is not None
        if case is None:
            case = self._open_case(item, identity_id, customer.customer_id, decision, historical)
            mine.append(case)
            customer.open_cases += 1
        elif case.closed_at is not None and not decision.dismiss:
            _reopen_case(case, message.canonical_id)
            customer.open_cases += 1
        self._apply_inbound(case, item, decision, historical, needs_answer=needs_answer)
        if decision.dismiss and not joined:
            noise.dismiss_as_noise(case, decision, message.canonical_id, self.now)
            customer.note_case_closed(self.find_department(decision.department).slug)
        self._add_message(
            NewMessage(
                item,
                case,
                identity_id,
                historical,
                decision=decision,
                reading=reading,
                needs_answer=needs_answer,
                joined=joined,
                facts=facts,
            )
        )

    def _read_and_decide(self, item: Storable, customer: CustomerStanding) -> tuple[Reading, Facts, Decision]:
        reading = read_message(item.text, language=detect_language(item.text))
        facts = self._build_facts(item, reading, customer)
        return reading, facts, decide(facts, self.rules)

    def _build_facts(self, item: Storable, reading: Reading, customer: CustomerStanding) -> Facts:
        message, header = item.message, self.header
        return Facts(
            text=item.text,
            network=header.network,
            stream=message.stream,
            brand_account=f"{header.network}:{header.own_id}",
            at=item.at,
            language=reading.language,
            followers=message.author.followers,
            verified=message.author.verified,
            is_reply=bool(message.parent_id) and message.thread_id != message.canonical_id,
            sentiment=reading.sentiment,
            wants_answer=reading.wants_answer,
            urgency=reading.urgency,
            is_spam=reading.is_spam,
            is_retweet=message.is_repost,
            is_under_own_post=message.is_under_own_post,
            customer_tags=customer.tags,
            previous_department=customer.previous_department,
            open_cases=customer.open_cases,
        )

    def find_department(self, slug: str) -> PageDepartment:
        """The department a decision names; the default when it is closed or gone, any open one when that is, too."""
        places = self.header.departments
        for wanted in (slug, self.rules.default):
            for place in places:
                if place.slug == wanted and place.is_open:
                    return place
        for place in sorted(places, key=lambda one: (not one.is_open, one.slug != self.rules.default)):
            return place
        raise LookupError("There is no department that could take a case.")

    def _open_case(
        self, item: Storable, identity_id: int, customer_id: int, decision: Decision, historical: bool
    ) -> CaseState:
        place = self.find_department(decision.department)
        case = CaseState(
            id=0,
            customer_id=customer_id,
            identity_id=identity_id,
            visibility=item.message.visibility,
            thread_id=item.message.thread_id,
            status=Status.NEW,
            department_id=place.id,
            opened_at=item.at,
            activity_at=item.at,
            created_at=self.now,
            historical=historical,
            needs_answer=False,
        )
        reason = decision.reasons[0] if decision.reasons else ""
        routed = {"to": place.name, "to_id": place.id, "reason": reason, "rule": decision.rule_name}
        case.events += [
            (Verb.OPENED, None, {"canonical_id": item.message.canonical_id}),
            (Verb.ROUTED, None, {"canonical_id": item.message.canonical_id, **routed}),
        ]
        self.opened.append(case)
        return case

    def _apply_inbound(
        self, case: CaseState, item: Storable, decision: Decision, historical: bool, *, needs_answer: bool
    ) -> None:
        """The case after one more message of its customer."""
        at = item.at
        case.historical = case.historical and historical
        case.needs_answer = case.needs_answer or needs_answer
        case.priority = max(case.priority, decision.priority) if case.message_count else decision.priority
        case.tags += [tag for tag in decision.tags if tag not in case.tags]
        if case.last_inbound_at is None or at >= case.last_inbound_at:
            case.last_inbound_at, case.preview = at, item.preview
        case.opened_at = min(case.opened_at, at)
        case.activity_at = max(case.activity_at, at)
        answered = case.is_answered_since(at)
        if needs_answer and not historical:
            case.answers_wanted_at.append(at)
            if not answered:
                case.waiting_since = min(case.waiting_since or at, at)
        if case.status == Status.WAITING and not answered:
            case.status = Status.OPEN

    def _add_message(self, new: NewMessage) -> None:
        case, message = new.case, new.item.message
        case.message_count += 1
        case.touched = True
        case.threads.add(message.thread_id)
        self.messages.append(new)
        self._case_by_message_id[message.canonical_id] = self._case_by_message_id[message.remote_id] = case

    def _take_own(self, item: Storable) -> None:
        """A message of ours that came back: an answer we sent, one written in the network's own app, or neither."""
        kept = self.kept_answers.get(item.message.canonical_id)
        self.own_count += kept is None or kept.item is not item
        if not self._place_own(item):
            self.unplaced.append(item)

    def _place_own(self, item: Storable) -> bool:
        """Put a message of ours where it belongs; False when that is nowhere yet."""
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
        case.events.append((verb, actor, data))
        echoes.apply_answer(case, item.at, self.header.connected_at)
        self._add_message(NewMessage(item, case, None, item.at < self.header.connected_at, user_id=actor))
        return True

    def _find_case_of_own(self, item: Storable, reply: echoes.OutgoingReply | None) -> CaseState | None:
        message = item.message
        if reply is not None:
            return self.cases.get(reply.case_id)
        if placed := self._case_by_message_id.get(message.parent_id):
            return placed
        if parent := self.stored_messages.get(message.parent_id):
            return self.cases.get(parent.case_id)
        kept = self.kept_answers.get(message.canonical_id)
        if message.parent_id and not (kept and kept.waited_enough):
            return None
        return threads.find_case_of_thread([*self.cases.values(), *self.opened], message.thread_id, item.at)


def decide_needs_answer(reading: Reading, decision: Decision) -> bool:
    """Whether a message needs an answer: the rule's explicit word, else what was read from the text."""
    return reading.wants_answer if decision.needs_answer is None else decision.needs_answer


def _reopen_case(case: CaseState, canonical_id: str) -> None:
    case.events.append(
        (Verb.REOPENED, None, {"canonical_id": canonical_id, "from": str(Status(case.status).label)})
    )
    case.status, case.closed_at, case.close_reason = Status.OPEN, None, ""
    case.reopen_count += 1
    case.reopened = True


def message_direction(new: NewMessage) -> str:
    """`Message.direction` of a message to insert."""
    return Direction.INBOUND if new.decision is not None else Direction.OUTBOUND
