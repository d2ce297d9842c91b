"""Show when customers write and who is there: the map of hours and weekdays against the roster."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from django.utils.safestring import SafeString

from accounts.models.roster import WEEKDAYS
from reports.behind.hours import describe_hours
from reports.behind.selections import Links, Selection
from reports.charts.week_map import NARROW, WIDE, HourCell, MapLayout, WeekMap, week_map
from reports.dashboards.drawings import draw
from reports.measures.hours.roster import RosterHours, roster_hours
from reports.measures.hours.week import HOURS, HoursOf, HourSpan, WeekHours
from reports.measures.local_times import offsets_between
from reports.periods import Period, name_days
from reports.rollups.times.week_hours import week_hours
from wording.numbers import format_count, format_share

#: Under so many exchanges no share is shown, and no cell is marked.
FEWEST = 5
_SWITCH: tuple[tuple[HoursOf, str], ...] = (
    ("arrivals", "Arrivals"), ("answers", "Answers"), ("waits", "Waited over 1 h"),
)  # fmt: skip
_VERBS = {"arrivals": "arrived", "answers": "answered", "waits": "waited over 1 h"}
_COUNTED = {
    "arrivals": "arrivals",
    "answers": "answers, by the hour in which we gave them",
    "waits": "waited over 1 h or got no answer, by the hour of arrival",
}
_DAYS = [name[:3] for name in WEEKDAYS]


def draw_week_map(selection: Selection) -> SafeString:
    """Draw the map with its table. Three statements, four for the answers."""
    what = selection.hours_of
    chosen = (selection.user, selection.period, selection.filters)
    return draw(
        "reports/_week_map.html",
        _week_map_context,
        week_hours(*chosen, now=selection.now, with_answers=what == "answers"),
        roster_hours(*chosen, now=selection.now),
        what,
        selection.links,
        tuple((label, replace(selection, hours_of=each).as_query(), each == what) for each, label in _SWITCH),
        name_days(selection.period, selection.now),
        _odd_days(selection.period),
    )


def _week_map_context(
    hours: WeekHours,
    roster: RosterHours,
    what: HoursOf,
    links: Links,
    switch: tuple[tuple[str, str, bool], ...],
    span: str,
    odd_days: str,
) -> dict[str, Any]:
    wide = [HourSpan(hour // 24, hour % 24) for hour in range(HOURS)]
    narrow = [HourSpan(weekday, first, 3) for first in range(0, 24, 3) for weekday in range(7)]
    counts, total = hours.of(what), sum(hours.of(what).values())
    bold, rest = _finding(hours, roster, what)
    drawn = _Map(hours, roster, what, links)
    shown = {
        "what": what,
        "switch": switch,
        "counted": _COUNTED[what],
        "bold": bold,
        "rest": rest,
        "week": f"{roster.monday:%-d %b %Y}",
        "has_roster": bool(roster.covered),
        "wide": drawn.draw(WIDE, wide),
        "narrow": drawn.draw(NARROW, narrow),
        "days": _DAYS,
        "rows": [_row(drawn, hour, counts) for hour in range(24)],
        "on_point": [describe_on_point(roster, weekday) for weekday in range(7)],
        "total": format_count(total, "exchange"),
        "all": f"{sum(hours.arrivals.values()):,}",
        "odd_days": odd_days,
    }
    return {"hours": shown, "span": span, "board": {"name": "response"}, "selection": links}


@dataclass(frozen=True, slots=True)
class _Map:
    """Hold what the map shows, and the links of its cells."""

    hours: WeekHours
    roster: RosterHours
    what: HoursOf
    links: Links

    def draw(self, layout: MapLayout, spans: list[HourSpan]) -> WeekMap:
        cells = [self.cell(span) for span in spans]
        by_hour = [f"{hour:02}" for hour in range(0, 24, spans[0].count)]
        if spans[0].count == 1:
            return week_map(layout, cells, by_hour, _DAYS)
        return week_map(layout, cells, _DAYS, [f"{hour} h" for hour in by_hour])

    def cell(self, span: HourSpan) -> HourCell:
        hours, first = self.hours, span.weekday * 24 + span.first
        numbers = range(first, first + span.count)
        number = sum(hours.of(self.what)[hour] for hour in numbers)
        arrived = sum(hours.arrivals[hour] for hour in numbers)
        waited = sum(hours.waits[hour] for hour in numbers)
        covered = sum(hour in self.roster.covered for hour in numbers)
        is_marked = self.what == "arrivals" and arrived >= FEWEST and 2 * waited > arrived
        if not number:
            return HourCell(0, "", "", covered * 2 > span.count, is_marked=False)
        who = "somebody on point" if covered else "nobody on point"
        most = ", most waited over 1 h" if is_marked else ""
        title = f"{describe_hours(span).removeprefix('on ')}: {number:,} {_VERBS[self.what]}{most}; {who}"
        return HourCell(number, title, self.href(span), covered * 2 > span.count, is_marked)

    def href(self, span: HourSpan) -> str:
        several: dict[str, Any] = {"hours": span.count} if span.count > 1 else {}
        return self.links.list_href(of="hour", weekday=span.weekday, hour=span.first, **several)


def _row(drawn: _Map, hour: int, counts: Counter[int]) -> dict[str, Any]:
    cells = [(f"{counts[day * 24 + hour]:,}", drawn.href(HourSpan(day, hour))) for day in range(7)]
    return {
        "hour": f"{hour:02}:00",
        "cells": cells,
        "all": f"{sum(counts[d * 24 + hour] for d in range(7)):,}",
    }


def _finding(hours: WeekHours, roster: RosterHours, what: HoursOf) -> tuple[str, str]:
    """Return the sentence above the map: in bold what it shows, and what follows."""
    counts = hours.of(what)
    total = sum(counts.values())
    if total < FEWEST:
        return "Fewer than five: no share is shown.", ""
    outside = total - sum(counts[hour] for hour in roster.covered)
    share = format_share(outside, total)
    if what == "answers":
        return f"{share} of answers are given when nobody is on point.", ""
    if what == "waits":
        return (
            f"{total:,} of {sum(hours.arrivals.values()):,} waited over an hour or got no answer.",
            f"{share} of them began when nobody was on point.",
        )
    return f"{share} arrive when nobody is on point.", _slow_although_covered(hours, roster)


def _slow_although_covered(hours: WeekHours, roster: RosterHours) -> str:
    """Name the longest run of covered hours in which most wait."""
    slow = [
        hour for hour in sorted(roster.covered)
        if hours.arrivals[hour] >= FEWEST and 2 * hours.waits[hour] > hours.arrivals[hour]
    ]  # fmt: skip
    weekday, first, last = max(_runs(slow), key=lambda run: run[2] - run[1], default=(0, 0, -1))
    if last < first:
        return ""
    return f"Most who write on {WEEKDAYS[weekday]}s {first:02}–{last + 1:02} wait over an hour, although somebody is on point."


def _runs(hours: Iterable[int]) -> list[tuple[int, int, int]]:
    """Return runs of hours within a weekday: (weekday, first hour, last hour)."""
    runs = []
    for _, group in groupby(enumerate(hours), key=lambda pair: (pair[1] // 24, pair[1] - pair[0])):
        run = [hour for _, hour in group]
        runs.append((run[0] // 24, run[0] % 24, run[-1] % 24))
    return runs


def describe_on_point(roster: RosterHours, weekday: int) -> str:
    """Return the hours of a weekday with somebody on point: "08–13, 15–18"; "nobody" for none."""
    hours = [hour for hour in sorted(roster.covered) if hour // 24 == weekday]
    return ", ".join(f"{first:02}–{last + 1:02}" for _, first, last in _runs(hours)) or "nobody"


def _odd_days(period: Period) -> str:
    """Name the days of the period on which clocks change."""
    offsets, begins = offsets_between(period.zone, period.start, period.end)
    words = []
    for n, at in enumerate(begins[1:], start=1):
        if period.start < at < period.end:
            length = 24 - round((offsets[n] - offsets[n - 1]).total_seconds() / 3600)
            words.append(f"{at.astimezone(period.zone):%-d %b} has {length} hours")
    return "; ".join(words)
