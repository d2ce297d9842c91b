"""Periods of reports: whole ISO weeks in the zone in which people read the page."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Week:
    """One ISO week, from Monday midnight (included) to the next (excluded), as aware UTC datetimes."""

    year: int
    number: int
    start: dt.datetime
    end: dt.datetime

    @property
    def key(self) -> str:
        """The week as it is written in addresses, for example "2026-W47"."""
        return f"{self.year}-W{self.number:02d}"

    @property
    def label(self) -> str:
        return f"Week {self.number}"


@dataclass(frozen=True, slots=True)
class Period:
    """Consecutive weeks, oldest first."""

    weeks: tuple[Week, ...]

    @property
    def start(self) -> dt.datetime:
        return self.weeks[0].start

    @property
    def end(self) -> dt.datetime:
        return self.weeks[-1].end

    def preceding(self, zone: ZoneInfo) -> Period:
        """Return the equally long period that ends where this one starts."""
        return _weeks_until(self.start.astimezone(zone).date() - dt.timedelta(days=1), len(self.weeks), zone)

    def find_week(self, key: str) -> Week | None:
        """Return the week with this key; None when the period has none."""
        return next((week for week in self.weeks if week.key == key), None)


def last_weeks(count: int, *, now: dt.datetime, zone: ZoneInfo) -> Period:
    """Return the last `count` ISO weeks, including the running one.

    The running week is the one that contains `now` in `zone`.
    """
    return _weeks_until(now.astimezone(zone).date(), count, zone)


def _weeks_until(day: dt.date, count: int, zone: ZoneInfo) -> Period:
    monday = day - dt.timedelta(days=day.weekday())
    return Period(tuple(_build_week(monday - dt.timedelta(weeks=i), zone) for i in reversed(range(count))))


def _build_week(monday: dt.date, zone: ZoneInfo) -> Week:
    year, number, _ = monday.isocalendar()
    # Midnight to midnight by the calendar: a week with a daylight-saving change is an hour shorter or longer.
    start = dt.datetime.combine(monday, dt.time(), zone).astimezone(dt.UTC)
    end = dt.datetime.combine(monday + dt.timedelta(weeks=1), dt.time(), zone).astimezone(dt.UTC)
    return Week(year, number, start, end)
