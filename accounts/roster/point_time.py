"""The time on point within any span: what was promised, what of it was covered, and who was on point when.

A roster repeats itself, so that equal weeks are computed once: a year of two hundred accounts takes a moment.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from accounts import shifts
from accounts.models import BrandAccount
from accounts.roster.planning import Roster

_DAY, _WEEK = dt.timedelta(days=1), dt.timedelta(days=7)
_NO_TIME = dt.timedelta()
_Turn = tuple[int, dt.datetime, dt.datetime]


@dataclass(frozen=True, slots=True)
class PointTime:
    """The promised time of a span, the part with a named primary, and the turns: (person, from, to)."""

    promised: dt.timedelta
    covered: dt.timedelta
    turns: tuple[_Turn, ...]


@dataclass(frozen=True, slots=True)
class _Week:
    promised: dt.timedelta
    covered: dt.timedelta
    #: Who, and how long after the beginning of the week.
    turns: tuple[tuple[int, dt.timedelta, dt.timedelta], ...]


def measure_point_time(
    brand_account: BrandAccount, roster: Roster, start: dt.datetime, end: dt.datetime
) -> PointTime:
    """Measure the time on point of one account in [start, end)."""
    hours = [(day, starts, ends) for day, starts, ends in brand_account.promised_hours]
    measured: dict[object, _Week] = {}
    promised = covered = _NO_TIME
    turns: list[_Turn] = []
    for left, right in _cut_into_weeks(start, end, roster.zone):
        key = _describe_week(roster, left, right)
        week = measured.get(key)
        if week is None:
            week = measured[key] = _measure_week(roster, hours, left, right)
        promised, covered = promised + week.promised, covered + week.covered
        turns += [(person, left + since, left + until) for person, since, until in week.turns]
    return PointTime(promised, covered, tuple(turns))


def sum_turns(turns: Iterable[_Turn]) -> dict[int, dt.timedelta]:
    """Return for how long each person was on point.

    Hours of several accounts at once count once.
    """
    sums: dict[int, dt.timedelta] = {}
    until: dict[int, dt.datetime] = {}
    for person, left, right in sorted(turns):
        begin = max(left, until.get(person, left))
        sums[person] = sums.get(person, _NO_TIME) + max(right - begin, _NO_TIME)
        until[person] = max(right, until.get(person, right))
    return sums


def _cut_into_weeks(
    start: dt.datetime, end: dt.datetime, zone: ZoneInfo
) -> Iterator[tuple[dt.datetime, dt.datetime]]:
    """Yield spans of seven days on the wall clock."""
    first = start.astimezone(zone)
    number, left = 1, start
    while left < end:
        # Wall-clock arithmetic, so that each span begins at the same time of the day.
        right = min((first + number * _WEEK).astimezone(dt.UTC), end)
        if right > left:
            yield left, right
        number, left = number + 1, max(right, left)


def _describe_week(roster: Roster, left: dt.datetime, right: dt.datetime) -> object:
    """Return what decides the coverage of a span.

    Equal for equal weeks: its length, its beginning on the wall clock, the shifts that may begin in it; and the span itself when the clock changes.
    """
    local, after = left.astimezone(roster.zone), right.astimezone(roster.zone)
    first, last = local.date() - _DAY, after.date()
    running = tuple(
        (
            shift.id,
            shift.date and shift.date - first,
            max(shift.valid_from or first, first) - first,
            last - min(shift.valid_until or last, last),
        )
        for shift in roster.shifts
        if first <= (shift.date or first) <= last
        and (shift.valid_from or first) <= last
        and (shift.valid_until or last) >= first
    )
    changes = None if local.utcoffset() == after.utcoffset() else left
    return right - left, local.time(), local.weekday(), changes, running


def _measure_week(
    roster: Roster, hours: list[tuple[int, int, int]], left: dt.datetime, right: dt.datetime
) -> _Week:
    parts = shifts.split_into_segments(roster.shifts, roster.zone, left, right)
    coverage = shifts.measure_coverage(parts, shifts.promised_spans(hours, roster.zone, left, right))
    turns = tuple(
        (part.primary_id, part.start - left, part.end - left) for part in parts if part.primary_id is not None
    )
    return _Week(coverage.promised, coverage.covered, turns)
