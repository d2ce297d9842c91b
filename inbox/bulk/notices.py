"""Notices of an act, once it is done: each person gets one, however many of their cases it changed."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence

from django.db.models import Count, F, QuerySet

from accounts.models import User
from inbox.models import (
    BulkAct,
    BulkItem,
    BulkItemState,
    BulkVerb,
    Case,
    Notice,
    NoticeKind,
    Visibility,
    Watch,
)
from inbox.notices.notify import delete_unread_notices, notify_each
from inbox.visibility import case_scope

NoticeRows = list[tuple[int, int, str, str]]


def notify_of_act(act: BulkAct, now: dt.datetime) -> None:
    """Notify people whose cases an act has changed; never its author. At most five statements."""
    if not act.done:
        return
    if act.verb in (BulkVerb.ASSIGN, BulkVerb.TAKE):
        _notify_assignees(act, now)
    elif act.verb in (BulkVerb.RESOLVE, BulkVerb.DISMISS):
        _notify_watchers(act, now)


def delete_notices_of_act(act: BulkAct) -> None:
    """Delete the unread notices of an act that is undone."""
    cases = BulkItem.objects.filter(act=act).values("case")
    delete_unread_notices(Notice.objects.filter(case__in=cases, key=_key(act)))


def _key(act: BulkAct) -> str:
    return f"bulk:{act.pk}"


def _changed_cases(act: BulkAct) -> QuerySet[BulkItem]:
    return BulkItem.objects.filter(act=act, state=BulkItemState.DONE)


def _notify_assignees(act: BulkAct, now: dt.datetime) -> None:
    changed = _changed_cases(act)
    to_id = act.details.get("assignee_id") if act.verb == BulkVerb.ASSIGN else act.by_id
    if to_id is not None and to_id != act.by_id:
        urgent = _most_urgent(changed)
        words = f"{_cases(act.done)} assigned to you: {act.by} gave {_them(act.done)} to you"
        notify_each(
            [(to_id, urgent.pk, f"{words}. “{urgent.preview[:120]}”", _key(act))],
            NoticeKind.ASSIGNED,
            now=now,
        )
    former = changed.exclude(former_assignee=None).exclude(former_assignee=act.by_id)
    counts = list(former.values("former_assignee").annotate(cases=Count("pk")))
    rows: NoticeRows = []
    for row in counts:
        urgent = _most_urgent(former.filter(former_assignee=row["former_assignee"]))
        subject = "A case of yours" if row["cases"] == 1 else f"{row['cases']:,} of your open cases"
        where = f"to {urgent.assignee}" if urgent.assignee else "back to the department"
        text = f"{subject} went {where}: {act.by} passed {_them(row['cases'])} on. “{urgent.preview[:80]}”"
        rows.append((row["former_assignee"], urgent.pk, text, _key(act)))
    if rows:
        notify_each(rows, NoticeKind.MOVED, now=now)


def _most_urgent(items: QuerySet[BulkItem]) -> Case:
    cases = Case.objects.filter(pk__in=items.values("case")).select_related("assignee")
    order = ("-priority", F("waiting_since").asc(nulls_last=True), "created_at")
    return cases.order_by(*order)[:1].get()


def _notify_watchers(act: BulkAct, now: dt.datetime) -> None:
    watches = Watch.objects.filter(
        case__in=_changed_cases(act).values("case"), off=False, user__is_active=True
    )
    watched: dict[User, list[Case]] = defaultdict(list)
    people: dict[int, User] = {}
    for watch in watches.exclude(user=act.by_id).select_related("user", "case__identity", "case__department"):
        user = people.setdefault(watch.user_id, watch.user)
        if watch.case.visibility == Visibility.PUBLIC or case_scope(user).includes(watch.case):
            watched[user].append(watch.case)
    is_solved = act.verb == BulkVerb.RESOLVE
    rows = [(user.pk, cases[0].pk, _closing_words(act, cases), _key(act)) for user, cases in watched.items()]
    if rows:
        notify_each(rows, NoticeKind.SOLVED if is_solved else NoticeKind.DISMISSED, now=now)


def _closing_words(act: BulkAct, cases: Sequence[Case]) -> str:
    """Return what a watcher reads. A direct message is not named: the notice remains when they may no longer read it."""
    did = "resolved" if act.verb == BulkVerb.RESOLVE else "dismissed"
    is_public = all(case.visibility == Visibility.PUBLIC for case in cases)
    if len(cases) == 1:
        (case,) = cases
        name = case.identity.display_name if is_public else "a customer (direct message)"
        words = f"{act.by} of {case.department} {did} the case of {name}"
    else:
        words = f"{act.by} {did} {len(cases):,} cases that you watch"
    reason = act.details.get("reason", "") if is_public else ""
    return f"{words}: {reason}" if reason else words


def _cases(count: int) -> str:
    return "A case was" if count == 1 else f"{count:,} cases were"


def _them(count: int) -> str:
    return "it" if count == 1 else "them"
