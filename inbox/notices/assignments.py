"""Notices of cases that come to people, or leave them, without an action of their own."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence

from accounts.models import User
from inbox.changes.change import Change
from inbox.models import Case, NoticeKind
from inbox.notices.notify import notify_each

#: With at least this many cases at once, the assignee gets one notice for all of them.
COMBINED_FROM = 4

#: For each notice: the user's id, the case's id, the text and the key.
NoticeRows = list[tuple[int, int, str, str]]


def notify_assignees(changes: Iterable[tuple[Change, str]], now: dt.datetime) -> None:
    """Notify each new assignee of their cases, with the reasons.

    `changes` are changes with the reason in words. With `COMBINED_FROM` cases or more, a person gets one notice, which
    opens the most urgent case. A person who took a case themselves is not notified. One statement, none if there is
    nobody to notify.
    """
    by_assignee: dict[int, list[tuple[Case, str]]] = defaultdict(list)
    for change, reason in changes:
        assignee_id = change.case.assignee_id
        if assignee_id is not None and (change.by is None or change.by.pk != assignee_id):
            by_assignee[assignee_id].append((change.case, reason))
    rows: NoticeRows = []
    for user_id, assigned in by_assignee.items():
        rows += (
            _combined_notice(user_id, assigned)
            if len(assigned) >= COMBINED_FROM
            else _separate_notices(user_id, assigned)
        )
    if rows:
        notify_each(rows, NoticeKind.ASSIGNED, now=now)


def _separate_notices(user_id: int, assigned: Sequence[tuple[Case, str]]) -> NoticeRows:
    return [
        (
            user_id,
            case.pk,
            f"Assigned to you: {reason}. “{case.preview[:120]}”",
            _notice_key("assigned", case),
        )
        for case, reason in assigned
    ]


def _combined_notice(user_id: int, assigned: Sequence[tuple[Case, str]]) -> NoticeRows:
    urgent = _most_urgent([case for case, _ in assigned])
    reasons = list(dict.fromkeys(reason for _, reason in assigned))
    because = f": {reasons[0]}" if len(reasons) == 1 else ""
    text = f"{len(assigned):,} cases were assigned to you{because}. Find them under Mine. The most urgent: “{urgent.preview[:120]}”"
    return [(user_id, urgent.pk, text, _notice_key("assigned", urgent))]


def notify_former_assignee(user: User, changes: Sequence[Change], why: str, now: dt.datetime) -> None:
    """Notify a person that cases of theirs went elsewhere.

    `why` is addressed to them: "you are on leave". One statement, none without changes.
    """
    if not changes:
        return
    cases = [change.case for change in changes]
    urgent = _most_urgent(cases)
    places = dict.fromkeys(
        str(case.assignee) if case.assignee else f"back to {case.department}" for case in cases
    )
    subject = "A case of yours" if len(cases) == 1 else f"{len(cases):,} of your open cases"
    text = f"{subject} went {' and '.join(_place_in_words(place) for place in places)}: {why}. “{urgent.preview[:80]}”"
    notify_each([(user.pk, urgent.pk, text, _notice_key("taken", urgent))], NoticeKind.MOVED, now=now)


def _place_in_words(place: str) -> str:
    return place if place.startswith("back to ") else f"to {place}"


def _most_urgent(cases: Sequence[Case]) -> Case:
    """Return the case with the highest priority.

    Among equals, the one whose customer has waited longest.
    """
    return min(
        cases,
        key=lambda case: (-case.priority, case.waiting_since is None, case.waiting_since or case.created_at),
    )


def _notice_key(event: str, case: Case) -> str:
    return f"{event}:{case.pk}:{case.version}"
