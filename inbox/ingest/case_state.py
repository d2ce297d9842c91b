"""A case while a page is stored, and how each kind of message changes it. Pure: no database, no clock."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from inbox.changes.case_row import JSON_COLUMNS, CaseRow
from inbox.ingest.header import PageDepartment
from inbox.ingest.message_decision import MessageDecision
from inbox.ingest.storable import Storable
from inbox.models import MERGED_PREFIX, Status, Unsent, Verb, WokeBy
from routing.facts import Decision
from routing.models import Priority
from routing.reading import Reading

#: The beginning of `close_reason` when a case was closed as noise. Nobody has read it, so only noise may join it.
NOISE_PREFIX = "Noise (rule "
#: Also that of cases which were closed when it was worded differently.
NOISE_PREFIXES = (NOISE_PREFIX, "Noise, says ")
#: Some networks' APIs give times in whole seconds.
TIME_PRECISION = dt.timedelta(seconds=1)
#: A new message is compared with the beginnings of this many newest messages of a case, and of its first.
MOST_COMPARED, COMPARED_LENGTH = 4, 280


def priority_label(priority: int) -> str:
    """Return a priority as a word."""
    return str(Priority(priority).label) if priority in Priority.values else str(priority)


@dataclass(slots=True)
class CaseState(CaseRow):
    """A case as it is stored, or as it will be once the page is.

    `threads` are the network threads that its messages belong to; `touched` and `reopened` say what the page did to it.
    """

    threads: set[str] = field(default_factory=set)
    #: Times of messages that need an answer: an answer of our own that arrives late may leave some of them unanswered.
    answers_wanted_at: list[dt.datetime] = field(default_factory=list)
    #: The beginnings of its customer's newest messages, and the ids of the departments that have had it.
    texts: list[str] = field(default_factory=list)
    held_by: list[int] = field(default_factory=list)
    touched: bool = False
    reopened: bool = False
    #: The id of the department that the page took it from, None when it stays.
    moved_from: int | None = None
    #: New events of the case's history: (verb, actor's id, data).
    events: list[tuple[str, int | None, dict[str, Any]]] = field(default_factory=list)

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> CaseState:
        """Return the case of a row of `read_sql.lock_cases`."""
        documents = {name: orjson.loads(row[name]) for name in JSON_COLUMNS}
        return cls(**{**row, **documents, "threads": {*row["threads"], row["thread_id"]}})

    @classmethod
    def begin(
        cls,
        item: Storable,
        identity_id: int,
        customer_id: int,
        department_id: int,
        now: dt.datetime,
        *,
        historical: bool,
    ) -> CaseState:
        """Return the case that a message opens, still without it."""
        return cls(
            id=0,
            customer_id=customer_id,
            identity_id=identity_id,
            visibility=item.message.visibility,
            thread_id=item.message.thread_id,
            status=Status.NEW,
            department_id=department_id,
            opened_at=item.at,
            activity_at=item.at,
            created_at=now,
            historical=historical,
            needs_answer=False,
            held_by=[department_id],
        )

    @property
    def is_noise(self) -> bool:
        """True for a case that is closed as noise."""
        return self.closed_at is not None and self.close_reason.startswith(NOISE_PREFIXES)

    @property
    def is_merged(self) -> bool:
        """True for an emptied case: a person moved its messages to another."""
        return self.closed_at is not None and self.close_reason.startswith(MERGED_PREFIX)

    def is_answered_since(self, at: dt.datetime) -> bool:
        """Return whether we have written at `at` or later."""
        return self.last_outbound_at is not None and at <= self.last_outbound_at

    def record_event(self, verb: str, data: dict[str, Any], *, actor: int | None = None) -> None:
        """Add an event to what the case's history gains."""
        self.events.append((verb, actor, data))

    def add_message(self, thread_id: str) -> None:
        """Count one more message and remember its thread."""
        self.message_count += 1
        self.touched = True
        self.threads.add(thread_id)

    def begin_after_history(self, now: dt.datetime) -> None:
        """Let a historical case, whose customer goes on, begin anew.

        Its age counts from now, and answers to its history are no first response.
        """
        self.historical, self.created_at, self.first_response_at = False, now, None

    def apply_inbound(self, item: Storable, decided: MessageDecision, *, historical: bool) -> None:
        """Change the case for one more message of its customer.

        `historical`: it was written before the brand account was connected. A message that needs no answer ends no waiting
        for the customer.
        """
        at, preview, needs_answer = item.at, item.preview, decided.needs_answer
        self.needs_answer = self.needs_answer or needs_answer
        self._raise_priority(decided, item.message.canonical_id)
        self.tags += [tag for tag in decided.decision.tags if tag not in self.tags]
        self.texts.append(item.text[:COMPARED_LENGTH])
        if self.last_inbound_at is None or at >= self.last_inbound_at:
            self.last_inbound_at, self.preview = at, preview
            self.note_reading(decided.reading)
        self.has_media = self.has_media or bool(item.attachments)
        self.opened_at = min(self.opened_at, at)
        self.activity_at = max(self.activity_at, at)
        answered = self.is_answered_since(at)
        if not historical:
            self.wake()
        if needs_answer and not historical:
            self.answers_wanted_at.append(at)
            if not answered:
                self.waiting_since = min(self.waiting_since or at, at)
        if self.status == Status.WAITING and needs_answer and not answered:
            self.status = Status.OPEN

    def wake(self) -> None:
        """Put a snoozed case back into its lists: its customer wrote."""
        if self.snoozed_since is not None:
            self.snoozed_since, self.woke = None, WokeBy.CUSTOMER
            self.record_event(Verb.WOKEN, {"because": WokeBy.CUSTOMER})

    def note_reading(self, reading: Reading) -> None:
        """Note how the customer's last message was read."""
        self.sentiment, self.language, self.urgency = reading.sentiment, reading.language, reading.urgency

    def _raise_priority(self, decided: MessageDecision, canonical_id: str) -> None:
        """Raise the priority to that of a message.

        Never lower it; say so unless the rule that opens the case does.
        """
        is_first = not self.message_count
        before = decided.decision.priority if is_first else self.priority
        self.priority = decided.priority if is_first else max(before, decided.priority)
        if self.priority > before:
            by_rule = decided.decision.priority == decided.priority
            reason = f"rule “{decided.decision.rule_name}”" if by_rule else "read as serious"
            levels = {"from": priority_label(before), "to": priority_label(self.priority)}
            self.record_event(Verb.PRIORITISED, {"canonical_id": canonical_id, **levels, "reason": reason})

    def move_to(self, department: PageDepartment, before: str, decision: Decision, canonical_id: str) -> None:
        """Move the case to another department.

        Nobody there has it yet; `before` is the name of the department that had it.
        """
        places = {
            "from": before,
            "from_id": self.department_id,
            "to": department.name,
            "to_id": department.id,
        }
        cause = {"reason": "".join(decision.reasons[:1]), "rule": decision.rule_name}
        self.record_event(Verb.ROUTED, {"canonical_id": canonical_id, **cause, **places})
        if self.id and self.moved_from is None:
            self.moved_from = self.department_id
        self.department_id = department.id
        self.held_by = [*self.held_by, department.id] if self.id else [department.id]
        self.touched = True

    def apply_edit_that_wants_answer(self, at: dt.datetime) -> None:
        """Change the case for an edited message that wants an answer now.

        `at` is when the message was written. An edit may make a case wait for us, never end its waiting: people do that.
        """
        self.needs_answer = True
        self.answers_wanted_at.append(at)
        self.wake()
        if self.closed_at is None and not self.is_answered_since(at):
            self.waiting_since = min(self.waiting_since or at, at)
            if self.status == Status.WAITING:
                self.status = Status.OPEN

    def apply_answer(self, at: dt.datetime, connected_at: dt.datetime) -> None:
        """Change the case for an answer of our own.

        The network has had it since `at`, whenever we hear of it: it may be older than the case here. An answer from
        before the brand account was connected (`connected_at`), or to history, is no first response.
        """
        self.last_outbound_at = max(self.last_outbound_at or at, at)
        if self.unsent == Unsent.FAILED:
            self.unsent, self.unsent_since = "", None
        if at >= connected_at and not self.historical and self._is_response(at):
            self.first_response_at = min(self.first_response_at or at, at)
        wanted_later = [time for time in self.answers_wanted_at if time > at]
        # What the customer wrote since may be thanks, of whichever of the two we hear first.
        only_thanked = not (wanted_later or self.historical)
        if self.last_inbound_at is None or self.last_inbound_at <= at or only_thanked:
            self.waiting_since = None
            if self.status in (Status.NEW, Status.OPEN):
                self.status = Status.WAITING
            return
        if self.status == Status.NEW:
            self.status = Status.OPEN
        if self.waiting_since is not None and self.waiting_since <= at:
            self.waiting_since = min(wanted_later, default=None)

    def _is_response(self, at: dt.datetime) -> bool:
        """Return whether an answer written at `at` may be a response.

        An answer to history that arrives late is none.
        """
        since = self.waiting_since
        return self.first_response_at is not None or since is None or since <= at + TIME_PRECISION

    def reopen(self, canonical_id: str) -> None:
        """Open a closed case again because of the message `canonical_id`."""
        label = str(Status(self.status).label)
        self.record_event(Verb.REOPENED, {"canonical_id": canonical_id, "from": label})
        self.status, self.closed_at, self.close_reason = Status.OPEN, None, ""
        self.reopen_count += 1
        self.reopened = True

    def close_as_noise(self, rule_name: str, canonical_id: str, now: dt.datetime) -> None:
        """Close a case that is being opened, as noise.

        The rule calls its only message, `canonical_id`, noise.
        """
        reason = f"{NOISE_PREFIX}“{rule_name[:180]}”)"
        self.status, self.closed_at, self.close_reason = Status.DISMISSED, now, reason
        self.waiting_since = None
        self.record_event(Verb.DISMISSED, {"canonical_id": canonical_id, "reason": reason})
