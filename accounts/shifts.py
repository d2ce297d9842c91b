"""Who is on point when: pure, over plain shifts. No database, no clock.

A shift is a weekly one, valid from and until a day, or stands on one date and then comes before the weekly ones for as
long as it lasts; one on a date without a primary says that nobody is there. Times are on the wall of the brand account's
zone, in minutes from midnight; a shift may reach past midnight. On the day on which clocks go forward an hour that does not
exist is not worked, on the other the repeated hour belongs to whoever has it.
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
    """`starts` is below 1440, `ends` above `starts`, beyond 1440 on the next day. Either `weekday` (Monday is 0) or `date`."""

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
        """Whether it begins on that day."""
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
    """A stretch of time with one answer to who is on point; `shift` is None where no shift says anything."""

    start: dt.datetime
    end: dt.datetime
    shift: PlainShift | None

    @property
    def primary_id(self) -> int | None:
        """Who is on point, None for nobody."""
        return self.shift.primary_id if self.shift else None


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of the promised time has a named primary, and the stretches that have none."""

    promised: dt.timedelta
    covered: dt.timedelta
    gaps: tuple[tuple[dt.datetime, dt.datetime], ...]

    @property
    def share(self) -> float | None:
        """Covered ÷ promised; None when nothing is promised."""
        return self.covered / self.promised if self.promised else None


def wall_clock_to_utc(day: dt.date, minutes: int, zone: ZoneInfo) -> dt.datetime:
    """The moment, UTC, at which the wall clock shows so many minutes after midnight of `day`; the first of two."""
    days, rest = divmod(minutes, DAY_MINUTES)
    wall = dt.datetime.combine(day + days * _ONE_DAY, dt.time(rest // 60, rest % 60), tzinfo=zone)
    return wall.astimezone(dt.UTC)


def list_occurrences(
    shifts: Iterable[PlainShift], zone: ZoneInfo, first: dt.date, last: dt.date
) -> list[Occurrence]:
    """What begins on the days from `first` to `last`, both included; in time order."""
    days = [first + n * _ONE_DAY for n in range((last - first).days + 1)]
    found = [
        Occurrence(wall_clock_to_utc(day, one.starts, zone), wall_clock_to_utc(day, one.ends, zone), day, one)
        for one in shifts
        for day in days
        if one.begins_on(day)
    ]
    # An hour that does not exist leaves nothing of a shift that lies within it.
    return sorted((one for one in found if one.start < one.end), key=lambda one: (one.start, one.shift.id))


def find_on_point_ids(
    shifts: Iterable[PlainShift], zone: ZoneInfo, at: dt.datetime, without: Container[int] = ()
) -> tuple[int | None, int | None]:
    """(primary, backup) at `at`, which is aware; None for nobody. Of people in `without`, who are not there, the backup
    takes the primary's place."""
    today = at.astimezone(zone).date()
    running = [
        one for one in list_occurrences(shifts, zone, today - _ONE_DAY, today) if one.start <= at < one.end
    ]
    shift = _prevailing_shift(running)
    named = [shift.primary_id, shift.backup_id] if shift else []
    there = [one for one in named if one is not None and one not in without]
    return there[0] if there else None, there[1] if len(there) > 1 else None


def _prevailing_shift(running: Sequence[Occurrence]) -> PlainShift | None:
    """A date comes before the week; what began later before what began earlier."""
    if not running:
        return None
    return max(running, key=lambda one: (one.shift.date is not None, one.start, one.shift.id)).shift


def split_into_segments(
    shifts: Iterable[PlainShift], zone: ZoneInfo, start: dt.datetime, end: dt.datetime
) -> list[Segment]:
    """[start, end) in stretches that follow each other without a gap, each with one answer."""
    first, last = start.astimezone(zone).date() - _ONE_DAY, end.astimezone(zone).date()
    found = [
        one for one in list_occurrences(shifts, zone, first, last) if one.end > start and one.start < end
    ]
    edges = sorted(
        {start, end, *(min(max(edge, start), end) for one in found for edge in (one.start, one.end))}
    )
    parts: list[Segment] = []
    for left, right in pairwise(edges):
        shift = _prevailing_shift([one for one in found if one.start <= left < one.end])
        if parts and parts[-1].shift == shift:
            parts[-1] = Segment(parts[-1].start, right, shift)
        else:
            parts.append(Segment(left, right, shift))
    return parts


def segment_at(parts: Sequence[Segment], at: dt.datetime) -> Segment:
    """The stretch that `at` lies in; the parts are those of `split_into_segments` and cover it."""
    return parts[max(bisect_right([one.start for one in parts], at) - 1, 0)]


def promised_spans(
    hours: Sequence[tuple[int, int, int]], zone: ZoneInfo, start: dt.datetime, end: dt.datetime
) -> list[tuple[dt.datetime, dt.datetime]]:
    """The promised time within [start, end), joined. `hours` are (weekday, starts, ends); none at all: every hour."""
    if not hours:
        return [(start, end)]
    weekly = [PlainShift(n, starts, ends, None, weekday=day) for n, (day, starts, ends) in enumerate(hours)]
    first, last = start.astimezone(zone).date() - _ONE_DAY, end.astimezone(zone).date()
    joined: list[tuple[dt.datetime, dt.datetime]] = []
    for one in list_occurrences(weekly, zone, first, last):
        left, right = max(one.start, start), min(one.end, end)
        if left >= right:
            continue
        if joined and left <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], right))
        else:
            joined.append((left, right))
    return joined


def measure_coverage(parts: Iterable[Segment], spans: Sequence[tuple[dt.datetime, dt.datetime]]) -> Coverage:
    """How much of `spans`, which do not overlap, is named in `parts` (docs/metrics.md: coverage)."""
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


def shifts_overlap(one: PlainShift, other: PlainShift) -> bool:
    """Whether two shifts of the same kind (weekly or on a date) claim the same time."""
    if one.date is not None and other.date is not None:
        offset = (other.date - one.date).days * DAY_MINUTES
        return one.starts < other.ends + offset and other.starts + offset < one.ends
    if one.weekday is None or other.weekday is None or not _valid_together(one, other):
        return False
    apart = (other.weekday - one.weekday) * DAY_MINUTES
    return any(
        one.starts < other.ends + offset and other.starts + offset < one.ends
        for offset in (apart - WEEK_MINUTES, apart, apart + WEEK_MINUTES)
    )


def _valid_together(one: PlainShift, other: PlainShift) -> bool:
    latest = max(one.valid_from or dt.date.min, other.valid_from or dt.date.min)
    return latest <= min(one.valid_until or dt.date.max, other.valid_until or dt.date.max)
