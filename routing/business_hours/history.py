"""Business time of a calendar whose hours change: each period counts by the hours then in force. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from routing.business_hours.calendar import CompiledCalendar, LocalDay, compile_calendar

_BEGINNING = dt.datetime.min.replace(tzinfo=dt.UTC)
_END = dt.datetime.max.replace(tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True, eq=False)
class VersionedCalendar:
    """Calendars in order, each with the moment from which it is in force; the first has no beginning."""

    versions: tuple[tuple[dt.datetime, CompiledCalendar], ...]

    def calendar_at(self, moment: dt.datetime) -> CompiledCalendar:
        """Return the opening hours in force at `moment`."""
        in_force = self.versions[0][1]
        for since, calendar in self.versions:
            if since > moment:
                break
            in_force = calendar
        return in_force

    def is_open(self, at: dt.datetime) -> bool:
        """Return whether `at` is business time. The end of an interval is not."""
        return self.calendar_at(at).is_open(at)

    def add(self, at: dt.datetime, duration: dt.timedelta) -> dt.datetime | None:
        """Return the earliest moment by which `duration` of business time has passed.

        It is counted from `at`, like `CompiledCalendar.add`. None when the calendar is not open that long
        within fifty years. Raises `ValueError` when `duration` is negative.
        """
        if len(self.versions) == 1:
            return self.versions[0][1].add(at, duration)
        for start, end, calendar in self._stretches_between(at, _END):
            if end == _END:
                return calendar.add(start, duration)
            if (open_for := calendar.between(start, end)) >= duration:
                return calendar.add(start, duration)
            duration -= open_for
        return None

    def between(self, a: dt.datetime, b: dt.datetime) -> dt.timedelta:
        """Return the business time from `a` to `b`; negative when `b` is before `a`."""
        if b < a:
            return -self.between(b, a)
        return sum(
            (calendar.between(start, end) for start, end, calendar in self._stretches_between(a, b)),
            dt.timedelta(),
        )

    def open_spans(self, a: dt.datetime, b: dt.datetime) -> Iterator[tuple[dt.datetime, dt.datetime]]:
        """Yield the open stretches within [a, b), in order.

        By the hours in force during each.
        """
        for start, end, calendar in self._stretches_between(a, b):
            yield from calendar.open_spans(start, end)

    def describe_day(self, date: dt.date) -> LocalDay:
        """Return one local day, as it is shown to people.

        Its hours are those in force at its noon.
        """
        noon = dt.datetime.combine(date, dt.time(12), self.versions[0][1].zone)
        return self.calendar_at(noon).describe_day(date)

    def _stretches_between(
        self, a: dt.datetime, b: dt.datetime
    ) -> Iterator[tuple[dt.datetime, dt.datetime, CompiledCalendar]]:
        for number, (since, calendar) in enumerate(self.versions):
            until = self.versions[number + 1][0] if number + 1 < len(self.versions) else _END
            start, end = (a if number == 0 else max(since, a)), min(until, b)
            if start < end or (start == end == b):
                yield start, end, calendar


def compile_history(versions: Sequence[Mapping[str, Any]]) -> VersionedCalendar:
    """Compile the stored versions of a calendar from JSON.

    `versions` is `[{"from": ISO time or null, "content": snapshot}, …]`, at least one, in the order of their
    numbers. A version is in force from its moment on and replaces earlier versions that were planned for that
    moment or later. Raises `routing.business_hours.calendar.CalendarError`.
    """
    compiled: list[tuple[dt.datetime, CompiledCalendar]] = []
    for version in versions:
        since = dt.datetime.fromisoformat(version["from"]) if version["from"] else _BEGINNING
        compiled = [earlier for earlier in compiled if earlier[0] < since]
        compiled.append((since, compile_calendar(version["content"])))
    return VersionedCalendar(tuple(compiled))
