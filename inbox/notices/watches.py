"""Watches: they keep people informed of a case after it was handed over, until it is closed.

The sender of a hand-over watches the case, and so do the community managers of its brand account; each of them may
stop. They are notified when it comes back to a department that had it, and when it is closed. All functions run in the
caller's transaction.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence

from django.db import transaction

from accounts.models import Department, Role, User
from inbox.changes.change import Change
from inbox.changes.refusals import name_or_somebody
from inbox.live.publish import publish_watches_on_commit
from inbox.models import Case, Custody, Notice, NoticeKind, Status, Visibility, Watch
from inbox.notices.notify import notify_users
from inbox.visibility import case_scope, watchers_condition


def start_watches(change: Change) -> None:
    """Let the sender and the brand account's community managers watch a case.

    Call it after a hand-over, with the case locked, and its department changed but not saved yet.
    """
    start_watches_of([change])


def start_watches_of(changes: Sequence[Change]) -> None:
    """Let the senders and the brand accounts' community managers watch several cases.

    As `start_watches` does for one; two statements, none without changes.
    """
    if not changes:
        return
    community = User.objects.filter(
        role=Role.COMMUNITY,
        is_active=True,
        grants__brand_account__in={change.case.brand_account_id for change in changes},
    )
    managers: dict[int, set[int]] = defaultdict(set)
    for brand_account_id, user_id in community.values_list("grants__brand_account", "pk"):
        managers[brand_account_id].add(user_id)
    rows: list[Watch] = []
    for change in changes:
        case, people = change.case, set(managers[change.case.brand_account_id])
        # Checked on the case in memory, because its new department is not stored yet.
        if change.by is not None and case_scope(change.by).includes_when_watched(case):
            people.add(change.by.pk)
        rows += [Watch(user_id=pk, case=case, since=change.now) for pk in sorted(people)]
    Watch.objects.bulk_create(rows, ignore_conflicts=True)
    publish_watches_on_commit(sorted({row.user_id for row in rows}))


def undo_hand_over_watches(case: Case, custody: Custody) -> None:
    """Delete the watches and notices that a hand-over caused.

    For a hand-over that is undone; `custody` is the one that it began.
    """
    Watch.objects.filter(case=case, since=custody.sent_at).delete()
    Notice.objects.filter(case=case, key=_return_key(custody)).delete()


def set_watching(case_id: int, user: User, *, on: bool, now: dt.datetime) -> Case:
    """Let a user watch a case, or stop watching it.

    Raises `Case.DoesNotExist` for an absent case and also for one that they may not read.
    """
    with transaction.atomic():
        case = (
            Case.objects.visible_to(user).filter(pk=case_id).first()
            or Case.objects.watched_by(user).filter(pk=case_id).first()
        )
        if case is None:
            raise Case.DoesNotExist
        Watch.objects.update_or_create(
            user=user, case=case, defaults={"off": not on}, create_defaults={"off": not on, "since": now}
        )
        publish_watches_on_commit([user.pk])
    return case


def notify_watchers_of_closing(change: Change) -> None:
    """Notify the watchers of a case that it was resolved or dismissed."""
    case, who = change.case, name_or_somebody(change.by)
    solved = case.status == Status.RESOLVED
    words = f"{who} of {case.department} {'resolved' if solved else 'dismissed'} the case of {_customer_name(case)}"
    if not solved and case.visibility == Visibility.PUBLIC:
        words += f": {case.close_reason}"
    kind = NoticeKind.SOLVED if solved else NoticeKind.DISMISSED
    notify_users(
        _watchers_to_notify(change),
        case.pk,
        kind,
        words,
        key=f"closed:{case.pk}:{case.reopen_count}",
        now=change.now,
    )


def notify_of_return(change: Change, custody: Custody, before: Department, *, bounced: bool) -> None:
    """Notify managers and watchers that a case came back.

    It came back to a department that had had it; `before` is the department that sent it back. The managers of both
    departments and the watchers are notified, each once.
    """
    case = change.case
    managers = User.objects.filter(
        role=Role.MANAGER, is_active=True, memberships__department__in=[before.pk, case.department_id]
    )
    manager_ids = set(managers.values_list("pk", flat=True)) - {change.by.pk if change.by else 0}
    watchers = _watchers_to_notify(change) - manager_ids
    because = f": {custody.reason}" if case.visibility == Visibility.PUBLIC and custody.reason else ""
    words = f"{before} sent the case of {_customer_name(case)} back to {case.department}"
    times = f" (it has come back {case.returned_count} times)" if case.returned_count > 1 else ""
    key = _return_key(custody)
    notify_users(
        manager_ids, case.pk, NoticeKind.PING_PONG, f"{words}{times}{because}", key=key, now=change.now
    )
    kind = NoticeKind.BOUNCED if bounced else NoticeKind.PING_PONG
    notify_users(watchers, case.pk, kind, f"{words}{times}{because}", key=key, now=change.now)


def _return_key(custody: Custody) -> str:
    return f"returned:{custody.pk}"


def _customer_name(case: Case) -> str:
    """Return the customer's name for a notice.

    Not for direct messages: the notice remains when its reader may no longer read them.
    """
    return (
        case.identity.display_name if case.visibility == Visibility.PUBLIC else "a customer (direct message)"
    )


def _watchers_to_notify(change: Change) -> set[int]:
    """Return the ids of the watchers to notify.

    Without the person who acts; for direct messages only those who may read them now.
    """
    case = change.case
    people = User.objects.filter(watchers_condition(case.pk, case))
    if change.by is not None:
        people = people.exclude(pk=change.by.pk)
    return set(people.values_list("pk", flat=True))


def delete_old_watches(
    now: dt.datetime, *, after: dt.timedelta = dt.timedelta(days=90), most: int = 5_000
) -> int:
    """Delete watches of cases closed long ago; return how many.

    Housekeeping: at most `most` at a time.
    """
    old = Watch.objects.filter(case__closed_at__lt=now - after).values_list("pk", flat=True)[:most]
    return Watch.objects.filter(pk__in=list(old)).delete()[0]
