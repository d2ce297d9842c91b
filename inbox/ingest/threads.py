"""The choice of the case that a message joins. Pure: plain cases, no database, no clock."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from inbox.ingest.case_state import TIME_PRECISION, CaseState

#: The largest interval from a case's messages at which another message joins it without a common thread.
JOIN_REACH = {"public": dt.timedelta(days=7), "direct": dt.timedelta(days=30)}
#: A case that was closed less than this ago is reopened.
REOPEN_WINDOW = dt.timedelta(hours=72)


def find_case_to_join(
    cases: Iterable[CaseState], thread_id: str, visibility: str, at: dt.datetime, *, is_noise: bool = False
) -> CaseState | None:
    """Return the case that a customer's message joins; None when it opens one.

    `cases` are the customer's. An open case that has the thread, else the open case nearest in time and within reach, else one that was closed
    less than 72 hours before `at`, the one with the thread first. Public and direct never mix. Noise joins any case,
    everything else none that was closed as noise.
    """
    fitting = [case for case in cases if case.visibility == visibility and (is_noise or not case.is_noise)]
    still_open = [case for case in fitting if case.closed_at is None]
    if thread_id and (same_thread := [case for case in still_open if thread_id in case.threads]):
        return max(same_thread, key=_recency_key)
    if near := [case for case in still_open if _is_near(case, at)]:
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
    """Return the case to which a message of our own belongs.

    For a message in the thread, written `at`, without a known parent: the newest case that had begun by then, an open one first, when all
    cases that have the thread are one customer's. Else None: two people may be talking there, or nobody has yet.
    """
    cases_of_thread = [case for case in cases if thread_id and thread_id in case.threads]
    if len({case.customer_id for case in cases_of_thread}) != 1:
        return None
    begun = [case for case in cases_of_thread if case.opened_at <= at + TIME_PRECISION]
    return max(begun, key=lambda case: (case.closed_at is None, *_recency_key(case)), default=None)


def _is_near(case: CaseState, at: dt.datetime) -> bool:
    """Return whether `at` is within reach of the case's messages."""
    reach = JOIN_REACH[case.visibility]
    return case.opened_at - reach <= at <= max(case.activity_at, case.opened_at) + reach


def _recency_key(case: CaseState) -> tuple[dt.datetime, int]:
    return case.activity_at, case.id
