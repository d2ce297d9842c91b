"""The roster as it stands in the database, and what people do to it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import JSONObject

from accounts.access import ROLES
from accounts.models import BrandAccount, Leave, Shift, User
from accounts.shifts import PlainShift, find_on_point_ids, shifts_overlap
from accounts.working_time import presence

WEEK = dt.timedelta(days=7)


class RosterChangeRefused(Exception):
    """The roster would contradict itself. Nothing was changed; the message says what, for a person."""


def brand_account_zone(brand_account: BrandAccount) -> ZoneInfo:
    """The zone of a brand account; UTC for one whose name nobody knows any more."""
    try:
        return ZoneInfo(brand_account.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class OnPoint:
    """Names of who is on point and of who stands behind them, "" for nobody; and in words whom the roster names beside
    them and why they are not there: "Ada Holm is on leave"."""

    primary: str = ""
    backup: str = ""
    missing: str = ""


@dataclass(slots=True)
class Roster:
    """The shifts of one brand account with the names of the people in them."""

    zone: ZoneInfo
    shifts: list[PlainShift] = field(default_factory=list)
    names: dict[int, str] = field(default_factory=dict)
    #: Who cannot sign in any more, as (primary or backup, id), by shift; `shifts` are without them.
    unable: dict[int, list[tuple[str, int]]] = field(default_factory=dict)
    #: Who is on leave as it is read; `shifts` are with them.
    on_leave: set[int] = field(default_factory=set)

    def on_point(self, now: dt.datetime) -> OnPoint:
        """Who is on point now, as this was read: of people on leave the backup stands in, if there is one."""
        named = find_on_point_ids(self.shifts, self.zone, now)
        there = find_on_point_ids(self.shifts, self.zone, now, self.on_leave)
        missing = [self.person_name(one) for one in named if one in self.on_leave]
        words = f"{' and '.join(missing)} {'are' if len(missing) > 1 else 'is'} on leave" if missing else ""
        return OnPoint(self.person_name(there[0]), self.person_name(there[1]), words)

    def person_name(self, user_id: int | None) -> str:
        """A person's name, "" for nobody."""
        return self.names.get(user_id, "") if user_id is not None else ""


def load_rosters(brand_accounts: Iterable[BrandAccount], now: dt.datetime) -> dict[int, Roster]:
    """The rosters of brand accounts by id, as they are `now`. One statement."""
    found = {one.pk: Roster(brand_account_zone(one)) for one in brand_accounts}
    rows = Shift.objects.filter(brand_account__in=list(found)).select_related("primary", "backup")
    for row in rows.annotate(**_on_leave_columns(presence.local_date(now))):
        people = [one for one in (row.primary, row.backup) if one is not None]
        absent = frozenset(one.pk for one in people if not one.is_active)
        kept = found[row.brand_account_id]
        kept.shifts.append(row.to_plain_shift(absent))
        named = (("primary", row.primary_id), ("backup", row.backup_id))
        if unable := [(role, pk) for role, pk in named if pk in absent and pk is not None]:
            kept.unable[row.pk] = unable
        kept.names.update({one.pk: str(one) for one in people})
        kept.on_leave |= {pk for role, pk in named if pk is not None and getattr(row, f"{role}_on_leave")}
    return found


def _on_leave_columns(today: dt.date) -> dict[str, Exists]:
    """Columns of shifts: whether the primary and the backup are on leave."""
    leaves = Leave.objects.covering(today)
    return {
        f"{role}_on_leave": Exists(leaves.filter(user=OuterRef(f"{role}_id")))
        for role in ("primary", "backup")
    }


def roster_json_subquery(brand_account_id: OuterRef, today: dt.date) -> QuerySet[Shift, Any]:
    """Subquery: the shifts of a brand account with who is on leave `today` (`accounts.working_time.presence`), as JSON, for a statement
    that reads something else; see `roster_from_json`."""
    names = {
        f"{role}_{name}": f"{role}__{name}"
        for role in ("primary", "backup")
        for name in ("is_active", "first_name", "last_name", "username")
    }
    columns = (
        "id",
        "weekday",
        "date",
        "starts_at",
        "ends_at",
        "valid_from",
        "valid_until",
        "primary_id",
        "backup_id",
    )
    shifts = Shift.objects.filter(brand_account=brand_account_id).order_by()
    return shifts.values(
        json=JSONObject(**{name: name for name in columns}, **names, **_on_leave_columns(today))
    )


