"""Business time the slow way: minute by minute, reading the clock on the wall each time. It shares no line with
`routing.business_hours.calendar`."""

from __future__ import annotations

import datetime as dt
import functools
from zoneinfo import ZoneInfo

import holidays

MINUTE = dt.timedelta(minutes=1)
UTC = dt.UTC


@functools.cache
def holidays_of(country, subdivision):
    return holidays.country_holidays(country, subdiv=subdivision, years=range(2019, 2029))


class Walker:
    """Takes the same snapshot as `compile_calendar`."""

    def __init__(self, snapshot):
        self.zone = ZoneInfo(snapshot["time_zone"])
        self.snapshot = snapshot
        country = snapshot.get("country")
        self.holidays = holidays_of(country, snapshot.get("subdivision") or None) if country else {}
        self._open = {}

    def hours(self, day):
        name = day.isoformat()
        if name in self.snapshot.get("special", {}):
            return self.snapshot["special"][name]
        if name in self.snapshot.get("closed", []) or day in self.holidays:
            return []
        return self.snapshot["week"][day.weekday()]

    def open_minutes(self, day):
        """Of the day's 1,440; what began the day before and goes past midnight included."""
        if day not in self._open:
            found = {minute for a, b in self.hours(day) for minute in range(a, b)}
            yesterday = day - dt.timedelta(days=1)
            found |= {minute - 1440 for a, b in self.hours(yesterday) for minute in range(max(a, 1440), b)}
            self._open[day] = found
        return self._open[day]

    def is_open(self, at):
        wall = at.astimezone(self.zone)
        return wall.hour * 60 + wall.minute in self.open_minutes(wall.date())

    def add(self, at, duration, limit=dt.timedelta(days=40)):
        left, cell = duration, at.replace(second=0, microsecond=0)
        end = at + limit
        if not left:
            return at
        while cell < end:
            start = max(cell, at)
            if self.is_open(cell):
                length = cell + MINUTE - start
                if length >= left:
                    return start + left
                left -= length
            cell += MINUTE
        return None

    def between(self, a, b):
        total, cell = dt.timedelta(), a.replace(second=0, microsecond=0)
        while cell < b:
            if self.is_open(cell):
                total += min(cell + MINUTE, b) - max(cell, a)
            cell += MINUTE
        return total
