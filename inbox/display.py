"""How times, names and networks read on pages. Everything is made here once a row; templates only print."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cache
from zoneinfo import ZoneInfo

from django.conf import settings

_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"))
_SIGNS = {"x": ("X", ""), "facebook": ("f", "f"), "mastodon": ("M", "m")}


@dataclass(frozen=True, slots=True)
class DisplayTime:
    """A time as shown: relative words, the exact time for people, and the machine's form for `<time>`."""

    words: str
    exact: str
    iso: str


@dataclass(frozen=True, slots=True)
class Chip:
    """A short word with a meaning: `tone` holds style classes out of risk, late, ok, dept and clock."""

    words: str
    tone: str = ""
    title: str = ""
    #: For a countdown: when it is due and from when on it is at risk, as ISO times.
    due: str = ""
    soon: str = ""


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def to_display_zone(at: dt.datetime) -> dt.datetime:
    """`at` in the zone in which people read pages."""
    return at.astimezone(_zone(settings.DISPLAY_TIME_ZONE))


def short_span(seconds: float) -> str:
    """A length of time in its largest unit: "now", "4 min", "2 h", "3 d". Negative counts as nothing."""
    for size, unit in _UNITS:
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return "now"


def long_span(seconds: float) -> str:
    """A length of time in two units: "1 h 34 min", "under 1 min"."""
    minutes = int(seconds // 60)
    days, hours, rest = minutes // 1440, minutes % 1440 // 60, minutes % 60
    if days:
        return f"{days} d {hours} h" if hours else f"{days} d"
    if hours:
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    return f"{rest} min" if rest else "under 1 min"


def display_time(at: dt.datetime, now: dt.datetime) -> DisplayTime:
    """`at` as seen at `now`."""
    there = to_display_zone(at)
    exact = f"{there.day} {there:%B %Y, %H:%M:%S} {there:%Z}"
    return DisplayTime(short_span((now - at).total_seconds()), exact, at.isoformat(timespec="seconds"))


def clock_time(at: dt.datetime, now: dt.datetime) -> str:
    """The time of day, with the day when it is another one than today: "10:41", "3 Nov 10:41", "3 Nov 2025 10:41"."""
    there, today = to_display_zone(at), to_display_zone(now)
    if there.date() == today.date():
        return f"{there:%H:%M}"
    day = f"{there.day} {there:%b}"
    return f"{day} {there:%H:%M}" if there.year == today.year else f"{day} {there:%Y %H:%M}"


def returned_chip(times: int, trail: str = "") -> Chip:
    """That a case came back to a department that had had it before, how often, and who had it one after the other."""
    words = "⇄ came back" if times == 1 else f"⇄ came back {times} times"
    return Chip(
        words, "late" if times > 1 else "risk", trail or "It came back to a department that had it before"
    )


def initials(name: str) -> str:
    """Two letters that stand for a name where there is no picture, "?" for none."""
    name = name.removeprefix("@")
    words = [word for word in name.replace("_", " ").replace(".", " ").split() if word[:1].isalnum()]
    if not words:
        first = next((letter for letter in name if letter.isalnum()), "?")
        return first.upper()
    if len(words) == 1:
        return words[0][:2].upper()
    return (words[0][0] + words[-1][0]).upper()


def network_sign(network: str) -> tuple[str, str]:
    """The letter on a customer's badge and its style."""
    return _SIGNS.get(network, (network[:1].upper(), ""))


def display_name(handle: str, name: str) -> str:
    """What stands for a customer: as `Identity.display_name`, for rows that are not instances."""
    return f"@{handle}" if handle else name or "Unknown author"


def percent(probability: float) -> str:
    """A probability as people read it; never "100 %", for it never is."""
    return f"{min(round(100 * probability), 99)}\u00a0%"