def roster_from_json(rows: Sequence[Mapping[str, Any]], zone: ZoneInfo) -> Roster:
    """A roster out of what `roster_json_subquery` gave."""
    made = Roster(zone)
    for row in rows:
        shift = Shift(
            **{name: row[name] for name in ("weekday", "primary_id", "backup_id")},
            **{name: _parse_date(row[name]) for name in ("date", "valid_from", "valid_until")},
            **{name: dt.time.fromisoformat(row[name]) for name in ("starts_at", "ends_at")},
        )
        shift.pk = row["id"]
        people = [
            (row[f"{role}_id"], role) for role in ("primary", "backup") if row[f"{role}_id"] is not None
        ]
        made.shifts.append(
            shift.to_plain_shift(frozenset(pk for pk, role in people if not row[f"{role}_is_active"]))
        )
        for pk, role in people:
            name = f"{row[f'{role}_first_name']} {row[f'{role}_last_name']}".strip()
            made.names[pk] = name or row[f"{role}_username"]
            if row[f"{role}_on_leave"]:
                made.on_leave.add(pk)
    return made


def _parse_date(given: str | None) -> dt.date | None:
    return dt.date.fromisoformat(given) if given else None


@transaction.atomic
def save_shifts(shifts: Sequence[Shift]) -> None:
    """Store new or changed shifts of one brand account. Raises `RosterChangeRefused` when one claims time that another has."""
    brand_account = shifts[0].brand_account
    BrandAccount.objects.select_for_update(no_key=True).get(pk=brand_account.pk)
    changed = {one.pk for one in shifts if one.pk}
    others = list(
        Shift.objects.filter(brand_account=brand_account).exclude(pk__in=changed).select_related("primary")
    )
    for one in shifts:
        for other in others:
            if shifts_overlap(one.to_plain_shift(), other.to_plain_shift()):
                raise RosterChangeRefused(
                    f"{one} overlaps with {other}, {other.primary or 'nobody'}. Nothing was saved."
                )
        others.append(one)
    for one in shifts:
        one.save()


@transaction.atomic
def copy_last_week(brand_account: BrandAccount, monday: dt.date) -> tuple[int, int]:
    """Repeat the week before `monday` in the week from it, for what stands on dates; the weekly pattern goes on anyway.

    How many were copied, and how many were left out because the week has something of its own there.
    """
    dated = Shift.objects.filter(brand_account=brand_account, date__isnull=False)
    before = dated.filter(date__gte=monday - WEEK, date__lt=monday)
    there = [
        one.to_plain_shift() for one in dated.filter(date__gte=monday - WEEK, date__lt=monday + WEEK + WEEK)
    ]
    copied = left = 0
    for one in before:
        assert one.date is not None  # noqa: S101 (the filter says so)
        one.pk, one.date = None, one.date + WEEK
        one._state.adding = True
        if any(shifts_overlap(one.to_plain_shift(), other) for other in there):
            left += 1
            continue
        one.save()
        copied += 1
    return copied, left


@transaction.atomic
def swap_shifts(brand_account: BrandAccount, first: tuple[int, dt.date], second: tuple[int, dt.date]) -> None:
    """Exchange the primaries of two shifts, each (id, the day on which it begins), on these days only.

    Raises `RosterChangeRefused` when one is not there, both have the same primary, or a primary would be their own backup.
    """
    one, other = (_as_dated_shift(brand_account, *given) for given in (first, second))
    if one == other or one.primary_id == other.primary_id:
        raise RosterChangeRefused("Choose two shifts of different people.")
    one.primary, other.primary = other.primary, one.primary
    for shift in (one, other):
        if shift.backup_id is not None and shift.backup_id == shift.primary_id:
            raise RosterChangeRefused(
                f"{shift.primary} would be their own backup on {shift}. Change the backup first."
            )
    save_shifts([one, other])


def _as_dated_shift(brand_account: BrandAccount, shift_id: int, day: dt.date) -> Shift:
    """A shift on one day as a shift of that date: itself, or a copy of the weekly one that comes before it."""
    shift = Shift.objects.filter(pk=shift_id, brand_account=brand_account).select_related("primary").first()
    if shift is None or not shift.to_plain_shift().begins_on(day) or shift.primary is None:
        raise RosterChangeRefused("That shift is not there any more. Look at the week again.")
    if shift.date is None:
        shift.pk, shift.weekday, shift.valid_from, shift.valid_until, shift.date = None, None, None, None, day
        shift._state.adding = True
    return shift


def rosters_naming(user: User, today: dt.date) -> list[BrandAccount]:
    """The brand accounts whose roster names somebody from `today` on, as primary or backup."""
    named = Shift.objects.filter(Q(primary=user) | Q(backup=user))
    named = named.exclude(date__lt=today).exclude(valid_until__lt=today)
    accounts = BrandAccount.objects.filter(pk__in=named.values("brand_account"))
    return list(accounts.order_by("network", "handle"))


def find_roster_candidates(brand_account: BrandAccount) -> QuerySet[User]:
    """Who may be on point: those who work on cases and have the brand account or belong to its owner department."""
    works = Q(grants__brand_account=brand_account)
    if brand_account.owner_department_id:
        works |= Q(memberships__department=brand_account.owner_department_id)
    people = User.objects.filter(works, is_active=True, role__in=ROLES["claim"]).distinct()
    return people.order_by("first_name", "last_name", "username")
