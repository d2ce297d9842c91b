"""The hours of the week in which missed targets were due: a map, and its table."""

from __future__ import annotations

from collections import Counter
from typing import Any

from accounts.models.roster import WEEKDAYS
from reports.behind.selections import Links
from reports.charts.week_map import NARROW, WIDE, HourCell, week_map
from reports.dashboards.service_levels.tallies import Targets
from wording.numbers import format_count, format_share

_DAYS = [name[:3] for name in WEEKDAYS]
#: An hour is named when so many missed targets were due in it, and this share of all.
FEWEST, SHARE = 5, 0.1


def hours_context(hours: Counter[int], links: Links, span: str) -> dict[str, Any]:
    """Build what `reports/_missed_hours.html` shows: the map and the table of missed targets by hour."""
    total = sum(hours.values())
    wide = [_cell(hours.get(hour, 0), [hour], links) for hour in range(168)]
    narrow = [
        _cell(sum(hours.get(hour, 0) for hour in three), three, links)
        for first in range(0, 24, 3)
        for weekday in range(7)
        if (three := [weekday * 24 + first + n for n in range(3)])
    ]
    by_hour = [f"{hour:02}" for hour in range(24)]
    shown = {
        "total": format_count(total, "missed target"),
        "count": total,
        "bold": _finding(hours, total),
        "wide": week_map(WIDE, wide, by_hour, _DAYS),
        "narrow": week_map(NARROW, narrow, _DAYS, [f"{hour} h" for hour in by_hour[::3]]),
        "days": _DAYS,
        "rows": [
            {
                "hour": f"{hour:02}:00",
                "cells": [
                    (f"{hours.get(day * 24 + hour, 0):,}", hour_href(day * 24 + hour, links))
                    for day in range(7)
                ],
            }
            for hour in range(24)
        ],
    }
    return {"hours": shown, "span": span, "board": {"name": "service-levels"}, "selection": links}


def hour_href(hour: int, links: Links) -> str:
    """Return the address of the list of one hour of the week."""
    return links.list_href(of="targets", result="missed", due_hour=hour)


def find_worst_hour(targets: Targets) -> tuple[int, int] | None:
    """Return the hour of the week with the most missed targets.

    And their number; None when no hour stands out.
    """
    hours = targets.hours or Counter[int]()
    total = sum(hours.values())
    worst, most = max(hours.items(), key=lambda pair: (pair[1], -pair[0]), default=(0, 0))
    return (worst, most) if most >= FEWEST and most >= SHARE * total else None


def describe_hour(hour: int) -> str:
    """Return "on Mondays between 09:00 and 10:00"."""
    weekday, first = divmod(hour, 24)
    return f"on {WEEKDAYS[weekday]}s between {first:02}:00 and {first + 1:02}:00"


def _finding(hours: Any, total: int) -> str:
    if total < FEWEST:
        return "Fewer than five were missed."
    weekend = sum(n for hour, n in hours.items() if hour >= 5 * 24)
    evening = sum(n for hour, n in hours.items() if hour < 5 * 24 and not 8 <= hour % 24 < 18)
    return (
        f"{format_share(weekend, total)} of {total:,} were due on weekends, "
        f"{format_share(evening, total)} on weekdays before 08:00 or after 18:00."
    )


def _cell(number: int, hours: list[int], links: Links) -> HourCell:
    if not number:
        return HourCell(0, "", "", is_inside=False, is_marked=False)
    weekday, first = divmod(hours[0], 24)
    title = f"{WEEKDAYS[weekday]}s, {first:02}:00–{first + len(hours):02}:00: {number:,} missed"
    href = hour_href(hours[0], links) if len(hours) == 1 else "#missed-hours-table"
    return HourCell(number, title, href, is_inside=False, is_marked=False)
