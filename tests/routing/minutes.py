"""Business time the slow way: minute by minute, reading the clock on the wall each time. It shares no line with
`routing.calendars`."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import holidays

MINUTE = dt.timedelta(minutes=1)
UTC = dt.UTC


class Walker:
    """Takes the same snapshot as `compile_calendar`."""

    def __init__(self, snapshot):
        self.zone = ZoneInfo(snapshot["time_zone"])
        self.snapshot = snapshot
        country = snapshot.get("country")
        self.holidays = (
            holidays.country_holidays(
                country, subdiv=snapshot.get("subdivision") or None, years=range(2019, 2029)
            )
            if country
            else {}
        )
        self._hours = {}

    def hours(self, day):
        if day not in self._hours:
            name = day.isoformat()
            if name in self.snapshot.get("special", {}):
                found = self.snapshot["special"][name]
            elif name in self.snapshot.get("closed", []) or day in self.holidays:
                found = []
            else:
                found = self.snapshot["week"][day.weekday()]
            self._hours[day] = found
        return self._hours[day]

    def is_open(self, at):
        wall = at.astimezone(self.zone)
        minute = wall.hour * 60 + wall.minute
        today = wall.date()
        yesterday = today - dt.timedelta(days=1)
        return any(a <= minute < b for a, b in self.hours(today)) or any(
            a <= minute + 1440 < b for a, b in self.hours(yesterday)
        )

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
