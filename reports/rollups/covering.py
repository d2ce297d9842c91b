"""Cover a period exactly: whole weeks by cells, and the rest from the facts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from zoneinfo import ZoneInfo

from reports.periods import Period, start_of_day
from reports.rollups.freshness import Freshness

_DAY, _WEEK = dt.timedelta(days=1), dt.timedelta(weeks=1)


@dataclass(slots=True)
class Cover:
    """Some steps: whole weeks as (start, end, number of the step), and the rest likewise."""

    weeks: list[tuple[dt.datetime, dt.datetime, int]] = field(default_factory=list)
    rest: list[tuple[dt.datetime, dt.datetime, int]] = field(default_factory=list)


def cover_steps(period: Period, freshness: Freshness) -> Cover:
    """Return the cover of each step of a period; numbers count from 0.

    Cells are only of use in the zone whose weeks they are.
    """
    return _cover([(step.start, step.end) for step in period.steps], period.zone, freshness.cell_zone)


def cover_whole(period: Period, freshness: Freshness) -> Cover:
    """Return the cover of a period as one step, number 0."""
    return _cover([(period.start, period.end)], period.zone, freshness.cell_zone)


def _cover(spans: Sequence[tuple[dt.datetime, dt.datetime]], zone: ZoneInfo, cell_zone: str) -> Cover:
    cover = Cover()
    for number, (start, end) in enumerate(spans):
        weeks = _whole_weeks(start, end, zone) if str(zone) == cell_zone else []
        cover.weeks += [(week, after, number) for week, after in pairwise(weeks)]
        edges = [(start, weeks[0]), (weeks[-1], end)] if weeks else [(start, end)]
        cover.rest += [(first, last, number) for first, last in edges if first < last]
    return cover


def _whole_weeks(start: dt.datetime, end: dt.datetime, zone: ZoneInfo) -> list[dt.datetime]:
    """Return the starts of whole weeks, and the end of the last.

    Empty when the span holds none.
    """
    day = start.astimezone(zone).date()
    monday = day - day.weekday() * _DAY
    if start_of_day(monday, zone) < start:
        monday += _WEEK
    starts = []
    while (at := start_of_day(monday, zone)) <= end:
        starts.append(at)
        monday += _WEEK
    return starts if len(starts) > 1 else []
