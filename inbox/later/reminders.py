"""Reminders of a case, each for the person who set it: a note, and a notice at its time.

They change nothing about the case, and nobody else reads them. Telling may run twice, late, and in two workers at once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet, Subquery

from accounts.models import User
from inbox.changes.refusals import Invalid, require_kept
from inbox.models import Case, NoticeKind, Reminder
from inbox.notices.notify import notify_each
from inbox.text import clean_text

LONGEST_NOTE = 200
LONGEST_AHEAD = dt.timedelta(days=366)
#: Reminders of one person that are still ahead; nobody reads more.
MOST_AHEAD = 500
#: Past ones stay on the page for a while, then they are deleted.
KEEP_FOR, MOST_DELETED = dt.timedelta(days=30), 5_000
BATCH_SIZE = 200


def remind(case_id: int, user: User, due_at: dt.datetime, note: str, *, now: dt.datetime) -> Reminder:
    """Remind a person of a case that they may read.

    The same time and note again is the same reminder. Raises `Case.DoesNotExist` for an absent case and also for one
    that they may not read, `Invalid` for a time or a note that cannot be.
    """
    note = " ".join(clean_text(note)[0].split())
    if len(note) > LONGEST_NOTE:
        raise Invalid(f"That is {len(note):,} characters long; at most {LONGEST_NOTE} fit.")
    if due_at <= now:
        raise Invalid("That time is past. Choose one that is still to come.")
    if due_at > now + LONGEST_AHEAD:
        raise Invalid("Choose a time within a year.")
    with transaction.atomic():
        case = _lock_readable_case(case_id, user)
        require_kept(case)
        ahead = Reminder.objects.filter(user=user, told_at__isnull=True)
        if ahead.count() >= MOST_AHEAD:
            raise Invalid(f"You have {MOST_AHEAD} reminders already. Drop some first.")
        return ahead.get_or_create(
            case=case, due_at=due_at, note=note, defaults={"user": user, "created_at": now}
        )[0]


def _lock_readable_case(case_id: int, user: User) -> Case:
    """Return the case, locked: an erasure that comes meanwhile finds the note.

    Raises `Case.DoesNotExist`.
    """
    for cases in (Case.objects.visible_to(user), Case.objects.watched_by(user)):
        rows = cases.select_related("identity").select_for_update(of=("self",), no_key=True)
        if (case := rows.filter(pk=case_id).first()) is not None:
            return case
    raise Case.DoesNotExist


def drop_reminder(reminder_id: int, user: User) -> int | None:
    """Delete a reminder of one's own; return the id of its case.

    None when it is gone already, or somebody else's.
    """
    own = Reminder.objects.filter(pk=reminder_id, user=user)
    case_id = own.values_list("case_id", flat=True).first()
    own.delete()
    return case_id


def list_reminders(user: User) -> Sequence[Reminder]:
    """Return a person's reminders, those still ahead first.

    Each has `readable`: whether they may open its case now. One statement.
    """
    seen = Exists(Case.objects.visible_to(user).filter(pk=OuterRef("case_id")))
    watched = Exists(Case.objects.watched_by(user).filter(pk=OuterRef("case_id")))
    rows = Reminder.objects.filter(user=user).annotate(readable=seen | watched)
    ordered = list(rows.select_related("case__identity").order_by("due_at", "pk"))
    ahead = [reminder for reminder in ordered if reminder.told_at is None]
    return ahead + [reminder for reminder in reversed(ordered) if reminder.told_at is not None]


def next_reminder_subquery(user: User) -> Subquery:
    """Return the time of a person's next reminder of the outer case."""
    own = Reminder.objects.filter(case=OuterRef("pk"), user=user, told_at__isnull=True)
    return Subquery(own.order_by("due_at").values("due_at")[:1])


def tell_of_due_reminders(now: dt.datetime) -> int:
    """Write the notices of reminders that are due; return how many."""
    count = 0
    while True:
        with transaction.atomic():
            due = Reminder.objects.filter(told_at__isnull=True, due_at__lte=now).order_by("due_at")
            rows = list(due.select_for_update(skip_locked=True, no_key=True)[:BATCH_SIZE])
            notify_each(_notices(rows), NoticeKind.REMINDER, now=now)
            _pick(rows).update(told_at=now)
        count += len(rows)
        if len(rows) < BATCH_SIZE:
            return count


def _notices(reminders: Sequence[Reminder]) -> list[tuple[int, int, str, str]]:
    return [
        (
            reminder.user_id,
            reminder.case_id,
            reminder.note or "You wanted to look at this case again.",
            f"reminder:{reminder.pk}",
        )
        for reminder in reminders
    ]


def _pick(reminders: Sequence[Reminder]) -> QuerySet[Reminder]:
    return Reminder.objects.filter(pk__in=[reminder.pk for reminder in reminders])


def delete_old_reminders(now: dt.datetime) -> int:
    """Delete reminders that are long past; return how many.

    Housekeeping: at most `MOST_DELETED` at a time.
    """
    old = Reminder.objects.filter(told_at__lt=now - KEEP_FOR).values_list("pk", flat=True)[:MOST_DELETED]
    return Reminder.objects.filter(pk__in=list(old)).delete()[0]
