"""Who is there: signed in, not away, not on leave. Nobody else is given work.

A person is signed in while a page of theirs has been alive in the last ten minutes; an open page is, by its live
stream. People say themselves that they are away; leave is planned by days.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from django.db.models import Exists, OuterRef, Q

from accounts.models import Leave, User
from wording.times import short_date, to_display_zone

#: People without a sign of life for this long count as signed out.
SIGNED_OUT_AFTER = dt.timedelta(minutes=10)
#: Signs of life are stored at most this often, so that most pages cost no write.
TOUCH_EVERY = dt.timedelta(minutes=1)
#: People unseen for this long are not expected back when a customer writes again.
UNSEEN_AFTER = dt.timedelta(days=1)

#: Shown to people on leave who take a case.
OWN_LEAVE_MESSAGE = "You are on leave until {until}: what you take would go back at once. Say under Your presence that you are back."

Whereabouts = Literal["available", "away", "leave", "signed_out", "inactive"]


@dataclass(frozen=True, slots=True)
class PresenceStatus:
    """Where somebody is, as a key, in words, and as a chip's tone."""

    where: Whereabouts
    words: str
    tone: str = ""


def local_date(now: dt.datetime) -> dt.date:
    """Return the day of `now`, where people read pages."""
    return to_display_zone(now).date()


def mark_seen(user: User, now: dt.datetime) -> None:
    """Store a sign of life.

    No statement within a minute of the last one; never overwrites a later one.
    """
    if user.last_seen_at is not None and now - user.last_seen_at < TOUCH_EVERY:
        return
    unseen = Q(last_seen_at__isnull=True) | Q(last_seen_at__lt=now)
    User.objects.filter(unseen, pk=user.pk, is_active=True).update(last_seen_at=now)
    user.last_seen_at = now


def mark_signed_out(user_id: int, now: dt.datetime) -> None:
    """Store that somebody signed out, or was signed out.

    Another browser of theirs that is still in use marks them as seen again by its next request.
    """
    User.objects.filter(pk=user_id, last_seen_at__gt=now - SIGNED_OUT_AFTER).update(
        last_seen_at=now - SIGNED_OUT_AFTER
    )


def set_away(user: User, away: bool, now: dt.datetime) -> None:
    """Store that a person is away, or back.

    Repeating it keeps the time at which it began.
    """
    if away == (user.away_since is not None):
        return
    user.away_since = now if away else None
    user.save(update_fields=["away_since"])


def available_users_condition(now: dt.datetime) -> Q:
    """Return the condition on users who may be given work at `now`.

    Active, signed in, neither away nor on leave.
    """
    on_leave = Exists(Leave.objects.covering(local_date(now)).filter(user=OuterRef("pk")))
    return Q(is_active=True, away_since__isnull=True, last_seen_at__gt=now - SIGNED_OUT_AFTER) & ~Q(on_leave)


def unseen_since(user: User, now: dt.datetime) -> dt.datetime | None:
    """Return since when somebody does not look after their cases.

    Since they went away, or since they were last seen if that is more than a day ago; None for everybody else. Leave
    is by days, see `Leave`.
    """
    if user.away_since is not None:
        return user.away_since
    if user.last_seen_at is not None and user.last_seen_at < now - UNSEEN_AFTER:
        return user.last_seen_at
    return None


def find_current_leave(user: User, now: dt.datetime) -> Leave | None:
    """Return the leave that somebody is on, with its substitute.

    None for nobody on leave at `now`. One statement.
    """
    return Leave.objects.covering(local_date(now)).filter(user=user).select_related("substitute").first()


def leave_until_words(leave: Leave) -> str:
    """Return the last day of a leave: "3 Dec"."""
    return short_date(leave.ends_on)


def end_leave(leave: Leave, now: dt.datetime) -> None:
    """End a leave early, or cancel one that has not begun.

    Of a leave that has begun, the days before today are kept.
    """
    if leave.starts_on < local_date(now) <= leave.ends_on:
        leave.ends_on = local_date(now) - dt.timedelta(days=1)
        leave.save(update_fields=["ends_on"])
    elif local_date(now) <= leave.ends_on:
        leave.delete()


def presence_status(user: User, now: dt.datetime, leave: Leave | None) -> PresenceStatus:
    """Return where somebody is at `now`.

    `leave` is one of theirs that covers the day, None without one.
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
