"""How people want to be told: the choices by kind and way, the defaults of roles, quiet hours.

A new kind of notice appears on the page of preferences by itself: its defaults are those of every other kind.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.access import ROLES
from accounts.models import Role, User
from inbox.live.publish import publish_notices_on_commit
from inbox.models import DigestRhythm, NoticeChoice, NoticeKind, NoticeSettings, NoticeWay
from wording.times import display_zone, show_times_in

#: An answer that did not go out, an account that is disconnected: nobody may miss them, at whatever hour. Their bell
#: cannot be switched off, and they do not wait for the end of quiet hours.
URGENT_KINDS = frozenset({NoticeKind.NOT_SENT, NoticeKind.UNCONFIRMED, NoticeKind.TROUBLE})
#: Who decides about those: they get a mail at once unless they choose otherwise.
DECIDING_ROLES = frozenset({*ROLES["settle_reply"], Role.ADMINISTRATOR})

Choices = Mapping[tuple[str, str], bool]


@dataclass(frozen=True, slots=True)
class KindRow:
    """A kind of notice on the page: whether each way is on, and whether its bell can be switched off."""

    kind: NoticeKind
    ways: list[tuple[NoticeWay, bool]]
    is_urgent: bool


def is_on_by_default(role: str, kind: str, way: str) -> bool:
    """Return the default of a role for a kind and way."""
    if way == NoticeWay.MAIL:
        return kind in URGENT_KINDS and role in DECIDING_ROLES
    return way == NoticeWay.BELL


def is_locked(kind: str, way: str) -> bool:
    """Return whether a way cannot be switched off."""
    return way == NoticeWay.BELL and kind in URGENT_KINDS


def list_kinds(user: User) -> list[KindRow]:
    """Return every kind with a person's ways. One statement."""
    chosen = {(row.kind, row.way): row.on for row in NoticeChoice.objects.filter(user=user)}
    return [
        KindRow(kind, [(way, _is_on(user, chosen, kind, way)) for way in NoticeWay], kind in URGENT_KINDS)
        for kind in NoticeKind
    ]


def _is_on(user: User, chosen: Choices, kind: str, way: str) -> bool:
    return is_locked(kind, way) or chosen.get((kind, way), is_on_by_default(user.role, kind, way))


def find_settings(user: User) -> NoticeSettings:
    """Return a person's settings.

    The defaults if they never chose any.
    """
    return NoticeSettings.objects.filter(user=user).first() or NoticeSettings(user=user)


def save_choices(user: User, wanted: Choices, chosen: NoticeSettings, now: dt.datetime) -> None:
    """Store what a person chose.

    Only what differs from the defaults of their role is stored, so that a later role brings its own. A digest begins with what comes from now on.
    """
    rows = [
        NoticeChoice(user=user, kind=kind, way=way, on=on)
        for (kind, way), on in wanted.items()
        if on != is_on_by_default(user.role, kind, way) and not is_locked(kind, way)
    ]
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        NoticeChoice.objects.filter(user=user).delete()
        NoticeChoice.objects.bulk_create(rows)
        chosen.user = user
        if chosen.digest_until is None:
            chosen.digest_until = now
        chosen.save()
        publish_notices_on_commit([user.pk])


def reset_choices(user: User) -> None:
    """Go back to the defaults of a person's role."""
    with transaction.atomic():
        NoticeChoice.objects.filter(user=user).delete()
        NoticeSettings.objects.filter(user=user).delete()
        publish_notices_on_commit([user.pk])


def muted_kinds(user: User) -> QuerySet[NoticeChoice, str]:
    """Select the kinds whose bell a person has switched off."""
    choices = NoticeChoice.objects.filter(user=user, way=NoticeWay.BELL, on=False)
    return choices.values_list("kind", flat=True)


def wanted_by(way: NoticeWay) -> Q:
    """Return the condition that readers want notices in a way.

    They chose it, or it is the default of their role.
    """
    choice = NoticeChoice.objects.filter(user=OuterRef("user_id"), kind=OuterRef("kind"), way=way)
    chosen = Q(Exists(choice.filter(on=True)))
    if way != NoticeWay.MAIL:
        return chosen
    default = Q(kind__in=sorted(URGENT_KINDS), user__role__in=sorted(DECIDING_ROLES)) & Q(~Exists(choice))
    return chosen | default


def zone_of(user: User) -> ZoneInfo:
    """Return the time zone in which a person reads times."""
    with show_times_in(lambda: user.time_zone):
        return display_zone()


def is_quiet(chosen: NoticeSettings, zone: ZoneInfo, now: dt.datetime) -> bool:
    """Return whether it is a person's quiet time.

    By the clock on their wall. The end does not belong to it; hours that begin in the evening go on through midnight.
    """
    begin, end = chosen.quiet_from, chosen.quiet_until
    if begin is None or end is None or begin == end:
        return False
    clock = now.astimezone(zone).time()
    return begin <= clock < end if begin < end else clock >= begin or clock < end


def list_quiet_people(now: dt.datetime) -> list[int]:
    """Return the ids of people whose quiet time it is. One statement."""
    chosen = NoticeSettings.objects.filter(quiet_from__isnull=False).select_related("user")
    return [row.user_id for row in chosen if is_quiet(row, zone_of(row.user), now)]


def last_digest_time(chosen: NoticeSettings, zone: ZoneInfo, now: dt.datetime) -> dt.datetime:
    """Return the newest time of a digest up to `now`.

    A time that a change of the clock leaves out is that of an hour later; one that it brings twice is the first.
    """
    if chosen.digest == DigestRhythm.HOURLY:
        return now.replace(minute=0, second=0, microsecond=0)
    day = now.astimezone(zone).date()
    while (at := dt.datetime.combine(day, chosen.digest_at, zone).astimezone(dt.UTC)) > now:
        day -= dt.timedelta(days=1)
    return at
