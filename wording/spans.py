"""Spans of time as text: one function for each place that shows them, all from one table of units.

They differ on purpose: a chip has room for one unit, a countdown must keep its width while it counts, a
figure in a report shows seconds, and business time has no days. A negative span counts as zero.
"""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple


class Unit(NamedTuple):
    """A unit of time: its length in seconds, its symbol, its singular and its plural."""

    seconds: int
    sign: str
    singular: str
    plural: str


DAY = Unit(86_400, "d", "day", "days")
HOUR = Unit(3_600, "h", "h", "h")
MINUTE = Unit(60, "min", "min", "min")
SECOND = Unit(1, "s", "s", "s")
#: Largest first: every span is split in this order.
UNITS = (DAY, HOUR, MINUTE, SECOND)


def short_span(span: dt.timedelta) -> str:
    """Return only the largest unit: "now", "4 min", "2 h", "3 d".

    For chips and for the times in rows.
    """
    for unit, count in zip(UNITS[:-1], _split(span), strict=False):
        if count:
            return f"{count} {unit.sign}"
    return "now"


def long_span(span: dt.timedelta) -> str:
    """Return two units: "3 d 4 h", "1 h 34 min", "under 1 min".

    For sentences.
    """
    days, hours, minutes, _ = _split(span)
    if days:
        return _join((days, DAY), (hours, HOUR))
    return _join((hours, HOUR), (minutes, MINUTE)) or f"under 1 {MINUTE.sign}"


def countdown_span(span: dt.timedelta) -> str:
    """Return two units with two-digit minutes: "2 h 05", "under 1 min".

    Full hours are shown without minutes ("2 h"). `static/js/countdown.js` continues the countdown in the same
    form: change both.
    """
    days, hours, minutes, _ = _split(span)
    if hours and minutes and not days:
        return _padded_hours(hours, minutes)
    return long_span(span)


def figure_span(span: dt.timedelta) -> str:
    """Return two units, or seconds below one minute: "2 h 05", "48 s".

    For figures in reports, rounded to the smallest unit that is shown. Full hours keep their zeros ("2 h 00"), so that
    columns line up.
    """
    if _round_to(span, SECOND) < dt.timedelta(minutes=1):
        return f"{_split(_round_to(span, SECOND))[3]} {SECOND.sign}"
    in_minutes = _round_to(span, MINUTE)
    days, hours, minutes, _ = _split(in_minutes)
    if days:
        return long_span(_round_to(span, HOUR))
    return _padded_hours(hours, minutes) if hours else long_span(in_minutes)


def written_span(span: dt.timedelta) -> str:
    """Return the largest unit, days as a word: "1 day 12 h", "30 s".

    Rounded down. Below ten days or ten hours the next smaller unit follows, unless it is zero.
    """
    counts = _split(span)
    for place, (unit, count) in enumerate(zip(UNITS, counts, strict=True)):
        if not count:
            continue
        words = _write_out(count, unit)
        if count < 10 and unit in (DAY, HOUR) and counts[place + 1]:
            words += f" {_write_out(counts[place + 1], UNITS[place + 1])}"
        return words
    return _write_out(0, SECOND)


def business_span(span: dt.timedelta) -> str:
    """Return business time: "45 min", "2 h", "36 h 30 min".

    In hours rather than days, because business days differ in length.
    """
    days, hours, minutes, _ = _split(span)
    hours += days * DAY.seconds // HOUR.seconds
    return _join((hours, HOUR), (minutes, MINUTE)) or f"0 {MINUTE.sign}"


def format_hours_number(span: dt.timedelta) -> str:
    """Return the hours as a number without a unit: "36.5", "8"."""
    return f"{span / dt.timedelta(seconds=HOUR.seconds):g}"


def _round_to(span: dt.timedelta, unit: Unit) -> dt.timedelta:
    """Round to whole units, a half upwards."""
    size = dt.timedelta(seconds=unit.seconds)
    return (span + size / 2) // size * size


def _split(span: dt.timedelta) -> tuple[int, int, int, int]:
    """Return the whole days, hours, minutes and seconds in `span`.

    All four are zero when it is negative.
    """
    rest = max(int(span.total_seconds()), 0)
    days, rest = divmod(rest, DAY.seconds)
    hours, rest = divmod(rest, HOUR.seconds)
    minutes, seconds = divmod(rest, MINUTE.seconds)
    return days, hours, minutes, seconds


def _join(*parts: tuple[int, Unit]) -> str:
    """Join the parts that are not zero; return "" when all are."""
    return " ".join(f"{count} {unit.sign}" for count, unit in parts if count)


def _padded_hours(hours: int, minutes: int) -> str:
    return f"{hours} {HOUR.sign} {minutes:02d}"


def _write_out(count: int, unit: Unit) -> str:
    return f"{count} {unit.singular if count == 1 else unit.plural}"
