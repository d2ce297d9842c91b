"""Times as text, in the reader's time zone: one function for each form that is shown.

The reader is whoever asked for the page that is being built (`show_times_in`), and may have chosen a zone. Where nobody
reads, as in a task, and for days that count for everybody, it is the company's zone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from django.conf import settings

from wording.spans import short_span, written_span

#: Returns the name of the reader's zone, "" for the company's. It is asked only when a time is shown.
_reader_zone_name: ContextVar[Callable[[], str]] = ContextVar("reader_zone_name", default=str)


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

    "now" means less than one second from `now`. The exact time names its zone: "18 Nov 2025 10:02:31 UTC".
    """
    local = to_display_zone(at)
    exact = f"{local.day} {local:%b %Y %H:%M:%S %Z}"
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


def coming_time(at: dt.datetime, now: dt.datetime) -> str:
    """Return a time that is still to come: "today 15:00", "tomorrow 09:00", "Mon 7 Dec 09:00".

    The year is shown only when it differs.
    """
    local, today = to_display_zone(at), to_display_zone(now).date()
    days = (local.date() - today).days
    year = f" {local:%Y}" if local.year != today.year else ""
    day = {0: "today", 1: "tomorrow"}.get(days, f"{local:%a} {short_date(local)}{year}")
    return f"{day} {local:%H:%M}"


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
    """Return `at` in the reader's time zone."""
    return at.astimezone(display_zone())


def display_zone() -> ZoneInfo:
    """Return the reader's time zone; where there is none, the company's."""
    if name := _reader_zone_name.get()():
        try:
            return _zone(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            pass
    return company_zone()


def company_zone() -> ZoneInfo:
    """Return the company's time zone (setting `DISPLAY_TIME_ZONE`).

    Days and weeks that are the same for everybody are counted in it: leave, reports.
    """
    return _zone(settings.DISPLAY_TIME_ZONE)


def zone_names() -> list[str]:
    """Return the names of time zones that people choose from."""
    return sorted(
        name
        for name in available_timezones()
        if name == "UTC" or ("/" in name and not name.startswith(("Etc/", "posix", "right")))
    )


@contextmanager
def show_times_in(zone_name: Callable[[], str]) -> Iterator[None]:
    """Show times in a zone until the block ends.

    The function returns its name, "" for the company's.
    """
    before = _reader_zone_name.set(zone_name)
    try:
        yield
    finally:
        _reader_zone_name.reset(before)


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
