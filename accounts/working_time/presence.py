"""Availability of people: signed in, not away, not on leave. Nobody else is given work.

A person counts as signed in when they were last seen within the last ten minutes; an open page keeps them
seen through its live stream. People mark themselves as away; leave is planned in whole days.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from accounts.audit.recording import compare_values, record_change
from accounts.models import AuditVerb, Leave, User
from wording.times import company_zone, short_date, short_date_with_year

#: People who were not seen for this long count as signed out.
SIGNED_OUT_AFTER = dt.timedelta(minutes=10)
#: `last_seen_at` is stored at most this often, so that most pages need no write.
TOUCH_EVERY = dt.timedelta(minutes=1)
#: People who were not seen for this long are not expected back when a customer writes again.
UNSEEN_AFTER = dt.timedelta(days=1)

#: Shown to people on leave who take a case.
OWN_LEAVE_MESSAGE = "You are on leave until {until}: what you take would go back at once. Say under Your presence that you are back."

Whereabouts = Literal["available", "away", "leave", "signed_out", "inactive"]


@dataclass(frozen=True, slots=True)
class PresenceStatus:
    """A person's availability as a key, as text, and as the tone of a chip."""

    where: Whereabouts
    words: str
    tone: str = ""


def local_date(now: dt.datetime) -> dt.date:
    """Return the date of `now` in the company's time zone."""
    return now.astimezone(company_zone()).date()


def mark_seen(user: User, now: dt.datetime) -> None:
    """Store that a user was seen at `now`.

    No statement within a minute of the last one; a later time is never overwritten.
    """
    if user.last_seen_at is not None and now - user.last_seen_at < TOUCH_EVERY:
        return
    unseen = Q(last_seen_at__isnull=True) | Q(last_seen_at__lt=now)
    User.objects.filter(unseen, pk=user.pk, is_active=True).update(last_seen_at=now)
    user.last_seen_at = now


def mark_signed_out(user_id: int, now: dt.datetime) -> None:
    """Store that a user signed out, or was signed out.

    If they still use another browser, its next request marks them as seen again.
    """
    User.objects.filter(pk=user_id, last_seen_at__gt=now - SIGNED_OUT_AFTER).update(
        last_seen_at=now - SIGNED_OUT_AFTER
    )


def set_away(user: User, away: bool, now: dt.datetime) -> None:
    """Store that a person is away, or back.

    Repeating it keeps the original start time.
    """
    if away == (user.away_since is not None):
        return
    user.away_since = now if away else None
    user.save(update_fields=["away_since"])


def available_users_condition(now: dt.datetime) -> Q:
    """Return the condition for users who may be given work at `now`.

    They are active, signed in, and neither away nor on leave.
    """
    on_leave = Exists(Leave.objects.covering(local_date(now)).filter(user=OuterRef("pk")))
    return Q(is_active=True, away_since__isnull=True, last_seen_at__gt=now - SIGNED_OUT_AFTER) & ~Q(on_leave)


def signed_out_condition(now: dt.datetime, person: str = "") -> Q:
    """Return the condition for users who are signed out at `now`.

    `person` is the path to the user: "assignee__".
    """
    never_seen = Q(**{f"{person}last_seen_at__isnull": True})
    return never_seen | Q(**{f"{person}last_seen_at__lte": now - SIGNED_OUT_AFTER})


def unseen_since(user: User, now: dt.datetime) -> dt.datetime | None:
    """Return since when a user has not looked after their cases.

    This is when they went away, or when they were last seen if that is more than a day ago; None for
    everybody else. Leave is not considered, because it is stored by days (see `Leave`).
    """
    if user.away_since is not None:
        return user.away_since
    if user.last_seen_at is not None and user.last_seen_at < now - UNSEEN_AFTER:
        return user.last_seen_at
    return None


def find_current_leave(user: User, now: dt.datetime) -> Leave | None:
    """Return the leave that a user is on, with its substitute.

    None when they are not on leave at `now`. One statement.
    """
    return Leave.objects.covering(local_date(now)).filter(user=user).select_related("substitute").first()


def leave_until_words(leave: Leave) -> str:
    """Return the last day of a leave: "3 Dec"."""
    return short_date(leave.ends_on)


@transaction.atomic
def end_leave(leave: Leave, now: dt.datetime) -> None:
    """End a leave early, or cancel one that has not begun.

    If the leave has begun, the days before today are kept. The audit log notes it.
    """
    was = leave_words(leave)
    if leave.starts_on < local_date(now) <= leave.ends_on:
        leave.ends_on = local_date(now) - dt.timedelta(days=1)
        leave.save(update_fields=["ends_on"])
    elif local_date(now) <= leave.ends_on:
        leave.delete()
    else:
        return
    record_leave(AuditVerb.LEAVE_REMOVED, leave.user, was, leave_words(leave) if leave.pk else "")


def leave_words(leave: Leave) -> str:
    """Return the days of a leave, and the substitute."""
    days = f"{short_date_with_year(leave.starts_on)} to {short_date_with_year(leave.ends_on)}"
    return f"{days}, substitute {leave.substitute}" if leave.substitute else days


def record_leave(verb: AuditVerb, person: User, was: str, now: str) -> None:
    """Note a change of a person's leave in the audit log.

    In the transaction of the change.
    """
    departments = person.memberships.values_list("department_id", flat=True)
    changes = compare_values({"Leave": was}, {"Leave": now})
    record_change(verb, person, changes, person=person, department_ids=departments)


def presence_status(user: User, now: dt.datetime, leave: Leave | None) -> PresenceStatus:
    """Return a user's availability at `now`.

    `leave` is their leave that covers the day, None without one.
    """
    if not user.is_active:
        return PresenceStatus("inactive", "cannot sign in")
    if leave is not None:
        return PresenceStatus("leave", f"on leave until {leave_until_words(leave)}", "risk")
    if user.away_since is not None:
        return PresenceStatus("away", "away", "risk")
    if user.last_seen_at is None or user.last_seen_at <= now - SIGNED_OUT_AFTER:
        return PresenceStatus("signed_out", "signed out")
    return PresenceStatus("available", "available", "ok")
