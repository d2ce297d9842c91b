"""Business time of a calendar: is it open, when has a duration passed, how much is between two moments.

There is one rule: a calendar is open at a moment when the wall clock of its zone shows an opening time. So an
interval that contains the hour skipped in spring is shorter by that hour, and one that contains the hour
repeated in autumn is open both times. An interval past midnight belongs to the day on which it begins: a
holiday closes the intervals that begin on it, not the rest of one that began the day before.

Pure: no clock and no database. Arguments are aware datetimes; results are UTC.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from zoneinfo import ZoneInfo

from routing.business_hours.public_holidays import UnknownCountry, public_holidays, require_known_country

Intervals = tuple[tuple[int, int], ...]
DayKind = Literal["week", "holiday", "closed", "special"]

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_EPOCH_ORDINAL = _EPOCH.toordinal()
_MICROSECOND = dt.timedelta(microseconds=1)
_MINUTE = 60_000_000
_DAY = 1_440 * _MINUTE
_MINUTES_A_DAY = 1_440
#: After this many closed days in a row, beyond the last special day, a calendar counts as never open again.
_MAX_CLOSED_DAYS = 1_100
#: The number of days that `add` searches: fifty years.
_HORIZON = 18_262
_LAST_DAY = (dt.datetime.max.replace(tzinfo=dt.UTC) - _EPOCH).days - 2
_FIRST_DAY = (dt.datetime.min.replace(tzinfo=dt.UTC) - _EPOCH).days + 2
_MAX_CACHED_DAYS = 8_000


class CalendarError(ValueError):
    """A snapshot is not a valid calendar. The text is a sentence for people."""


@dataclass(frozen=True, slots=True)
class LocalDay:
    """One local day of a calendar.

    `intervals` are the opening hours that begin on it, in minutes after midnight (an end past 1440 is on the
    next day). `kind` says where they come from, `name` is the holiday. `shift` is by how many minutes the
    clocks go forward (negative: back).
    """

    date: dt.date
    intervals: Intervals
    kind: DayKind
    name: str = ""
    shift: int = 0


_DaySpans = tuple[int, tuple[tuple[int, int], ...]]


@dataclass(slots=True, eq=False)
class CompiledCalendar:
    """Opening hours, made by `compile_calendar`.

    Each day is compiled once and cached; safe between threads.
    """

    zone: ZoneInfo
    week: tuple[Intervals, ...]
    country: str = ""
    subdivision: str = ""
    closed: frozenset[dt.date] = frozenset()
    special: Mapping[dt.date, Intervals] = field(default_factory=dict)
    _days: dict[int, _DaySpans] = field(default_factory=dict, repr=False)

    def is_open(self, at: dt.datetime) -> bool:
        """Return whether `at` is business time. The end of an interval is not."""
        position = _to_micros(at)
        return any(a <= position < b for a, b in self._day_spans(position // _DAY)[1])

    def add(self, at: dt.datetime, duration: dt.timedelta) -> dt.datetime | None:
        """Return the earliest moment by which `duration` of business time has passed.

        It is counted from `at`, which is the result for a duration of zero. A duration that ends together
        with the opening hours is due when they close, not when they open again. None when the calendar is not
        open that long within fifty years. Raises `ValueError` when `duration` is negative.
        """
        left = duration // _MICROSECOND
        if left < 0:
            raise ValueError("Business time cannot be negative.")
        position = _to_micros(at)
        if left == 0:
            return _from_micros(position)
        first = number = position // _DAY
        empty, last = 0, self._last_special_day()
        while number <= min(first + _HORIZON, _LAST_DAY):
            total, segments = self._day_spans(number)
            if number == first or total >= left:
                for a, b in segments:
                    length = b - max(a, position)
                    if length >= left:
                        return _from_micros(b - length + left)
                    left -= max(length, 0)
            else:
                left -= total
            empty = 0 if total else empty + 1
            if empty > _MAX_CLOSED_DAYS and number > last:
                return None
            number += 1
        return None

    def between(self, a: dt.datetime, b: dt.datetime) -> dt.timedelta:
        """Return the business time from `a` to `b`; negative when `b` is before `a`."""
        start, end = _to_micros(a), _to_micros(b)
        if end < start:
            return -self.between(b, a)
        first, last = start // _DAY, end // _DAY
        total = sum(self._day_spans(number)[0] for number in range(first + 1, last))
        for number in {first, last}:
            for low, high in self._day_spans(number)[1]:
                total += max(min(high, end) - max(low, start), 0)
        return dt.timedelta(microseconds=total)

    def open_spans(self, a: dt.datetime, b: dt.datetime) -> Iterator[tuple[dt.datetime, dt.datetime]]:
        """Yield the open stretches within [a, b), in order.

        One that lasts past a UTC midnight comes in two.
        """
        start, end = _to_micros(a), _to_micros(b)
        for number in range(start // _DAY, end // _DAY + 1):
            for low, high in self._day_spans(number)[1]:
                if max(low, start) < min(high, end):
                    yield _from_micros(max(low, start)), _from_micros(min(high, end))

    def describe_day(self, date: dt.date) -> LocalDay:
        """Return one local day, as it is shown to people."""
        intervals, kind, name = self._hours_on(date)
        before, after = (self._midnight_offset(date + dt.timedelta(days=n)) for n in (0, 1))
        shift = int((after - before).total_seconds() // 60)
        return LocalDay(date, intervals, kind, name, shift)

    def _midnight_offset(self, date: dt.date) -> dt.timedelta:
        offset = self.zone.utcoffset(dt.datetime.combine(date, dt.time()))
        return offset or dt.timedelta()

    def _last_special_day(self) -> int:
        return max(
            (day.toordinal() - _EPOCH_ORDINAL for day, hours in self.special.items() if hours), default=0
        )

    def _hours_on(self, date: dt.date) -> tuple[Intervals, DayKind, str]:
        if (special := self.special.get(date)) is not None:
            return special, "special", ""
        if date in self.closed:
            return (), "closed", ""
        if self.country and (name := public_holidays(self.country, self.subdivision, date.year).get(date)):
            return (), "holiday", name
        return self.week[date.weekday()], "week", ""

    def _day_spans(self, number: int) -> _DaySpans:
        """Return the open time of one UTC day: its total and its spans, in microseconds since 1970.

        `number` counts days from 1970.
        """
        spans = self._days.get(number)
        if spans is None:
            if len(self._days) >= _MAX_CACHED_DAYS:
                self._days.clear()
            spans = self._days[number] = (
                self._compile_day(number) if _FIRST_DAY <= number <= _LAST_DAY else (0, ())
            )
        return spans

    def _compile_day(self, number: int) -> _DaySpans:
        spans: list[tuple[int, int]] = []
        for start, end, offset in self._split_at_clock_change(number * _DAY, (number + 1) * _DAY):
            spans += [
                (a - offset, b - offset) for a, b in self._open_wall_spans(start + offset, end + offset)
            ]
        segments = _merge_spans(spans)
        return sum(b - a for a, b in segments), segments

    def _split_at_clock_change(self, start: int, end: int) -> Iterable[tuple[int, int, int]]:
        """Split a span into parts with one UTC offset each: (start, end, offset).

        No zone changes its clocks twice in a day.
        """
        before, after = self._utc_offset(start), self._utc_offset(end)
        if before == after:
            return ((start, end, before),)
        low, high = start, end
        while high - low > 1_000_000:
            middle = (low + high) // 2_000_000 * 1_000_000
            low, high = (middle, high) if self._utc_offset(middle) == before else (low, middle)
        return ((start, high, before), (high, end, after))

    def _utc_offset(self, position: int) -> int:
        offset = _from_micros(position).astimezone(self.zone).utcoffset()
        return (offset or dt.timedelta()) // _MICROSECOND

    def _open_wall_spans(self, start: int, end: int) -> tuple[tuple[int, int], ...]:
        """Return the open spans between two wall clock times, in microseconds."""
        spans = []
        for number in range(start // _DAY - 1, (end - 1) // _DAY + 1):
            intervals, _, _ = self._hours_on(dt.date.fromordinal(number + _EPOCH_ORDINAL))
            for opens, closes in intervals:
                a = max(number * _DAY + opens * _MINUTE, start)
                b = min(number * _DAY + closes * _MINUTE, end)
                if a < b:
                    spans.append((a, b))
        return _merge_spans(spans)


def _merge_spans(spans: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    if len(spans) < 2:
        return tuple(spans)
    spans.sort()
    merged = [spans[0]]
    for a, b in spans[1:]:
        if a <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(b, merged[-1][1]))
        else:
            merged.append((a, b))
    return tuple(merged)


def _to_micros(at: dt.datetime) -> int:
    return (at - _EPOCH) // _MICROSECOND


def _from_micros(position: int) -> dt.datetime:
    return _EPOCH + dt.timedelta(microseconds=position)


def compile_calendar(snapshot: Mapping[str, Any]) -> CompiledCalendar:
    """Compile a calendar from JSON. Raises `CalendarError` naming what is wrong.

        {"time_zone": "Europe/Berlin",
         "week": [[[540, 750], [840, 1080]], …],    seven days from Monday on, minutes after midnight
         "country": "DE", "subdivision": "BE",      whose public holidays are closed; "" for none
         "closed": ["2026-12-24"],                  further days
         "special": {"2026-12-31": [[540, 720]]}}   days with hours of their own, holidays among them

    An interval may end on the next day: [1320, 1560] is 22:00–02:00. [[0, 1440]] on all days is round the clock.
    """
    week = snapshot.get("week")
    if not isinstance(week, Sequence) or isinstance(week, str) or len(week) != 7:
        raise CalendarError("A week has seven days.")
    country, subdivision = str(snapshot.get("country") or ""), str(snapshot.get("subdivision") or "")
    try:
        require_known_country(country, subdivision)
    except UnknownCountry as error:
        raise CalendarError(str(error)) from error
    special_hours = snapshot.get("special") or {}
    if not isinstance(special_hours, Mapping):
        raise CalendarError("Special days are hours by day.")
    closed = frozenset(_parse_date(day) for day in snapshot.get("closed") or ())
    special = {_parse_date(day): _parse_intervals(hours) for day, hours in special_hours.items()}
    if both := sorted(closed & special.keys()):
        raise CalendarError(f"{both[0]} is both closed and open at special hours.")
    days = tuple(_parse_intervals(hours) for hours in week)
    return CompiledCalendar(
        parse_time_zone(snapshot.get("time_zone")), days, country, subdivision, closed, special
    )


def parse_time_zone(name: object) -> ZoneInfo:
    """Return the time zone with this name. Raises `CalendarError` when there is none."""
    try:
        return ZoneInfo(str(name))
    except (ValueError, OSError, LookupError) as error:
        raise CalendarError(f"There is no time zone “{str(name)[:60]}”.") from error


def _parse_date(value: object) -> dt.date:
    try:
        return dt.date.fromisoformat(str(value))
    except ValueError as error:
        raise CalendarError(f"“{str(value)[:20]}” is not a day, as 2026-12-24.") from error


def _parse_intervals(hours: object) -> Intervals:
    try:
        pairs = sorted((int(opens), int(closes)) for opens, closes in hours)  # type: ignore[attr-defined]
    except (TypeError, ValueError) as error:
        raise CalendarError("Opening hours are pairs of minutes.") from error
    before = -1
    for opens, closes in pairs:
        if not 0 <= opens < _MINUTES_A_DAY or not opens < closes <= opens + _MINUTES_A_DAY:
            raise CalendarError(f"[{opens}, {closes}] is no interval of a day.")
        if opens < before:
            raise CalendarError("Two intervals of one day overlap.")
        before = closes
    return tuple(pairs)
