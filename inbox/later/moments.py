"""Moments that people choose: presets and a free day and time, in the reader's time zone."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from inbox.changes.refusals import Invalid
from wording.times import coming_time, display_zone, to_display_zone

_MORNING, _AFTERNOON = dt.time(9), dt.time(15)


@dataclass(frozen=True, slots=True)
class Preset:
    """A moment to choose with one click: its key in forms, its name, and when that is."""

    key: str
    label: str
    at: dt.datetime
    words: str


def list_presets(now: dt.datetime) -> list[Preset]:
    """Return the presets that are still ahead.

    This afternoon not after 14:00.
    """
    today = to_display_zone(now).date()
    monday = today + dt.timedelta(days=7 - today.weekday())
    moments = [
        ("2h", "In 2 hours", _whole_minute(now + dt.timedelta(hours=2))),
        ("afternoon", "This afternoon", at_local(today, _AFTERNOON)),
        ("tomorrow", "Tomorrow", at_local(today + dt.timedelta(days=1), _MORNING)),
        ("monday", "Next Monday", at_local(monday, _MORNING)),
    ]
    soonest = {"afternoon": now + dt.timedelta(hours=1)}
    return [
        Preset(key, label, at, coming_time(at, now))
        for key, label, at in moments
        if at >= soonest.get(key, now)
    ]


def parse_moment(key: str, day: str, time: str, now: dt.datetime) -> dt.datetime:
    """Return the moment of a preset, or of a day and time.

    In the reader's zone. A day without a time means its morning, a time without a day the next such time. Raises `Invalid`.
    """
    if key:
        chosen = next((preset.at for preset in list_presets(now) if preset.key == key), None)
        if chosen is None:
            raise Invalid("That time is past. Choose one that is still to come.")
        return chosen
    if not (day or time):
        raise Invalid("Choose a day and a time.")
    try:
        clock = (
            dt.time.fromisoformat(time).replace(tzinfo=None, second=0, microsecond=0) if time else _MORNING
        )
        local_now = to_display_zone(now)
        if day:
            return at_local(dt.date.fromisoformat(day), clock)
        today = at_local(local_now.date(), clock)
        return today if today > now else at_local(local_now.date() + dt.timedelta(days=1), clock)
    except (ValueError, OverflowError) as error:
        raise Invalid("Choose a day and a time, as in 2026-12-31 and 09:00.") from error


def at_local(day: dt.date, clock: dt.time) -> dt.datetime:
    """Return a time of day in the reader's zone, in UTC.

    A time that the clocks skip on that day is as much later as they are put forward; of one that comes twice, the first.
    """
    return dt.datetime.combine(day, clock, display_zone()).astimezone(dt.UTC)


def _whole_minute(at: dt.datetime) -> dt.datetime:
    return at.replace(second=0, microsecond=0)
