"""Read and write hours of a day as people do: "9:00–12:30, 14:00–18:00", "9am–5pm". Pure.

Some hours can be read in two ways: "9-5" is a working day to one person and a long night to another. Such hours are
refused with both ways to write them. A zero in front, as in "09:00–05:00", says that the clock has 24 hours.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

Intervals = tuple[tuple[int, int], ...]

CLOSED_WORDS = ("", "closed", "-", "–", "none")
ROUND_THE_CLOCK = ("24h", "24 h", "24 hours", "24/7", "all day", "round the clock")
MAX_INTERVALS = 12
_DAY, _NOON = 1_440, 720
_SPLIT = re.compile(r"[,;\n&/]+| and ")
_RANGE = re.compile(r"^(?:from )?(.+?)\s*(?:[-–—~−]|\bto\b|\buntil\b|\btill\b)\s*(.+)$")
_TIME = re.compile(
    r"^([0-9]{1,2}?)(?:[:.h]?([0-9]{2}))?(?:\s*(?:h|o.clock))?\s*(?:([ap])\.?\s?m?\.?|(noon|midnight))?$"
)
_WORDS = {"noon": "12 noon", "midday": "12 noon", "midnight": "12 midnight"}


class HoursError(ValueError):
    """Hours or a duration cannot be read. The text is a sentence that quotes the part."""


@dataclass(frozen=True, slots=True)
class _Time:
    """A time of day as it was typed, in minutes.

    `is_certain`: it can only be read in one way. Otherwise it may be twelve hours later. `is_bare`: an hour without
    minutes, as people type in a hurry.
    """

    minutes: int
    is_certain: bool
    is_marked: bool = False
    is_bare: bool = False


def parse_hours(text: str) -> Intervals:
    """Parse opening hours into intervals of minutes after midnight, in order.

    An end past midnight is beyond 1440; an empty text is closed, (). Accepts "9-17", "9:00–12:30, 14.00 to
    18.00", "22:00–02:00", "9am-5pm", "24h", "closed". Raises `HoursError`, also for hours that mean two things.
    """
    text = " ".join(unicodedata.normalize("NFKC", text).lower().split())
    if text in CLOSED_WORDS:
        return ()
    if text in ROUND_THE_CLOCK:
        return ((0, _DAY),)
    parts = [part.strip() for part in _SPLIT.split(text) if part.strip()]
    if len(parts) > MAX_INTERVALS:
        raise HoursError(f"{len(parts)} intervals are too many for one day: {MAX_INTERVALS} are allowed.")
    typed = [_parse_part(part) for part in parts]
    has_24_hours = any(time.is_certain and not time.is_marked for times in typed for time in times)
    intervals: list[tuple[int, int]] = []
    for part, (opens, closes) in zip(parts, typed, strict=True):
        if len(parts) == 1:
            _require_evening_or_morning(part, opens, closes)
        before = intervals[-1] if intervals else (0, 0)
        intervals.append(_resolve(part, opens, closes, before, has_24_hours))
    intervals.sort()
    for first, second in itertools.pairwise(intervals):
        if second[0] < first[1]:
            raise HoursError(f"“{format_hours((first,))}” and “{format_hours((second,))}” overlap.")
    return tuple(intervals)


def _parse_part(part: str) -> tuple[_Time, _Time]:
    match = _RANGE.match(part)
    if match is None:
        raise HoursError(f"“{part[:30]}” is not a time span: write it as 9:00–17:00.")
    return _parse_time(match[1]), _parse_time(match[2])


def _parse_time(text: str) -> _Time:
    text = text.strip()
    match = _TIME.match(_WORDS.get(text, text))
    hours, minutes = (int(match[1]), int(match[2] or 0)) if match else (99, 0)
    if match is None or minutes > 59 or hours * 60 + minutes > _DAY:
        raise HoursError(f"“{text[:20]}” is not a time of day: write it as 9:00 or 17:30.")
    mark = match[3] or {"noon": "p", "midnight": "a"}.get(match[4] or "", "")
    if not mark:
        is_certain = match[1].startswith("0") or hours > 12
        return _Time(hours * 60 + minutes, is_certain, is_bare=match[2] is None)
    if (match[4] and hours != 12) or (mark == "a" and hours > 12) or (mark == "p" and hours in (0, 24)):
        raise HoursError(f"“{text[:20]}” is not a time of day: write it as 9:00 or 17:30.")
    afternoon = _NOON if mark == "p" and hours < 12 else 0
    morning = _NOON if mark == "a" and hours == 12 else 0
    return _Time(hours * 60 + minutes + afternoon - morning, is_certain=True, is_marked=True)


def _resolve(
    part: str, opens: _Time, closes: _Time, before: tuple[int, int], has_24_hours: bool
) -> tuple[int, int]:
    """Return the interval that two typed times mean. Raises `HoursError` when that is open."""
    if opens.is_marked != closes.is_marked:
        return _resolve_half_marked(part, opens, closes)
    start, end = opens.minutes, closes.minutes
    if not opens.is_certain and not closes.is_certain:
        is_out_of_order = start < before[1] <= start + _NOON
        if end < start:
            raise _two_ways(part, (start, end + _NOON), (start, end + _DAY))
        if (start < 6 * 60 and (is_out_of_order or not has_24_hours)) or (
            is_out_of_order and not has_24_hours
        ):
            raise _two_ways(part, (start + _NOON, end + _NOON), (start, end))
    if start == _DAY:
        raise HoursError(f"“{part[:30]}” begins at 24:00: that is 0:00 of the next day.")
    if end == start:
        evening = f"{format_hours(((start, start + _NOON),))}, or " if 0 < start <= _NOON else ""
        raise HoursError(
            f"“{part[:30]}” begins when it ends: write it as {evening}0:00–24:00 for round the clock."
        )
    return start, end if end > start else end + _DAY


def _require_evening_or_morning(part: str, opens: _Time, closes: _Time) -> None:
    """Refuse hours that end before noon or before midnight.

    For the only hours of a day: "7-11" is a long day to one person and a morning to another; "9-12" is a morning to everybody.
    """
    is_open = opens.is_bare and closes.is_bare and not opens.is_certain and not closes.is_certain
    if is_open and 6 * 60 <= opens.minutes < closes.minutes < _NOON:
        start, end = opens.minutes, closes.minutes
        raise _two_ways(part, (start, end), (start, end + _NOON))


def _resolve_half_marked(part: str, opens: _Time, closes: _Time) -> tuple[int, int]:
    """Return the shorter interval: one of the times has am or pm.

    So "9-5pm" is a working day, and "1–5pm" an afternoon.
    """
    if not opens.is_certain and opens.minutes >= _NOON > closes.minutes:
        raise _two_ways(part, (opens.minutes, closes.minutes + _DAY), (opens.minutes - _NOON, closes.minutes))
    starts = [opens.minutes] if opens.is_certain else [opens.minutes % _NOON, opens.minutes % _NOON + _NOON]
    ends = [closes.minutes] if closes.is_certain else [closes.minutes % _NOON, closes.minutes % _NOON + _NOON]
    spans = ((start % _DAY, (end - start) % _DAY or _DAY) for start in starts for end in ends)
    start, length = min(spans, key=lambda span: span[1])
    return start, start + length


def _two_ways(part: str, likely: tuple[int, int], other: tuple[int, int]) -> HoursError:
    second = "–".join(f"{minutes % _DAY // 60:02d}:{minutes % 60:02d}" for minutes in other)
    if min(minutes % _DAY for minutes in other) >= 10 * 60 or other[1] % _DAY >= 13 * 60:
        second = format_hours((other,))
    when = " if it ends the next morning" if other[1] > _DAY else ""
    return HoursError(
        f"“{part[:30]}” can be read in two ways: write {format_hours((likely,))}, or {second}{when}."
    )


def format_hours(intervals: Sequence[Sequence[int]]) -> str:
    """Format intervals for people, "" for none.

    `parse_hours` reads what it returns.
    """
    return ", ".join(_format_interval(opens, closes) for opens, closes in intervals)


def _format_interval(opens: int, closes: int) -> str:
    start, end = opens, closes if closes <= _DAY else closes - _DAY
    may_be_12_hours = 60 <= start < 13 * 60 and 60 <= end < 13 * 60
    is_early = may_be_12_hours and start < 6 * 60 and end > start
    is_overnight = may_be_12_hours and end <= start
    if is_overnight and end >= 10 * 60:
        # No zero can stand in front to say that the clock has 24 hours.
        return f"{_format_marked_time(start)}–{_format_marked_time(end)}"
    return f"{_format_time(start, pad=is_early)}–{_format_time(end, pad=is_overnight)}"


def _format_marked_time(minutes: int) -> str:
    return f"{(minutes // 60 - 1) % 12 + 1}:{minutes % 60:02d} {'pm' if minutes >= _NOON else 'am'}"


def _format_time(minutes: int, *, pad: bool = False) -> str:
    return f"{minutes // 60:{'02d' if pad else 'd'}}:{minutes % 60:02d}"


def closes_a_minute_early(intervals: Sequence[Sequence[int]]) -> bool:
    """Return whether hours end at 23:59, as somebody types who means midnight."""
    return any(closes % _DAY == _DAY - 1 for _, closes in intervals)
