"""Which case a customer's message joins. Pure: cases as they stand, no database, no clock."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

#: How far from a case's messages another one still belongs to it, without a common thread.
JOIN_REACH = {"public": dt.timedelta(days=7), "direct": dt.timedelta(days=30)}
#: A case that was closed less than this ago is reopened.
REOPEN_WINDOW = dt.timedelta(hours=72)
#: Some ways of a network tell times in whole seconds.
TIME_PRECISION = dt.timedelta(seconds=1)


@dataclass(slots=True)
class CaseState:
    """A case as it stands or as it will stand once the page is stored. `id` is 0 until the database has given one.

    Field names are `Case`'s. `threads` are the network threads its messages belong to; `joined` and `reopened` count
    what this page brought.
    """

    id: int
    customer_id: int
    identity_id: int
    visibility: str
    thread_id: str
    status: str
    department_id: int
    opened_at: dt.datetime
    activity_at: dt.datetime
    created_at: dt.datetime
    priority: int = 0
    tags: list[str] = field(default_factory=list)
    preview: str = ""
    message_count: int = 0
    historical: bool = False
    needs_answer: bool = True
    last_inbound_at: dt.datetime | None = None
    last_outbound_at: dt.datetime | None = None
    waiting_since: dt.datetime | None = None
    first_response_at: dt.datetime | None = None
    closed_at: dt.datetime | None = None
    close_reason: str = ""
    reopen_count: int = 0
    #: As it stands, 0 for a case that is not stored yet: writing makes it one more.
    version: int = 0
    #: The clocks, kept by `inbox.changes.clocks`.
    exchange_from: dt.datetime | None = None
    first_response_due_at: dt.datetime | None = None
    next_response_due_at: dt.datetime | None = None
    resolution_from: dt.datetime | None = None
    resolution_used: int = 0
    resolution_due_at: dt.datetime | None = None
    next_due_at: dt.datetime | None = None
    next_clock_at: dt.datetime | None = None
    sla_version: int | None = None
    threads: set[str] = field(default_factory=set)
    #: When the messages were written that want an answer, as far as an answer of ours may have come late to them.
    answers_wanted_at: list[dt.datetime] = field(default_factory=list)
    touched: bool = False
    reopened: bool = False
    #: What the case's history gains: (verb, actor's id, data).
    events: list[tuple[str, int | None, dict[str, Any]]] = field(default_factory=list)

    def is_answered_since(self, at: dt.datetime) -> bool:
        """Whether we have written since `at`."""
        return self.last_outbound_at is not None and at <= self.last_outbound_at

    def is_near(self, at: dt.datetime) -> bool:
        """Whether `at` lies in the time of the case's messages, or within reach of it."""
        reach = JOIN_REACH[self.visibility]
        return self.opened_at - reach <= at <= max(self.activity_at, self.opened_at) + reach


def find_case_to_join(
    cases: Iterable[CaseState], thread_id: str, visibility: str, at: dt.datetime
) -> CaseState | None:
    """The case that a message of the cases' customer joins; None when it opens one of its own.

    An open case that has the thread, else the open case nearest in time and within reach, else one that was closed
    less than 72 hours before `at`, the one with the thread first. Public and direct never mix.
    """
    fitting = [case for case in cases if case.visibility == visibility]
    still_open = [case for case in fitting if case.closed_at is None]
    if thread_id and (same := [case for case in still_open if thread_id in case.threads]):
        return max(same, key=_recency_key)
    if near := [case for case in still_open if case.is_near(at)]:
        return max(near, key=_recency_key)
    recent = [
        case
        for case in fitting
        if case.closed_at
        and at - case.closed_at < REOPEN_WINDOW
        and at >= case.opened_at - JOIN_REACH[visibility]
    ]
    return max(recent, key=lambda case: (thread_id in case.threads, *_recency_key(case)), default=None)


def find_case_of_thread(cases: Iterable[CaseState], thread_id: str, at: dt.datetime) -> CaseState | None:
    """The case to which a message of our own, written `at` in `thread_id`, belongs, when nobody says which message it
    answers: the newest one that had begun when all that have the thread are one customer's, else None: two people may
    be talking there, or nobody has yet.
    """
    having = [case for case in cases if thread_id and thread_id in case.threads]
    if len({case.customer_id for case in having}) != 1:
        return None
    begun = [case for case in having if case.opened_at <= at + TIME_PRECISION]
    return max(begun, key=lambda case: (case.closed_at is None, *_recency_key(case)), default=None)


def _recency_key(case: CaseState) -> tuple[dt.datetime, int]:
    return case.activity_at, case.id
