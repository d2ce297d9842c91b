"""Reminders about brand accounts: charters that end, reviews that are due. Each is sent once for its occasion."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from accounts.brand_accounts.charter import (
    TO_SIGN_AGAIN,
    charter_state,
    company_day,
    list_signers,
    quarter_end,
    quarter_of,
)
from accounts.models import BrandAccount, Lifecycle
from inbox.models import Notice, NoticeKind
from inbox.notices.notify import notify_of_brand_account
from wording.times import company_zone, short_date_with_year

#: Before the end of a quarter, reviews that are still due are reminded of from then on; the last call before an end.
_REVIEW_REMINDER, _LAST_CALL = dt.timedelta(days=30), dt.timedelta(days=7)


@dataclass(frozen=True, slots=True)
class _Reminder:
    """An occasion to remind people; `key` is the same for the same occasion."""

    kind: NoticeKind
    key: str
    text: str


def remind_of_charters_and_reviews(now: dt.datetime) -> int:
    """Remind those who govern an account of its charter and review.

    Returns how many were new; each is sent once. Two statements, two more for each new reminder.
    """
    accounts = BrandAccount.objects.exclude(lifecycle__in=[Lifecycle.CLOSED, Lifecycle.SUNSETTING])
    reminders = [
        (account, reminder)
        for account in accounts.select_related("owner")
        for reminder in _list_reminders(account, now)
    ]
    keys = [reminder.key for _, reminder in reminders]
    sent = set(Notice.objects.filter(key__in=keys).values_list("key", flat=True))
    new = [(account, reminder) for account, reminder in reminders if reminder.key not in sent]
    for account, reminder in new:
        people = [person.pk for person in list_signers(account)]
        notify_of_brand_account(people, account.pk, reminder.kind, reminder.text, key=reminder.key, now=now)
    return len(new)


def _list_reminders(account: BrandAccount, now: dt.datetime) -> list[_Reminder]:
    """Return what is to be said of an account now."""
    reminders = [_charter_reminder(account, now), _review_reminder(account, now)]
    return [reminder for reminder in reminders if reminder is not None]


def _charter_reminder(account: BrandAccount, now: dt.datetime) -> _Reminder | None:
    state = charter_state(account, now)
    if state.key == "signed":
        return None
    stops_at = account.answers_until
    if state.key == "ending" and account.charter_until is not None:
        day = short_date_with_year(account.charter_until.astimezone(company_zone()))
        text = f"The charter of {account} ends on {day}. Sign it again; {TO_SIGN_AGAIN.days} days after that nobody can answer in its name."
        stage = "ending"
    else:
        text = f"{state.warning} Sign its charter."
        stage = state.key if state.may_answer else "stopped"
        if state.may_answer and stops_at is not None and stops_at - now <= _LAST_CALL:
            stage = "last-call"
    since = stops_at.date().isoformat() if stops_at is not None else "never"
    return _Reminder(NoticeKind.CHARTER, f"charter:{account.pk}:{stage}:{since}", text)


def _review_reminder(account: BrandAccount, now: dt.datetime) -> _Reminder | None:
    today = company_day(now)
    end = quarter_end(today)
    due_on = account.review_due_on
    is_due = due_on is None or due_on < today or (due_on <= end and end - today <= _REVIEW_REMINDER)
    if not is_due:
        return None
    by = short_date_with_year(end)
    text = f"The review of {account} is due by {by}: keep, refocus or sunset it."
    return _Reminder(NoticeKind.REVIEW, f"review:{account.pk}:{quarter_of(today)}", text)
