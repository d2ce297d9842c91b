"""Show what arrived today, hour by hour, against what is usual."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.utils.safestring import SafeString

from reports.behind.selections import Links, Selection
from reports.charts.hours import HourBar, hour_chart
from reports.dashboards.drawings import draw
from reports.periods import read_period
from reports.rollups.arrivals import Arrivals, HourOfArrivals, Usual
from reports.rollups.freshness import whole_minute
from wording.numbers import NO_VALUE, format_count

#: An hour stands out when it brought more than on eight in ten days, twice the usual, and so many more.
_TIMES, _MORE = 2, 5


def draw_arrivals(arrivals: Arrivals, selection: Selection, page: dict[str, Any]) -> SafeString:
    """Draw today's arrivals as a chart and a table; see `draw_accounts`.

    They are as of the whole minute.
    """
    zone, minute = selection.period.zone, whole_minute(selection.now)
    days = tuple(_day_href(f"{day}", selection) for day, _ in arrivals.days)
    return draw(
        "reports/_today_arrivals.html", _arrivals_context, arrivals, minute.astimezone(zone), days, selection.links, page
    )  # fmt: skip


def _arrivals_context(
    arrivals: Arrivals, minute: dt.datetime, day_hrefs: Sequence[str], links: Links, page: dict[str, Any]
) -> dict[str, Any]:
    weekday = f"{minute:%A}"
    hours = arrivals.hours
    running = next((each for each in hours if each.is_running), None)
    share = (minute - running.hour.start) / (running.hour.end - running.hour.start) if running else 0.0
    shown = {
        "count": f"{arrivals.count:,}",
        "finding": f"{arrivals.count:,} so far{compare_with_usual(arrivals)}.",
        "weekday": weekday,
        "note": f"n = {format_count(arrivals.count, 'exchange')}; usual: {format_count(len(arrivals.days), weekday)} before",
        "chart": hour_chart([_bar(each, links) for each in hours], share),
        "rows": [_row(each, links) for each in hours],
        "before": [
            {"day": f"{day:%-d %b %Y}", "count": f"{count:,}", "href": href}
            for (day, count), href in zip(arrivals.days, day_hrefs, strict=True)
        ],
        "peak": find_peak(arrivals),
    }
    return {"arrivals": shown, "clock": f"{minute:%H:%M}", **page}


def compare_with_usual(arrivals: Arrivals) -> str:
    """Return ", 7 more than usual by this time".

    "" where nothing is usual yet.
    """
    if arrivals.usual is None:
        return ""
    more = arrivals.count - arrivals.usual.median
    if not more:
        return ", as many as usual by this time"
    return f", {abs(more):,} {'more' if more > 0 else 'fewer'} than usual by this time"


def find_peak(arrivals: Arrivals) -> HourOfArrivals | None:
    """Return the hour that stands out most, None for none."""
    high = [each for each in arrivals.hours if _stands_out(each)]
    return max(
        high, key=lambda each: (each.count or 0) - (each.usual.median if each.usual else 0), default=None
    )


def _stands_out(each: HourOfArrivals) -> bool:
    count, usual = each.count or 0, each.usual
    if usual is None:
        return False
    return count > usual.high and count >= max(_TIMES * usual.median, usual.median + _MORE)


def hour_href(key: str, links: Links) -> str:
    """Return the address of the list of one hour's arrivals."""
    return links.list_href(of="arrived", hour=key)


def _day_href(token: str, selection: Selection) -> str:
    period = read_period({"period": token}, selection.now, selection.period.zone)
    return replace(selection, period=period).list_href(of="response")


def _bar(each: HourOfArrivals, links: Links) -> HourBar:
    words = "not yet" if each.count is None else format_count(each.count, "exchange")
    running = " so far" if each.is_running else ""
    usual = f"; usual {_usual_words(each.usual)}" if each.usual else ""
    return HourBar(
        each.hour.key[:2],
        each.count,
        (each.usual.low, each.usual.median, each.usual.high) if each.usual else None,
        each.is_running,
        f"{each.hour.label}: {words}{running}{usual}",
        hour_href(each.hour.key, links),
    )


def _usual_words(usual: Usual) -> str:
    return f"{usual.median:,}, on 8 of 10 days {usual.low:,} to {usual.high:,}"


def _row(each: HourOfArrivals, links: Links) -> dict[str, Any]:
    usual = each.usual
    return {
        "label": each.hour.label,
        "is_running": each.is_running,
        "count": NO_VALUE if each.count is None else f"{each.count:,}",
        "href": "" if each.count is None else hour_href(each.hour.key, links),
        "median": f"{usual.median:,}" if usual else NO_VALUE,
        "low": f"{usual.low:,}" if usual else NO_VALUE,
        "high": f"{usual.high:,}" if usual else NO_VALUE,
    }
