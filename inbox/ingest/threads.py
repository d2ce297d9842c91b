"""The choice of the case that a message joins. Pure: plain cases, no database, no clock."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from typing import NamedTuple

from inbox.ingest.case_state import TIME_PRECISION, CaseState
from inbox.ingest.message_decision import MessageDecision
from inbox.models import Status, Verb
from routing.issues.same_issue import explain_other_issue, merge_subjects
from routing.issues.subjects import read_subjects

#: The largest interval from a case's messages at which another message joins it without a common thread.
JOIN_REACH = {"public": dt.timedelta(days=7), "direct": dt.timedelta(days=30)}
#: A case that was closed less than this ago is reopened.
REOPEN_WINDOW = dt.timedelta(hours=72)


class Choice(NamedTuple):
    """The case that a message joins, None when it opens one.

    `related` is then the customer's case that it might have joined, if there is one, and `why` says what parts them.
    """

    case: CaseState | None
    related: CaseState | None = None
    why: str = ""

    def relate_to(self, opened: CaseState) -> None:
        """Note in both histories that one was opened beside the other."""
        if self.related is not None:
            opened.record_event(Verb.RELATED, {"other": self.related, "reason": self.why})
            self.related.record_event(Verb.RELATED, {"other": opened, "reason": self.why, "newer": True})


def choose_case(
    cases: Iterable[CaseState],
    thread_id: str,
    visibility: str,
    at: dt.datetime,
    *,
    is_noise: bool = False,
    explain_parting: Callable[[CaseState], str] = lambda case: "",
) -> Choice:
    """Choose the case that a customer's message joins.

    `cases` are the customer's. An open case that has the thread, else the open case nearest in time and within reach, else
    one that was closed less than 72 hours before `at`, the one with the thread first. Public and direct never mix. Noise
    joins any case, everything else none that was closed as noise. Without a common thread a message joins no case from
    which `explain_parting` parts it.
    """
    fitting = [case for case in cases if case.visibility == visibility and not case.is_merged]
    still_open = [case for case in fitting if case.closed_at is None]
    if thread_id and (same_thread := [case for case in still_open if thread_id in case.threads]):
        return Choice(max(same_thread, key=_recency_key))
    near = sorted((case for case in still_open if _is_near(case, at)), key=_recency_key, reverse=True)
    recent = [case for case in fitting if case.closed_at and _is_reopenable(case, at)]
    recent.sort(key=lambda case: (thread_id in case.threads, *_recency_key(case)), reverse=True)
    refused: list[tuple[CaseState, str]] = []
    for case in near + recent:
        if case.is_noise and not is_noise:
            why = "it was closed as noise"
        else:
            why = "" if thread_id and thread_id in case.threads else explain_parting(case)
        if not why:
            return Choice(case)
        refused.append((case, why))
    return Choice(None, *refused[0]) if refused else Choice(None)


def explain_parting(case: CaseState, decided: MessageDecision, text: str, other_department: str) -> str:
    """Return why a message does not join a case.

    It has no thread in common; "" when it joins. `other_department` is the name of the department that a rule with words names for the message, "" for one that has had
    the case. A message that needs no answer joins any case.
    """
    if not decided.needs_answer:
        return ""
    post, earlier = read_subjects(text), merge_subjects(case.texts)
    if case.status == Status.DISMISSED:
        return "it was dismissed"
    if not case.needs_answer and not post.begins_midway:
        return "nothing was asked there"
    if why := explain_other_issue(earlier, post, other_department=other_department):
        return why
    is_more_urgent = decided.priority > case.priority and not earlier.references & post.references
    return "this is more urgent" if is_more_urgent else ""


def is_misplaced(case: CaseState, decided: MessageDecision, other_department: str) -> bool:
    """Return whether a case belongs where its customer's message does.

    A case in which nothing was asked so far, or that was dismissed, goes where the message belongs; one that nobody has
    touched does so if the message is more urgent. `other_department` as in `explain_parting`.
    """
    if not decided.needs_answer:
        return False
    if not case.needs_answer or case.status == Status.DISMISSED:
        return True
    is_untouched = case.status == Status.NEW and {*case.held_by} <= {case.department_id}
    return is_untouched and bool(other_department) and decided.priority > case.priority


def _is_reopenable(case: CaseState, at: dt.datetime) -> bool:
    """Return whether a closed case may still get a message written `at`."""
    return (
        case.closed_at is not None
        and at - case.closed_at < REOPEN_WINDOW
        and at >= case.opened_at - JOIN_REACH[case.visibility]
    )


def find_case_of_thread(cases: Iterable[CaseState], thread_id: str, at: dt.datetime) -> CaseState | None:
    """Return the case to which a message of our own belongs.

    For a message in the thread, written `at`, without a known parent: the newest case that had begun by then, an open one first, when all
    cases that have the thread are one customer's. Else None: two people may be talking there, or nobody has yet.
    """
    cases_of_thread = [
        case for case in cases if thread_id and thread_id in case.threads and not case.is_merged
    ]
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
