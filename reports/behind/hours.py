"""The lists behind the cells of the map of hours and weekdays."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace

from accounts.models import User
from accounts.models.roster import WEEKDAYS
from reports.behind.lists import LONGEST, NumberList
from reports.behind.selections import read_hours_of
from reports.filters import Filters
from reports.measures.hours.week import HourSpan, hour_units
from reports.periods import Period

_TITLES = {
    "arrivals": "Exchanges that began {}",
    "answers": "Exchanges that we answered {}",
    "waits": "Exchanges that began {} and waited over an hour",
}


def list_of_hour(
    user: User, period: Period, filters: Filters, query: Mapping[str, str], now: dt.datetime
) -> NumberList | None:
    """Return the list behind one cell: `weekday` (Monday is 0), `hour`, and `hours` for several of them."""
    what, span = read_hours_of(query), _read_span(query)
    if span is None:
        return None
    behind = NumberList(
        _TITLES[what].format(describe_hours(span)),
        "exchanges",
        hour_units(user, period, filters, what, span, now=now),
        at_label="Arrived",
        span_label="Answered after",
    )
    return replace(behind, order=LONGEST) if what == "waits" else behind


def describe_hours(span: HourSpan) -> str:
    """Return "on Mondays, 08:00–09:00"."""
    return f"on {WEEKDAYS[span.weekday]}s, {span.first:02}:00–{span.first + span.count:02}:00"


def _read_span(query: Mapping[str, str]) -> HourSpan | None:
    texts = [query.get("weekday", ""), query.get("hour", ""), query.get("hours") or "1"]
    if not all(text.isascii() and text.isdigit() and len(text) < 3 for text in texts):
        return None
    weekday, first, count = map(int, texts)
    return HourSpan(weekday, first, count) if weekday < 7 and count and first + count <= 24 else None
