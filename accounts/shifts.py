"""Compute who is on point at a time, from plain shifts. No database, no clock.

A shift is weekly, with an optional first and last valid day, or on one date. A shift on a date takes
precedence over the weekly ones for as long as it lasts; without a primary it means that nobody is on point.
Times are on the wall clock of the brand account's zone, in minutes from midnight; a shift may reach past
midnight. On the day when clocks go forward, the hour that does not exist is not worked; on the day when they
go back, the repeated hour belongs to the shift that covers it.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from zoneinfo import ZoneInfo

DAY_MINUTES = 1440
WEEK_MINUTES = 7 * DAY_MINUTES
_ONE_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class PlainShift:
    """A shift as plain numbers: minutes from midnight, days and ids of people.

    `starts` is below 1440. `ends` is greater than `starts`, and above 1440 when it is on the next day. Either
    `weekday` (Monday is 0) or `date` is set.
    """

    id: int
    starts: int
    ends: int
    primary_id: int | None
    backup_id: int | None = None
    weekday: int | None = None
    date: dt.date | None = None
    valid_from: dt.date | None = None
    valid_until: dt.date | None = None

    def begins_on(self, day: dt.date) -> bool:
        """Return whether the shift begins on that day."""
        if self.date is not None:
            return self.date == day
        return (
            self.weekday == day.weekday()
            and (self.valid_from is None or self.valid_from <= day)
            and (self.valid_until is None or day <= self.valid_until)
        )


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A shift on one day, in UTC."""

    start: dt.datetime
    end: dt.datetime
    day: dt.date
    shift: PlainShift


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of time during which the same shift applies; `shift` is None where no shift covers it."""

    start: dt.datetime
    end: dt.datetime
    shift: PlainShift | None

    @property
    def primary_id(self) -> int | None:
        """Id of the person on point, None for nobody."""
        return self.shift.primary_id if self.shift else None


@dataclass(frozen=True, slots=True)
class Coverage:
    """The promised time, the part of it with a named primary, and the stretches without one."""

    promised: dt.timedelta
    covered: dt.timedelta
    gaps: tuple[tuple[dt.datetime, dt.datetime], ...]

    @property
    def share(self) -> float | None:
        """Covered ÷ promised; None when nothing is promised."""
        return self.covered / self.promised if self.promised else None


def wall_clock_to_utc(day: dt.date, minutes: int, zone: ZoneInfo) -> dt.datetime:
    """Return the moment in UTC when a wall clock shows a time.

    `minutes` count from midnight of `day` in `zone`, and may reach past the day. In a repeated hour, the
    first of the two moments is returned.
    """
    days, rest = divmod(minutes, DAY_MINUTES)
    wall = dt.datetime.combine(day + days * _ONE_DAY, dt.time(rest // 60, rest % 60), tzinfo=zone)
    return wall.astimezone(dt.UTC)


def list_occurrences(
    shifts: Iterable[PlainShift], zone: ZoneInfo, first: dt.date, last: dt.date
) -> list[Occurrence]:
    """List the shifts that begin between two days, ordered by time.

    Both days are included.
    """
    days = [first + n * _ONE_DAY for n in range((last - first).days + 1)]
    occurrences = [
        Occurrence(
            wall_clock_to_utc(day, shift.starts, zone), wall_clock_to_utc(day, shift.ends, zone), day, shift
        )
        for shift in shifts
        for day in days
        if shift.begins_on(day)
    ]
    # A shift within the hour that does not exist has no length.
    worked = (occurrence for occurrence in occurrences if occurrence.start < occurrence.end)
    return sorted(worked, key=lambda occurrence: (occurrence.start, occurrence.shift.id))


def find_on_point_ids(
    shifts: Iterable[PlainShift], zone: ZoneInfo, at: dt.datetime, without: Container[int] = ()
) -> tuple[int | None, int | None]:
    """Return the ids of (primary, backup) at `at`; None for nobody.

    `at` is an aware datetime. The backup replaces a primary who is in `without`, the people who are absent.
    """
    today = at.astimezone(zone).date()
    around = list_occurrences(shifts, zone, today - _ONE_DAY, today)
    running = [occurrence for occurrence in around if occurrence.start <= at < occurrence.end]
    shift = _prevailing_shift(running)
    named = [shift.primary_id, shift.backup_id] if shift else []
    present = [user_id for user_id in named if user_id is not None and user_id not in without]
    return present[0] if present else None, present[1] if len(present) > 1 else None


def _prevailing_shift(running: Sequence[Occurrence]) -> PlainShift | None:
    """Return the shift that applies among those that run at once.

    A shift on a date takes precedence over a weekly one; a later start takes precedence over an earlier one.
    """
    if not running:
        return None
    latest = max(running, key=lambda run: (run.shift.date is not None, run.start, run.shift.id))
    return latest.shift


def split_into_segments(
    shifts: Iterable[PlainShift], zone: ZoneInfo, start: dt.datetime, end: dt.datetime
) -> list[Segment]:
    """Split [start, end) into stretches without gaps, one shift in each."""
    first, last = start.astimezone(zone).date() - _ONE_DAY, end.astimezone(zone).date()
    occurrences = [
        occurrence
        for occurrence in list_occurrences(shifts, zone, first, last)
        if occurrence.end > start and occurrence.start < end
    ]
    changes = (edge for occurrence in occurrences for edge in (occurrence.start, occurrence.end))
    edges = sorted({start, end, *(min(max(edge, start), end) for edge in changes)})
    parts: list[Segment] = []
    for left, right in pairwise(edges):
        running = [occurrence for occurrence in occurrences if occurrence.start <= left < occurrence.end]
        shift = _prevailing_shift(running)
        if parts and parts[-1].shift == shift:
            parts[-1] = Segment(parts[-1].start, right, shift)
        else:
            parts.append(Segment(left, right, shift))
    return parts


def segment_at(parts: Sequence[Segment], at: dt.datetime) -> Segment:
    """Return the stretch that contains `at`.

    `parts` come from `split_into_segments` and must cover `at`.
    """
    return parts[max(bisect_right([part.start for part in parts], at) - 1, 0)]


def promised_spans(
    hours: Sequence[tuple[int, int, int]], zone: ZoneInfo, start: dt.datetime, end: dt.datetime
) -> list[tuple[dt.datetime, dt.datetime]]:
    """Return the promised time within [start, end), adjacent spans joined.

    `hours` are (weekday, starts, ends) in minutes from midnight; no hours mean every hour.
    """
    if not hours:
        return [(start, end)]
    weekly = [PlainShift(n, starts, ends, None, weekday=day) for n, (day, starts, ends) in enumerate(hours)]
    first, last = start.astimezone(zone).date() - _ONE_DAY, end.astimezone(zone).date()
    joined: list[tuple[dt.datetime, dt.datetime]] = []
    for occurrence in list_occurrences(weekly, zone, first, last):
        left, right = max(occurrence.start, start), min(occurrence.end, end)
        if left >= right:
            continue
        if joined and left <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], right))
        else:
            joined.append((left, right))
    return joined


def measure_coverage(parts: Iterable[Segment], spans: Sequence[tuple[dt.datetime, dt.datetime]]) -> Coverage:
    """Measure how much of `spans` has a named primary in `parts`.

    `spans` must not overlap (docs/metrics.md: coverage).
    """
    total = sum((right - left for left, right in spans), dt.timedelta())
    covered, gaps = dt.timedelta(), list[tuple[dt.datetime, dt.datetime]]()
    for part in parts:
        for left, right in spans:
            begin, finish = max(left, part.start), min(right, part.end)
            if begin >= finish:
                continue
            if part.primary_id is not None:
                covered += finish - begin
            elif gaps and gaps[-1][1] == begin:
                gaps[-1] = (gaps[-1][0], finish)
            else:
                gaps.append((begin, finish))
    return Coverage(total, covered, tuple(gaps))


def shifts_overlap(first: PlainShift, second: PlainShift) -> bool:
    """Return whether two shifts of the same kind claim the same time.

    The kinds are weekly and on a date. A weekly shift and one on a date never overlap, because the date takes
    precedence.
    """
    if first.date is not None and second.date is not None:
        offset = (second.date - first.date).days * DAY_MINUTES
        return first.starts < second.ends + offset and second.starts + offset < first.ends
    if first.weekday is None or second.weekday is None or not _valid_together(first, second):
        return False
    apart = (second.weekday - first.weekday) * DAY_MINUTES
    return any(
        first.starts < second.ends + offset and second.starts + offset < first.ends
        for offset in (apart - WEEK_MINUTES, apart, apart + WEEK_MINUTES)
    )


def _valid_together(first: PlainShift, second: PlainShift) -> bool:
    latest = max(first.valid_from or dt.date.min, second.valid_from or dt.date.min)
    return latest <= min(first.valid_until or dt.date.max, second.valid_until or dt.date.max)
