"""Count what arrived today, hour by hour, against the same weekday of the weeks before. Read from facts."""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from accounts.models import User
from reports.filters import Filters
from reports.measures.local_times import Hour, list_hours, same_time, same_weekdays
from reports.models import FactKind
from reports.periods import start_of_day
from reports.rollups.choices import choose
from reports.rollups.covering import Cover
from reports.rollups.freshness import freshen_for, whole_minute
from reports.rollups.tallies import count_facts, list_values, nearest_rank

#: Weeks to compare with, and how few of them say what is usual.
WEEKS, LEAST_DAYS = 8, 3
#: The steps of one day in a cover: two for each of at most 25 hours, because `now` divides one.
_STEPS = 64
_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Usual:
    """Hold what is usual: the median, and what eight in ten days lie between, by nearest rank."""

    median: int
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class HourOfArrivals:
    """The exchanges that arrived in one hour of today; `count` is None for an hour that has not begun."""

    hour: Hour
    count: int | None
    is_running: bool
    usual: Usual | None


@dataclass(frozen=True, slots=True)
class Arrivals:
    """The exchanges that need an answer and arrived today. `days` are the days before that are compared with."""

    hours: tuple[HourOfArrivals, ...]
    count: int
    #: Up to this time of the day.
    usual: Usual | None
    days: tuple[tuple[dt.date, int], ...]
    by_department: Counter[tuple[str, int]]


def arrivals_today(user: User, filters: Filters, *, now: dt.datetime, zone: ZoneInfo) -> Arrivals:
    """Count today's arrivals by hour. One statement."""
    freshen_for(user, now)
    today = now.astimezone(zone).date()
    days = [today, *same_weekdays(today, WEEKS)]
    hours = [list_hours(day, zone) for day in days]
    # To the minute that the page names, so that what was counted in it serves again.
    minute = whole_minute(now)
    cuts = [minute, *(same_time(minute, day, zone) for day in days[1:])]
    cover = Cover(rest=[part for n in range(len(days)) for part in _steps(n, hours[n], cuts[n])])
    counts = Counter[int]()
    by_department = Counter[tuple[str, int]]()
    for step, (department_id,), n in count_facts(
        FactKind.EXCHANGE, user, choose(user, filters), cover, ("department_id",)
    ):
        counts[step] += n
        if step < _STEPS:
            by_department[hours[0][step // 2].key, department_id] += n
    before = _known_days(counts)
    totals = [sum(counts[step] for step in range(n * _STEPS, (n + 1) * _STEPS, 2)) for n in range(len(days))]
    return Arrivals(
        tuple(_hour(place, hours, counts, before, now) for place in range(len(hours[0]))),
        sum(counts[step] for step in range(_STEPS)),
        find_usual([totals[n] for n in before]),
        tuple((days[n], totals[n]) for n in before),
        by_department,
    )


def first_responses_today(
    user: User, filters: Filters, *, now: dt.datetime, zone: ZoneInfo
) -> tuple[int, dt.timedelta | None, dt.timedelta | None, dt.timedelta | None]:
    """Measure today's first responses: number, median, p90.

    And the median of the same weekdays before. Two statements.
    """
    freshen_for(user, now)
    today, choice = now.astimezone(zone).date(), choose(user, filters)
    of_today, before = (
        list_values(FactKind.CASE, user, choice, Cover(rest=[_whole(day, zone) for day in days]), "answered")
        for days in ([today], same_weekdays(today, WEEKS))
    )
    count = sum(number for _, number in of_today)
    return count, nearest_rank(of_today, 0.5), nearest_rank(of_today, 0.9), nearest_rank(before, 0.5)


def find_usual(values: Sequence[int]) -> Usual | None:
    """Return the median and the band of eight in ten; None of too few days."""
    if len(values) < LEAST_DAYS:
        return None
    ranked = sorted(values)
    low, median, high = (ranked[max(math.ceil(share * len(ranked)), 1) - 1] for share in (0.1, 0.5, 0.9))
    return Usual(median, low, high)


def _steps(day: int, hours: Iterable[Hour], cut: dt.datetime) -> list[tuple[dt.datetime, dt.datetime, int]]:
    """Return the hours of a day as steps: an even number up to the time of day that it is now, the next for what follows."""
    parts = []
    for place, hour in enumerate(hours):
        middle = min(max(cut, hour.start), hour.end)
        number = day * _STEPS + 2 * place
        parts += [(hour.start, middle, number), (middle, hour.end, number + 1)]
    return [part for part in parts if part[0] < part[1]]


def _known_days(counts: Counter[int]) -> list[int]:
    """Return the days before, by number.

    Without those of the time when nothing was counted yet.
    """
    filled = [step // _STEPS for step, n in counts.items() if n and step >= _STEPS]
    return list(range(1, max(filled, default=0) + 1))


def _hour(
    place: int, hours: Sequence[Sequence[Hour]], counts: Counter[int], before: Iterable[int], now: dt.datetime
) -> HourOfArrivals:
    hour = hours[0][place]
    others = []
    for day in before:
        # An hour that comes twice today came once then; one that was jumped over then tells nothing.
        keys = [other.key for other in hours[day]]
        key = hour.key if hour.key in keys else hour.key[:2]
        if key in keys:
            step = day * _STEPS + 2 * keys.index(key)
            others.append(counts[step] + counts[step + 1])
    has_begun = hour.start <= now
    count = counts[2 * place] + counts[2 * place + 1] if has_begun else None
    return HourOfArrivals(hour, count, has_begun and now < hour.end, find_usual(others))


def _whole(day: dt.date, zone: ZoneInfo) -> tuple[dt.datetime, dt.datetime, int]:
    return start_of_day(day, zone), start_of_day(day + _DAY, zone), 0
