"""Who of a week's shifts will not be there: on leave, or unable to sign in any more. Pure, but for the rows it is given."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from accounts import shifts
from accounts.models import Leave
from accounts.roster.planning import Roster

_DAY = dt.timedelta(days=1)
Stretch = tuple[dt.datetime, dt.datetime]


def describe_missing_people(
    shift: shifts.PlainShift, date: dt.date, kept: Roster, leaves: Iterable[Leave]
) -> list[str]:
    """Who of a shift is not there on a day, in words, the primary first."""
    away = _ids_on_leave(date, leaves)
    told = [
        f"{kept.person_name(pk)}{_role_suffix(role)} cannot sign in"
        for role, pk in kept.unable.get(shift.id, ())
    ]
    told += [
        f"{kept.person_name(pk)}{_role_suffix(role)} is on leave"
        for role, pk in _people_in_shift(shift)
        if pk in away
    ]
    return told


def describe_absences(
    kept: Roster, parts: Iterable[shifts.Segment], leaves: Sequence[Leave]
) -> list[tuple[str, Stretch]]:
    """The same of a whole week: what is the matter, and when; days on end are one."""
    found: list[tuple[str, Stretch]] = []
    for part, date, (left, right) in _split_by_day(parts, kept):
        if part.shift is None:
            continue
        for words in describe_missing_people(part.shift, date, kept, leaves):
            before = next((n for n, (said, at) in enumerate(found) if said == words and at[1] == left), None)
            if before is None:
                found.append((words, (left, right)))
            else:
                found[before] = (words, (found[before][1][0], right))
    return found


def find_deserted_spans(
    kept: Roster, parts: Iterable[shifts.Segment], spans: Iterable[Stretch], leaves: Sequence[Leave]
) -> list[Stretch]:
    """The promised stretches in which somebody is named, and all who are named are on leave."""
    owed, found = list(spans), list[Stretch]()
    for part, date, (left, right) in _split_by_day(parts, kept):
        people = {pk for _, pk in _people_in_shift(part.shift)} if part.shift else set()
        if not people or not people <= _ids_on_leave(date, leaves):
            continue
        for begin, finish in owed:
            start, end = max(left, begin), min(right, finish)
            if start >= end:
                continue
            if found and found[-1][1] == start:
                found[-1] = (found[-1][0], end)
            else:
                found.append((start, end))
    return found


def _split_by_day(
    parts: Iterable[shifts.Segment], kept: Roster
) -> Iterable[tuple[shifts.Segment, dt.date, Stretch]]:
    """The parts cut at midnight, for leave is by days."""
    for part in parts:
        date = part.start.astimezone(kept.zone).date()
        while (begin := max(shifts.wall_clock_to_utc(date, 0, kept.zone), part.start)) < part.end:
            yield part, date, (begin, min(shifts.wall_clock_to_utc(date + _DAY, 0, kept.zone), part.end))
            date += _DAY


def _ids_on_leave(date: dt.date, leaves: Iterable[Leave]) -> set[int]:
    return {one.user_id for one in leaves if one.starts_on <= date <= one.ends_on}


def _people_in_shift(shift: shifts.PlainShift) -> list[tuple[str, int]]:
    named = (("primary", shift.primary_id), ("backup", shift.backup_id))
    return [(role, pk) for role, pk in named if pk is not None]


def _role_suffix(role: str) -> str:
    return " (backup)" if role == "backup" else ""
