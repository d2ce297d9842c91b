"""What people are told when cases come to them, or leave them, by somebody else's doing or by a tick's."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence

from accounts.models import User
from inbox.changes.change import Change
from inbox.models import Case, NoticeKind
from inbox.notices.notify import notify_each

#: So many cases that come at once are one notice.
COMBINED_FROM = 4

NoticeRows = list[tuple[int, int, str, str]]


def notify_assignees(changes: Iterable[tuple[Change, str]], now: dt.datetime) -> None:
    """Tell each new assignee of their cases, each with the reason why it is theirs: many at once in one notice, which
    opens the most urgent. Whoever took a case is told nothing.
    """
    theirs: dict[int, list[tuple[Case, str]]] = defaultdict(list)
    for change, reason in changes:
        assignee_id = change.case.assignee_id
        if assignee_id is not None and (change.by is None or change.by.pk != assignee_id):
            theirs[assignee_id].append((change.case, reason))
    told: NoticeRows = []
    for user_id, given in theirs.items():
        told += (
            _combined_notice(user_id, given)
            if len(given) >= COMBINED_FROM
            else _separate_notices(user_id, given)
        )
    if told:
        notify_each(told, NoticeKind.ASSIGNED, now=now)


def _separate_notices(user_id: int, given: Sequence[tuple[Case, str]]) -> NoticeRows:
    return [
        (
            user_id,
            case.pk,
            f"A case is yours: {reason}. “{case.preview[:120]}”",
            _notice_key("assigned", case),
        )
        for case, reason in given
    ]


def _combined_notice(user_id: int, given: Sequence[tuple[Case, str]]) -> NoticeRows:
    urgent = _most_urgent([case for case, _ in given])
    reasons = list(dict.fromkeys(reason for _, reason in given))
    why = f": {reasons[0]}" if len(reasons) == 1 else ""
    text = f"{len(given):,} cases are yours now{why}. All are under Mine; the most urgent: “{urgent.preview[:120]}”"
    return [(user_id, urgent.pk, text, _notice_key("assigned", urgent))]


def notify_former_assignee(user: User, changes: Sequence[Change], why: str, now: dt.datetime) -> None:
    """Tell a person that cases of theirs went elsewhere without their doing. `why` is said to them: "you are on leave"."""
    if not changes:
        return
    cases = [change.case for change in changes]
    urgent = _most_urgent(cases)
    where = dict.fromkeys(
        str(case.assignee) if case.assignee else f"back to {case.department}" for case in cases
    )
    which = "A case of yours" if len(cases) == 1 else f"{len(cases):,} of your open cases"
    text = (
        f"{which} went {' and '.join(_place_in_words(one) for one in where)}: {why}. “{urgent.preview[:80]}”"
    )
    notify_each([(user.pk, urgent.pk, text, _notice_key("taken", urgent))], NoticeKind.MOVED, now=now)


def _place_in_words(place: str) -> str:
    return place if place.startswith("back to ") else f"to {place}"


def _most_urgent(cases: Sequence[Case]) -> Case:
    """By priority, then by the longest wait."""
    return min(
        cases,
        key=lambda case: (-case.priority, case.waiting_since is None, case.waiting_since or case.created_at),
    )


def _notice_key(what: str, case: Case) -> str:
    return f"{what}:{case.pk}:{case.version}"
