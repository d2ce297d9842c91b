"""Times as text, in the display time zone: one function for each form that is shown."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cache
from zoneinfo import ZoneInfo

from django.conf import settings

from wording.spans import short_span, written_span


@dataclass(frozen=True, slots=True)
class DisplayTime:
    """A time as it is shown: relative words, the exact time for people, and the datetime itself."""

    words: str
    exact: str
    at: dt.datetime

    @property
    def iso(self) -> str:
        """The machine-readable form for `<time datetime>`, in whole seconds."""
        return self.at.isoformat(timespec="seconds")


def display_time(at: dt.datetime, now: dt.datetime) -> DisplayTime:
    """Return `at` as rows show it: "4 min", "2 h", "now".

    For times before `now`; a later one reads "now". The exact time is in the display time zone.
    """
    return DisplayTime(short_span(now - at), exact_time(at), at)


def relative_time(at: dt.datetime, now: dt.datetime) -> DisplayTime:
    """Return `at` with its direction: "4 min ago", "in 2 h", "now".

    "now" means less than one second from `now`. The exact time is in UTC: "18 Nov 2025 10:02:31 UTC".
    """
    utc = at.astimezone(dt.UTC)
    exact = f"{utc.day} {utc:%b %Y %H:%M:%S %Z}"
    if abs(at - now) < dt.timedelta(seconds=1):
        return DisplayTime("now", exact, at)
    words = f"in {written_span(at - now)}" if at > now else f"{written_span(now - at)} ago"
    return DisplayTime(words, exact, at)


def optional_relative_time(at: dt.datetime | None, now: dt.datetime) -> DisplayTime | None:
    """Return the `relative_time` of `at`, or None when `at` is None."""
    return None if at is None else relative_time(at, now)


def clock_time(at: dt.datetime, now: dt.datetime) -> str:
    """Return the time of day, with the date unless it is today.

    The year is shown only when it differs: "10:41", "3 Nov 10:41", "3 Nov 2025 10:41".
    """
    local, today = to_display_zone(at), to_display_zone(now)
    if local.date() == today.date():
        return f"{local:%H:%M}"
    day = short_date(local)
    return f"{day} {local:%H:%M}" if local.year == today.year else f"{day} {local:%Y %H:%M}"


def exact_time(at: dt.datetime) -> str:
    """Return "18 November 2025, 10:02:31 UTC"."""
    local = to_display_zone(at)
    return f"{local.day} {local:%B %Y, %H:%M:%S %Z}"


def full_time(at: dt.datetime) -> str:
    """Return "Tuesday, 18 November 2025, 10:02 UTC"."""
    local = to_display_zone(at)
    return f"{local:%A}, {local.day} {local:%B %Y, %H:%M %Z}"


def long_time(at: dt.datetime) -> str:
    """Return "18 November, 10:02"."""
    local = to_display_zone(at)
    return f"{local.day} {local:%B, %H:%M}"


def long_zoned_time(at: dt.datetime) -> str:
    """Return "18 November, 10:02 UTC"."""
    return f"{long_time(at)} {to_display_zone(at):%Z}"


def short_time(at: dt.datetime) -> str:
    """Return "18 Nov, 10:02"."""
    local = to_display_zone(at)
    return f"{short_date(local)}, {local:%H:%M}"


def at_time_phrase(at: dt.datetime) -> str:
    """Return a time for a sentence: "at 10:02 on 18 November"."""
    local = to_display_zone(at)
    return f"at {local:%H:%M} on {local.day} {local:%B}"


def short_date(day: dt.date) -> str:
    """Return "3 Dec". A datetime is formatted in its own time zone."""
    return f"{day.day} {day:%b}"


def short_date_with_year(day: dt.date) -> str:
    """Return "3 Dec 2025". A datetime is formatted in its own time zone."""
    return f"{short_date(day)} {day:%Y}"


def to_display_zone(at: dt.datetime) -> dt.datetime:
    """Return `at` in the time zone that pages use."""
    return at.astimezone(display_zone())


def display_zone() -> ZoneInfo:
    """Return the time zone that pages use (setting `DISPLAY_TIME_ZONE`)."""
    return _zone(settings.DISPLAY_TIME_ZONE)


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
