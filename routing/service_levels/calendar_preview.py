"""Describe the next days of a calendar: open hours, holidays, clock changes. Pure except for the holidays."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from routing.business_hours.calendar import CompiledCalendar, LocalDay
from routing.business_hours.history import VersionedCalendar
from routing.business_hours.notation import format_hours
from wording.opening_hours import closes_a_minute_early

PREVIEW_DAYS = 14


@dataclass(frozen=True, slots=True)
class PreviewDay:
    """One day: its date, its hours ("closed"), why it is special, and whether it is open at all."""

    date: str
    hours: str
    notes: list[str]
    is_open: bool


def preview_days(calendar: CompiledCalendar | VersionedCalendar, first: dt.date) -> list[PreviewDay]:
    """Return `PREVIEW_DAYS` days from `first` on, in the calendar's own zone."""
    return [
        _preview_day(calendar.describe_day(first + dt.timedelta(days=number)))
        for number in range(PREVIEW_DAYS)
    ]


def _preview_day(day: LocalDay) -> PreviewDay:
    notes = []
    if day.kind == "holiday":
        notes.append(day.name)
    elif day.kind == "closed":
        notes.append("closed day")
    elif day.kind == "special":
        notes.append("special hours")
    if day.shift:
        notes.append(f"clocks go {'forward' if day.shift > 0 else 'back'} {abs(day.shift)} min")
    if any(closes > 1440 for _, closes in day.intervals):
        notes.append("past midnight")
    if closes_a_minute_early(day.intervals):
        notes.append("closed for the minute before midnight")
    return PreviewDay(
        f"{day.date:%a %-d %b}", format_hours(day.intervals) or "closed", notes, bool(day.intervals)
    )
