"""People in a week's shifts who are absent: on leave, or no longer able to sign in. No database."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from accounts import shifts
from accounts.models import Leave
from accounts.roster.planning import Roster

_DAY = dt.timedelta(days=1)
Stretch = tuple[dt.datetime, dt.datetime]


def describe_missing_people(
    shift: shifts.PlainShift, date: dt.date, roster: Roster, leaves: Iterable[Leave]
) -> list[str]:
    """Return a phrase for each absent person of a shift.

    Absent on `date`. The primary comes first.
    """
    away = _ids_on_leave(date, leaves)
    absences = [
        f"{roster.person_name(pk)}{_role_suffix(role)} cannot sign in"
        for role, pk in roster.unable.get(shift.id, ())
    ]
    absences += [
        f"{roster.person_name(pk)}{_role_suffix(role)} is on leave"
        for role, pk in _people_in_shift(shift)
        if pk in away
    ]
    return absences


def describe_absences(
    roster: Roster, parts: Iterable[shifts.Segment], leaves: Sequence[Leave]
) -> list[tuple[str, Stretch]]:
    """Return the absences of a week as (phrase, stretch of time).

    Consecutive days of the same absence are joined.
    """
    absences: list[tuple[str, Stretch]] = []
    for part, date, (left, right) in _split_by_day(parts, roster):
        if part.shift is None:
            continue
        for words in describe_missing_people(part.shift, date, roster, leaves):
            before = next(
                (n for n, (other_words, at) in enumerate(absences) if other_words == words and at[1] == left),
                None,
            )
            if before is None:
                absences.append((words, (left, right)))
            else:
                absences[before] = (words, (absences[before][1][0], right))
    return absences


def find_deserted_spans(
    roster: Roster, parts: Iterable[shifts.Segment], spans: Iterable[Stretch], leaves: Sequence[Leave]
) -> list[Stretch]:
    """Find promised stretches whose people in the roster are all on leave.

    Stretches without anybody in the roster are not included.
    """
    promised, deserted = list(spans), list[Stretch]()
    for part, date, (left, right) in _split_by_day(parts, roster):
        people = {pk for _, pk in _people_in_shift(part.shift)} if part.shift else set()
        if not people or not people <= _ids_on_leave(date, leaves):
            continue
        for begin, finish in promised:
            start, end = max(left, begin), min(right, finish)
            if start >= end:
                continue
            if deserted and deserted[-1][1] == start:
                deserted[-1] = (deserted[-1][0], end)
            else:
                deserted.append((start, end))
    return deserted


def _split_by_day(
    parts: Iterable[shifts.Segment], roster: Roster
) -> Iterable[tuple[shifts.Segment, dt.date, Stretch]]:
    """Split the parts at midnight, because leave covers whole days."""
    for part in parts:
        date = part.start.astimezone(roster.zone).date()
        while (begin := max(shifts.wall_clock_to_utc(date, 0, roster.zone), part.start)) < part.end:
            yield part, date, (begin, min(shifts.wall_clock_to_utc(date + _DAY, 0, roster.zone), part.end))
            date += _DAY


def _ids_on_leave(date: dt.date, leaves: Iterable[Leave]) -> set[int]:
    return {leave.user_id for leave in leaves if leave.starts_on <= date <= leave.ends_on}


def _people_in_shift(shift: shifts.PlainShift) -> list[tuple[str, int]]:
    named = (("primary", shift.primary_id), ("backup", shift.backup_id))
    return [(role, pk) for role, pk in named if pk is not None]


def _role_suffix(role: str) -> str:
    return " (backup)" if role == "backup" else ""
