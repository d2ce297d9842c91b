"""Remind owners of learning items of the day by which they are to decide. Each reminder is sent once."""

from __future__ import annotations

import datetime as dt

from accounts.brand_accounts.charter import company_day
from inbox.models import ItemState, LearningItem, Notice, NoticeKind
from inbox.notices.notify import notify_of_learning_item
from wording.times import short_date_with_year

_WEEK = dt.timedelta(days=7)


def remind_owners(now: dt.datetime) -> int:
    """Remind owners a week before the day, on it, and weekly after.

    Return how many reminders were new. Two statements, one more for each new reminder.
    """
    today = company_day(now)
    items = LearningItem.objects.filter(
        state=ItemState.WITH_OWNER, merged_into__isnull=True, owner__is_active=True, due_on__lte=today + _WEEK
    )
    reminders = {f"learning:{item.pk}:due:{item.due_on}:{_stage(item, today)}": item for item in items}
    sent = set(Notice.objects.filter(key__in=reminders).values_list("key", flat=True))
    new = {key: item for key, item in reminders.items() if key not in sent}
    for key, item in new.items():
        if item.owner_id is not None and item.due_on is not None:
            late = item.due_on < today
            when = f"{'was due' if late else 'is due'} on {short_date_with_year(item.due_on)}"
            text = f"Your decision {when}: {item.title}"
            notify_of_learning_item([item.owner_id], item.pk, NoticeKind.LEARNING, text, key=key, now=now)
    return len(new)


def _stage(item: LearningItem, today: dt.date) -> str:
    """Return which reminder it is: "soon", or the number of weeks since the day."""
    due = item.due_on or today
    return "soon" if today < due else str((today - due) // _WEEK)
