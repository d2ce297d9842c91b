"""Numbers, spans and periods as pages write them, by a second hand."""

from __future__ import annotations

import datetime as dt
import math
import re
from dataclasses import dataclass
from fractions import Fraction
from zoneinfo import ZoneInfo

SECOND, MINUTE, HOUR, DAY = (dt.timedelta(seconds=n) for n in (1, 60, 3600, 86400))
NOTHING = "–"


def nearest(span: dt.timedelta, unit: dt.timedelta) -> int:
    """Return whole units, a half upwards."""
    return (2 * span + unit) // (2 * unit)


def span_words(span: dt.timedelta | None) -> str:
    if span is None:
        return NOTHING
    if nearest(span, SECOND) < 60:
        return f"{nearest(span, SECOND)} s"
    minutes = nearest(span, MINUTE)
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 1440:
        return f"{minutes // 60} h {minutes % 60:02d}"
    days, hours = divmod(nearest(span, HOUR), 24)
    return f"{days} d {hours} h" if hours else f"{days} d"


def share(part: float, whole: float) -> str:
    return f"{math.floor(Fraction(100 * part) / Fraction(whole) + Fraction(1, 2))}%" if whole else NOTHING


def few_or_share(part: int, whole: int) -> str:
    """Return a share; of fewer than five both numbers."""
    return f"{part} of {whole}" if 0 < whole < 5 else share(part, whole)


def change_words(now: tuple[int, int], before: tuple[int, int]) -> str:
    """Return how many points lie between two shares, each (part, whole)."""
    if not now[1] or not before[1]:
        return "nothing before to compare with"
    if now[1] < 5 or before[1] < 5:
        return "too few to compare"
    points = round(100 * now[0] / now[1] - 100 * before[0] / before[1])
    return f"{'▲' if points > 0 else '▼'} {count_of(abs(points), 'point')}" if points else "as before"


def left_words(span: dt.timedelta) -> str:
    """Return how long something has left, rounded down."""
    minutes = span // MINUTE
    if minutes >= 1440:
        return (
            f"{minutes // 1440} d {minutes % 1440 // 60} h"
            if minutes % 1440 >= 60
            else f"{minutes // 1440} d"
        )
    hours, rest = divmod(minutes, 60)
    return (
        " ".join(filter(None, (f"{hours} h" if hours else "", f"{rest} min" if rest else "")))
        or "under 1 min"
    )


def number(count: int) -> str:
    return f"{count:,}"


def count_of(count: int, thing: str) -> str:
    return f"{count:,} {thing}" + ("" if count == 1 else "s")


def percentile(values, part: float):
    """Return the percentile by nearest rank; None of nothing."""
    ordered = sorted(values)
    return ordered[max(math.ceil(part * len(ordered)), 1) - 1] if ordered else None


def midnight(day: dt.date, zone: ZoneInfo) -> dt.datetime:
    return dt.datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(dt.UTC)


@dataclass
class Step:
    label: str
    start: dt.datetime
    end: dt.datetime


@dataclass
class Span:
    """Whole days of a zone, [first, after); `unit` decides the steps, and what is compared."""

    first: dt.date
    after: dt.date
    zone: ZoneInfo
    unit: str

    @property
    def start(self) -> dt.datetime:
        return midnight(self.first, self.zone)

    @property
    def end(self) -> dt.datetime:
        return midnight(self.after, self.zone)

    def holds(self, at: dt.datetime) -> bool:
        return self.start <= at < self.end

    def before(self) -> Span:
        """Return the equally long days before; of months the months before."""
        if self.unit == "month":
            months = 12 * (self.after.year - self.first.year) + self.after.month - self.first.month
            return Span(add_months(self.first, -months), self.first, self.zone, self.unit)
        return Span(self.first - (self.after - self.first), self.first, self.zone, self.unit)

    def steps(self) -> list[Step]:
        days = (self.after - self.first).days
        size = "week" if days <= 371 else "month"
        if days <= 35 and (self.unit != "week" or days == 7):
            size = "day"
        steps, day = [], self.first
        while day < self.after:
            if size == "day":
                label, until = f"{day:%a} {day.day} {day:%b}", day + DAY
            elif size == "week":
                label, until = f"Week {day.isocalendar().week}", day + (7 - day.weekday()) * DAY
            else:
                label, until = f"{day:%b %Y}", add_months(day.replace(day=1), 1)
            until = min(until, self.after)
            steps.append(Step(label, midnight(day, self.zone), midnight(until, self.zone)))
            day = until
        return steps


def add_months(day: dt.date, count: int) -> dt.date:
    year, month = divmod(12 * day.year + day.month - 1 + count, 12)
    return dt.date(year, month + 1, day.day)


def read_span(token: str, now: dt.datetime, zone: ZoneInfo) -> Span:
    today = now.astimezone(zone).date()
    if match := re.fullmatch("last-([0-9]+)-weeks", token):
        after = today + (7 - today.weekday()) * DAY
        return Span(after - 7 * int(match[1]) * DAY, after, zone, "week")
    if match := re.fullmatch("last-([0-9]+)-days", token):
        return Span(today - (int(match[1]) - 1) * DAY, today + DAY, zone, "day")
    if match := re.fullmatch("([0-9]+)-W([0-9]+)", token):
        monday = dt.date.fromisocalendar(int(match[1]), int(match[2]), 1)
        return Span(monday, monday + 7 * DAY, zone, "week")
    if match := re.fullmatch("([0-9]+)-Q([1-4])", token):
        first = dt.date(int(match[1]), 3 * int(match[2]) - 2, 1)
        return Span(first, add_months(first, 3), zone, "month")
    if match := re.fullmatch("([0-9]{4})-([0-9]{2})", token):
        first = dt.date(int(match[1]), int(match[2]), 1)
        return Span(first, add_months(first, 1), zone, "month")
    first, last = (dt.date.fromisoformat(day) for day in token.split(".."))
    return Span(first, last + DAY, zone, "free")
