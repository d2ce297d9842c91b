"""Hours of a week and durations of business time, as people write them. Pure.

The hours of one day are read and written by `wording.opening_hours`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from wording.opening_hours import HoursError, Intervals, format_hours, parse_hours

__all__ = ["WEEKDAYS", "HoursError", "format_hours", "overnight_overlaps", "parse_hours", "parse_minutes"]

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_DAY = 1_440


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
                    f"“{night}” goes on into {WEEKDAYS[(day + 1) % 7]}, which opens at {following[0][0] // 60}:{following[0][0] % 60:02d} already.",
                )
            )
    return overlaps


_LENGTH = re.compile(r"^(?:([0-9]{1,5})\s*h(?:ours?|rs?)?)?\s*(?:([0-9]{1,6})\s*(?:m|min|mins|minutes?)?)?$")


def parse_minutes(text: str) -> int | None:
    """Parse a duration of business time into minutes.

    None for an empty text. Accepts "45", "45 min", "2 h", "1 h 30", "1:30". Raises `HoursError`, also for more than 59
    minutes beside hours, which somebody mistyped.
    """
    text = " ".join(text.lower().split())
    if not text:
        return None
    if re.fullmatch(r"[0-9]{1,4}:[0-5][0-9]", text):
        hour_part, minute_part = text.split(":")
        return int(hour_part) * 60 + int(minute_part)
    match = _LENGTH.match(text)
    if match is None or not (match[1] or match[2]):
        raise HoursError(f"“{text[:30]}” is not a duration. Write it like 45 min, 2 h or 1 h 30 min.")
    hours, minutes = int(match[1] or 0), int(match[2] or 0)
    if match[1] and minutes > 59:
        total = hours * 60 + minutes
        meant = f"{total // 60} h {total % 60} min".removesuffix(" 0 min")
        raise HoursError(
            f"“{text[:30]}” has more than 59 minutes beside its hours. Write {meant}, if you mean that."
        )
    return hours * 60 + minutes
