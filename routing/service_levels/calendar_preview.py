"""The next days of a calendar in words: open hours, holidays, days on which the clocks change. Pure but for names."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from routing.business_hours.calendar import Calendar, Day
from routing.business_hours.history import VersionedCalendar
from routing.business_hours.notation import say_hours

DAYS = 14


@dataclass(frozen=True, slots=True)
class PreviewDay:
    """One day: its date, its hours ("closed"), why it is special, and whether it is open at all."""

    date: str
    hours: str
    notes: list[str]
    is_open: bool


def preview(calendar: Calendar | VersionedCalendar, first: dt.date) -> list[PreviewDay]:
    """`DAYS` days from `first` on, in the calendar's own zone."""
    return [_said(calendar.day(first + dt.timedelta(days=number))) for number in range(DAYS)]


def _said(day: Day) -> PreviewDay:
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
    return PreviewDay(
        f"{day.date:%a %-d %b}", say_hours(day.intervals) or "closed", notes, bool(day.intervals)
    )
