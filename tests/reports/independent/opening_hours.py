"""Business time: a calendar is open when the wall clock of its zone shows an opening time, by the hours in force then."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from zoneinfo import ZoneInfo

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
NOTHING = dt.timedelta()


class OpeningHours:
    """The open spans of a calendar between two moments, and how much of them lies between any two."""

    def __init__(
        self, versions: list[tuple[dt.datetime | None, dict]], first: dt.datetime, last: dt.datetime
    ):
        spans = []
        for place, (since, content) in enumerate(versions):
            start = since or first
            end = versions[place + 1][0] if place + 1 < len(versions) else last
            spans += _list_open(content, start, end)
        self.starts = [start for start, _ in spans]
        self.ends = [end for _, end in spans]
        self.before = [NOTHING]
        for start, end in spans:
            self.before.append(self.before[-1] + (end - start))

    def _until(self, at: dt.datetime) -> dt.timedelta:
        place = bisect_right(self.starts, at)
        if not place:
            return NOTHING
        return self.before[place - 1] + min(at, self.ends[place - 1]) - self.starts[place - 1]

    def between(self, start: dt.datetime, end: dt.datetime) -> dt.timedelta:
        return self._until(end) - self._until(start)


def _list_open(content: dict, first: dt.datetime, last: dt.datetime) -> list[tuple[dt.datetime, dt.datetime]]:
    """List the spans in which a calendar is open, joined where they meet."""
    opened = []
    for start, end, offset in _list_offsets(ZoneInfo(content["time_zone"]), first, last):
        day = (start + offset).date() - 2 * DAY
        while dt.datetime(day.year, day.month, day.day, tzinfo=dt.UTC) <= end + offset:
            midnight = dt.datetime(day.year, day.month, day.day, tzinfo=dt.UTC)
            for opens, closes in _hours_of(content, day):
                low = max(midnight + dt.timedelta(minutes=opens) - offset, start)
                high = min(midnight + dt.timedelta(minutes=closes) - offset, end)
                if low < high:
                    opened.append((low, high))
            day += DAY
    joined: list[tuple[dt.datetime, dt.datetime]] = []
    for low, high in sorted(opened):
        if joined and low <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(high, joined[-1][1]))
        else:
            joined.append((low, high))
    return joined


def _hours_of(content: dict, day: dt.date) -> list[list[int]]:
    if str(day) in content.get("closed", ()):
        return []
    return content.get("special", {}).get(str(day), content["week"][day.weekday()])


def _list_offsets(
    zone: ZoneInfo, first: dt.datetime, last: dt.datetime
) -> list[tuple[dt.datetime, dt.datetime, dt.timedelta]]:
    """List the spans in which a zone's clocks stand at one offset; they change at full hours."""
    spans, start, at = [], first, first.replace(minute=0, second=0, microsecond=0)
    while at < last:
        at += HOUR
        before, after = (moment.astimezone(zone).utcoffset() for moment in (max(at - HOUR, first), at))
        if before != after or at >= last:
            spans.append((start, min(at, last), before))
            start = at
    return spans
