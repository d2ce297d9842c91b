"""Read and write opening hours in the notation of people: "9:00–12:30, 14:00–18:00". Pure."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

from routing.business_hours.calendar import Intervals

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
CLOSED_WORDS = ("", "closed", "-", "–", "none")
ROUND_THE_CLOCK = ("24h", "24 h", "all day", "round the clock")
MAX_INTERVALS = 12
_DAY = 1_440
_SPLIT = re.compile(r"[,;\n]+| and ")
_RANGE = re.compile(r"^(.+?)\s*(?:-|–|—|to|until)\s*(.+)$")
_TIME = re.compile(r"^([0-9]{1,2})(?:[:.]([0-9]{2}))?$")


class HoursError(ValueError):
    """Hours or a duration cannot be read. The text is a sentence that quotes the part."""


def parse_hours(text: str) -> Intervals:
    """Parse opening hours into intervals of minutes after midnight, in order.

    An end past midnight is beyond 1440; an empty text is closed, (). Accepts "9-17", "9:00–12:30, 14.00 to
    18.00", "22:00–02:00", "24h", "closed". Raises `HoursError`.
    """
    text = " ".join(text.lower().split())
    if text in CLOSED_WORDS:
        return ()
    if text in ROUND_THE_CLOCK:
        return ((0, _DAY),)
    parts = [part.strip() for part in _SPLIT.split(text) if part.strip()]
    if len(parts) > MAX_INTERVALS:
        raise HoursError(f"{len(parts)} intervals are too many for one day: {MAX_INTERVALS} are allowed.")
    intervals = sorted(_parse_interval(part) for part in parts)
    for first, second in itertools.pairwise(intervals):
        if second[0] < first[1]:
            raise HoursError(f"“{format_hours((first,))}” and “{format_hours((second,))}” overlap.")
    return tuple(intervals)


def _parse_interval(part: str) -> tuple[int, int]:
    match = _RANGE.match(part)
    if match is None:
        raise HoursError(f"“{part[:30]}” is no span of time: write it as 9:00–17:00.")
    opens, closes = _parse_time(match[1]), _parse_time(match[2])
    if opens == _DAY:
        raise HoursError(f"“{part[:30]}” begins at 24:00: that is 0:00 of the next day.")
    if closes == opens:
        raise HoursError(f"“{part[:30]}” begins when it ends. Round the clock is 0:00–24:00.")
    return opens, closes if closes > opens else closes + _DAY


def _parse_time(text: str) -> int:
    match = _TIME.match(text.strip())
    hours, minutes = (int(match[1]), int(match[2] or 0)) if match else (99, 0)
    if minutes > 59 or hours * 60 + minutes > _DAY:
        raise HoursError(f"“{text.strip()[:20]}” is no time of day: write it as 9:00 or 17:30.")
    return hours * 60 + minutes


def format_hours(intervals: Sequence[Sequence[int]]) -> str:
    """Format intervals for people, "" for none."""
    return ", ".join(f"{_format_time(opens)}–{_format_time(closes)}" for opens, closes in intervals)


def _format_time(minutes: int) -> str:
    if minutes > _DAY:
        minutes -= _DAY
    return f"{minutes // 60}:{minutes % 60:02d}"


def overnight_overlaps(week: Sequence[Intervals]) -> list[tuple[int, str]]:
    """Return the days whose last interval overlaps the next day's hours.

    Each is (weekday from 0, a sentence for people).
    """
    overlaps = []
    for day, intervals in enumerate(week):
        following = week[(day + 1) % 7]
        if intervals and following and intervals[-1][1] - _DAY > following[0][0]:
            night = format_hours((intervals[-1],))
            overlaps.append(
                (
                    day,
                    f"“{night}” goes on into {WEEKDAYS[(day + 1) % 7]}, which opens at {_format_time(following[0][0])} already.",
                )
            )
    return overlaps


_LENGTH = re.compile(r"^(?:([0-9]{1,5})\s*h(?:ours?|rs?)?)?\s*(?:([0-9]{1,6})\s*(?:m|min|mins|minutes?)?)?$")


def parse_minutes(text: str) -> int | None:
    """Parse a duration of business time into minutes.

    None for an empty text. Accepts "45", "45 min", "2 h", "1 h 30", "1:30". Raises `HoursError`.
    """
    text = " ".join(text.lower().split())
    if not text:
        return None
    if re.fullmatch(r"[0-9]{1,4}:[0-5][0-9]", text):
        hours, minutes = text.split(":")
        return int(hours) * 60 + int(minutes)
    match = _LENGTH.match(text)
    if match is None or not (match[1] or match[2]):
        raise HoursError(f"“{text[:30]}” is no length of time: write it as 45 min, 2 h or 1 h 30 min.")
    return int(match[1] or 0) * 60 + int(match[2] or 0)
