"""The roster in the database, and the changes that people make to it."""

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
from postgres.prepared_querysets import prepared_query

WEEK = dt.timedelta(days=7)
#: The id of a shift and a day on which it begins.
ShiftOnDay = tuple[int, dt.date]


class RosterChangeRefused(Exception):
    """The change would make the roster inconsistent. Nothing was changed; the message explains it to a
    person.
    """


def brand_account_zone(brand_account: BrandAccount) -> ZoneInfo:
    """Return the time zone of a brand account; UTC where it is unknown."""
    try:
        return ZoneInfo(brand_account.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class OnPoint:
    """Names of the person on point and of the backup, "" for nobody.

    `missing` says which people in the roster are absent, and why: "Ada Holm is on leave".
    """

    primary: str = ""
    backup: str = ""
    missing: str = ""


@dataclass(slots=True)
class Roster:
    """The shifts of one brand account with the names of the people in them."""

    zone: ZoneInfo
    shifts: list[PlainShift] = field(default_factory=list)
    names: dict[int, str] = field(default_factory=dict)
    #: By shift id: people who cannot sign in any more, as (primary or backup, id). `shifts` does not include them.
    unable: dict[int, list[tuple[str, int]]] = field(default_factory=dict)
    #: People on leave at the time of loading. `shifts` includes them.
    on_leave: set[int] = field(default_factory=set)

    def on_point(self, now: dt.datetime) -> OnPoint:
        """Return who is on point now.

        `now` must be the time for which the roster was loaded: the backup replaces people who were on leave
        then.
        """
        named = find_on_point_ids(self.shifts, self.zone, now)
        present = find_on_point_ids(self.shifts, self.zone, now, self.on_leave)
        missing = [self.person_name(user_id) for user_id in named if user_id in self.on_leave]
        words = f"{' and '.join(missing)} {'are' if len(missing) > 1 else 'is'} on leave" if missing else ""
        return OnPoint(self.person_name(present[0]), self.person_name(present[1]), words)

    def person_name(self, user_id: int | None) -> str:
        """Return a person's name, "" for nobody."""
        return self.names.get(user_id, "") if user_id is not None else ""


def load_rosters(brand_accounts: Iterable[BrandAccount], now: dt.datetime) -> dict[int, Roster]:
    """Load the rosters of brand accounts, by account id.

    Includes the leaves at `now`. One statement.
    """
    rosters = {account.pk: Roster(brand_account_zone(account)) for account in brand_accounts}
    for row in _select_shifts(frozenset(rosters), presence.local_date(now)):
        people = [user for user in (row.primary, row.backup) if user is not None]
        absent = frozenset(user.pk for user in people if not user.is_active)
        roster = rosters[row.brand_account_id]
        roster.shifts.append(row.to_plain_shift(absent))
        named = (("primary", row.primary_id), ("backup", row.backup_id))
        if unable := [(role, pk) for role, pk in named if pk in absent and pk is not None]:
            roster.unable[row.pk] = unable
        roster.names.update({user.pk: str(user) for user in people})
        roster.on_leave |= {pk for role, pk in named if pk is not None and getattr(row, f"{role}_on_leave")}
    return rosters


@prepared_query
def _select_shifts(brand_account_ids: frozenset[int], today: dt.date) -> QuerySet[Any]:
    """Select the shifts of brand accounts.

    With their people, and whether these are on leave.
    """
    shifts = Shift.objects.filter(brand_account__in=brand_account_ids).select_related("primary", "backup")
    return shifts.annotate(**_on_leave_columns(today))


def _on_leave_columns(today: dt.date) -> dict[str, Exists]:
    """Return the columns that tell whether primary and backup are on leave."""
    leaves = Leave.objects.covering(today)
    return {
        f"{role}_on_leave": Exists(leaves.filter(user=OuterRef(f"{role}_id")))
        for role in ("primary", "backup")
    }


def roster_json_subquery(brand_account_id: OuterRef, today: dt.date) -> QuerySet[Shift, Any]:
    """Return a subquery for the shifts of a brand account as JSON.

    Each shift says whether its people are on leave `today` (see `accounts.working_time.presence`). For use in
    a statement that also reads something else; `roster_from_json` reads the result.
    """
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
    """Build a roster from the rows of `roster_json_subquery`."""
    roster = Roster(zone)
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
        roster.shifts.append(
            shift.to_plain_shift(frozenset(pk for pk, role in people if not row[f"{role}_is_active"]))
        )
        for pk, role in people:
            name = f"{row[f'{role}_first_name']} {row[f'{role}_last_name']}".strip()
            roster.names[pk] = name or row[f"{role}_username"]
            if row[f"{role}_on_leave"]:
                roster.on_leave.add(pk)
    return roster


def _parse_date(text: str | None) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None


@transaction.atomic
def save_shifts(shifts: Sequence[Shift]) -> None:
    """Store new or changed shifts of one brand account.

    Raises `RosterChangeRefused` when two claim the same time.
    """
    brand_account = shifts[0].brand_account
    BrandAccount.objects.select_for_update(no_key=True).get(pk=brand_account.pk)
    changed = {shift.pk for shift in shifts if shift.pk}
    others = list(
        Shift.objects.filter(brand_account=brand_account).exclude(pk__in=changed).select_related("primary")
    )
    for shift in shifts:
        for other in others:
            if shifts_overlap(shift.to_plain_shift(), other.to_plain_shift()):
                raise RosterChangeRefused(
                    f"{shift} overlaps with {other}, {other.primary or 'nobody'}. Nothing was saved."
                )
        others.append(shift)
    for shift in shifts:
        shift.save()


@transaction.atomic
def copy_last_week(brand_account: BrandAccount, monday: dt.date) -> tuple[int, int]:
    """Copy last week's shifts on dates to the week from `monday`.

    Weekly shifts repeat without copying. Returns how many were copied, and how many were skipped because the
    week already has a shift on a date at that time.
    """
    dated = Shift.objects.filter(brand_account=brand_account, date__isnull=False)
    before = dated.filter(date__gte=monday - WEEK, date__lt=monday)
    around = dated.filter(date__gte=monday - WEEK, date__lt=monday + WEEK + WEEK)
    existing = [shift.to_plain_shift() for shift in around]
    copied = left_out = 0
    for shift in before:
        assert shift.date is not None  # noqa: S101 (guaranteed by the filter)
        shift.pk, shift.date = None, shift.date + WEEK
        shift._state.adding = True
        if any(shifts_overlap(shift.to_plain_shift(), other) for other in existing):
            left_out += 1
            continue
        shift.save()
        copied += 1
    return copied, left_out


@transaction.atomic
def swap_shifts(brand_account: BrandAccount, first: ShiftOnDay, second: ShiftOnDay) -> None:
    """Exchange the primaries of two shifts, on these days only.

    Each is (id, the day on which it begins). Raises `RosterChangeRefused` when a shift no longer exists, both
    have the same primary, or a primary would be their own backup.
    """
    shift_a, shift_b = (_as_dated_shift(brand_account, *pair) for pair in (first, second))
    if shift_a == shift_b or shift_a.primary_id == shift_b.primary_id:
        raise RosterChangeRefused("Choose two shifts of different people.")
    shift_a.primary, shift_b.primary = shift_b.primary, shift_a.primary
    for shift in (shift_a, shift_b):
        if shift.backup_id is not None and shift.backup_id == shift.primary_id:
            raise RosterChangeRefused(
                f"{shift.primary} would be their own backup on {shift}. Change the backup first."
            )
    save_shifts([shift_a, shift_b])


def _as_dated_shift(brand_account: BrandAccount, shift_id: int, day: dt.date) -> Shift:
    """Return a shift on one day as a shift on that date.

    This is the shift itself, or an unsaved copy of the weekly one, which takes precedence over it on that
    day. Raises `RosterChangeRefused` when there is no such shift, or it has no primary.
    """
    shift = Shift.objects.filter(pk=shift_id, brand_account=brand_account).select_related("primary").first()
    if shift is None or not shift.to_plain_shift().begins_on(day) or shift.primary is None:
        raise RosterChangeRefused("That shift is not there any more. Look at the week again.")
    if shift.date is None:
        shift.pk, shift.weekday, shift.valid_from, shift.valid_until, shift.date = None, None, None, None, day
        shift._state.adding = True
    return shift


def rosters_naming(user: User, today: dt.date) -> list[BrandAccount]:
    """Return brand accounts whose roster includes a user from `today` on.

    As primary or backup.
    """
    named = Shift.objects.filter(Q(primary=user) | Q(backup=user))
    named = named.exclude(date__lt=today).exclude(valid_until__lt=today)
    accounts = BrandAccount.objects.filter(pk__in=named.values("brand_account"))
    return list(accounts.order_by("network", "handle"))


def find_roster_candidates(brand_account: BrandAccount) -> QuerySet[User]:
    """Return the users who may be on point for a brand account.

    They work on cases, and have a grant for the brand account or belong to its owner department.
    """
    works = Q(grants__brand_account=brand_account)
    if brand_account.owner_department_id:
        works |= Q(memberships__department=brand_account.owner_department_id)
    people = User.objects.filter(works, is_active=True, role__in=ROLES["claim"]).distinct()
    return people.order_by("first_name", "last_name", "username")
