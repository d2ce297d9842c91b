"""Periods of reports: whole days by the calendar of one zone, in steps that cover them without gap or overlap.

An address names a period: `?period=last-8-weeks` (days, months and quarters, too), `2026-W47`, `2026-10`, `2026-Q3`,
`2026-10-25`, `2026-10-01..2026-10-31`; `by=day`, `week` or `month` chooses the steps. `?weeks=8` is the older form.
"""

from __future__ import annotations

import datetime as dt
import re
from calendar import monthrange
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, get_args
from zoneinfo import ZoneInfo

Unit = Literal["day", "week", "month", "quarter", "free"]
StepSize = Literal["day", "week", "month"]
Comparison = Literal["before", "last-year", "none"]

#: The period of an address that names none.
DEFAULT = "last-8-weeks"
#: The most days of a period, and the most steps in which one is shown.
_MOST_DAYS, _MOST_STEPS = 3700, 120
#: Up to so many days a period is shown by day, up to so many by week, a longer one by month.
_DAYS_BY_DAY, _DAYS_BY_WEEK = 35, 371
_YEARS = range(2000, 2100)
_DAY, _WEEK = dt.timedelta(days=1), dt.timedelta(weeks=1)


@dataclass(frozen=True, slots=True)
class Step:
    """One step, [start, end) as aware UTC datetimes: `key` in addresses, `label` in tables, `mark` under a chart."""

    key: str
    label: str
    mark: str
    start: dt.datetime
    end: dt.datetime


@dataclass(frozen=True, slots=True)
class Period:
    """A period, [start, end) as aware UTC datetimes; `token` is how an address names it."""

    start: dt.datetime
    end: dt.datetime
    zone: ZoneInfo
    unit: Unit
    steps: tuple[Step, ...]
    token: str
    by: StepSize

    @property
    def first_day(self) -> dt.date:
        return self.start.astimezone(self.zone).date()

    @property
    def day_after(self) -> dt.date:
        """The first day that is no longer part of the period."""
        return self.end.astimezone(self.zone).date()

    def preceding(self) -> Period:
        """Return the equally long period that ends where this one starts."""
        first, after = self.first_day, self.day_after
        if self.unit in ("month", "quarter"):
            return _build_between(_add_months(first, -_count_months(first, after)), first, self)
        return _build_between(first - (after - first), first, self)

    def year_before(self) -> Period:
        """Return the same weeks, months or days of the year before."""
        first, after = self.first_day, self.day_after
        if self.unit == "week":
            return _build_between(first - 52 * _WEEK, after - 52 * _WEEK, self)
        return _build_between(_add_months(first, -12), _add_months(after, -12), self)

    def find_step(self, key: str) -> Step | None:
        """Return the step with this key; None when the period has none."""
        return next((step for step in self.steps if step.key == key), None)

    def narrow(self, step: Step) -> Period:
        """Return the part of this period that is one of its steps."""
        return Period(step.start, step.end, self.zone, self.unit, (step,), self.token, self.by)

    def as_query(self) -> dict[str, str]:
        """Return the parameters of an address that name this period."""
        usual = _usual_size(self.unit, self.first_day, self.day_after)
        return {"period": self.token} | ({} if self.by == usual else {"by": self.by})


def read_period(query: Mapping[str, str], now: dt.datetime, zone: ZoneInfo) -> Period:
    """Read the period that an address names.

    What is unreadable, or longer than ten years, is the default.
    """
    name, by = _name_wanted(query), query.get("by", "")
    today = now.astimezone(zone).date()
    days = _read_days(name, today)
    if days is None:
        name = DEFAULT
        days = _last_weeks(8, today)
    unit, first, after = days
    size = next((size for size in get_args(StepSize) if size == by), None)
    return _build(unit, first, after, zone, name, size)


def find_unread_period(query: Mapping[str, str], now: dt.datetime, zone: ZoneInfo) -> str:
    """Return what an address wrongly names as a period; "" for nothing."""
    name = _name_wanted(query) or query.get("weeks", "")
    if not name or _read_days(name, now.astimezone(zone).date()):
        return ""
    return name.replace("..", " to ") if query.get("period") == "free" else name


def _name_wanted(query: Mapping[str, str]) -> str:
    name = query.get("period", "")
    if name == "free":
        # The two fields of the form.
        return f"{query.get('first', '')}..{query.get('last', '')}"
    if not name and (weeks := re.fullmatch("[1-9][0-9]{0,2}", query.get("weeks", ""))):
        return f"last-{weeks[0]}-weeks"
    return name


def last_weeks(count: int, *, now: dt.datetime, zone: ZoneInfo) -> Period:
    """Return the last `count` ISO weeks by week, including the running one.

    The running week is the one that contains `now` in `zone`.
    """
    return read_period({"period": f"last-{count}-weeks", "by": "week"}, now, zone)


def read_comparison(query: Mapping[str, str]) -> Comparison:
    """Read with what a period is compared: `?compare=last-year` or `none`; by default with the one before it."""
    chosen = query.get("compare", "")
    return next((each for each in get_args(Comparison) if each == chosen), "before")


def compare_period(period: Period, comparison: Comparison) -> Period | None:
    """Return the period to compare with; None for no comparison."""
    if comparison == "none":
        return None
    return period.year_before() if comparison == "last-year" else period.preceding()


def name_days(period: Period, now: dt.datetime | None = None) -> str:
    """Return the days of a period: "26 Oct – 22 Nov 2026"; of a running one those until `now`."""
    first, last = period.first_day, period.day_after - _DAY
    if now is not None:
        last = max(first, min(last, now.astimezone(period.zone).date()))
    if first == last:
        return f"{first:%-d %b %Y}"
    year = f" {first:%Y}" if first.year != last.year else ""
    return f"{first:%-d %b}{year} – {last:%-d %b %Y}"


_Days = tuple[Unit, dt.date, dt.date]


def _read_days(token: str, today: dt.date) -> _Days | None:
    """Return unit, first day and the day after of a period; None for what names none."""
    for pattern, read in _FORMS:
        if match := re.fullmatch(pattern, token, re.ASCII):
            try:
                days = read(match, today)
            except (ValueError, OverflowError):
                return None
            _, first, after = days
            is_known = first.year in _YEARS and after.year in _YEARS
            return days if is_known and dt.timedelta() < after - first <= _MOST_DAYS * _DAY else None
    return None


def _last_weeks(count: int, today: dt.date) -> _Days:
    after = _monday(today) + _WEEK
    return "week", after - count * _WEEK, after


def _read_last(match: re.Match[str], today: dt.date) -> _Days:
    count, unit = int(match[1]), match[2]
    if unit == "day":
        return "day", today - (count - 1) * _DAY, today + _DAY
    if unit == "week":
        return _last_weeks(count, today)
    if unit == "month":
        after = _add_months(today.replace(day=1), 1)
        return "month", _add_months(after, -count), after
    after = _add_months(_quarter(today), 3)
    return "quarter", _add_months(after, -3 * count), after


def _read_week(match: re.Match[str], today: dt.date) -> _Days:
    monday = dt.date.fromisocalendar(int(match[1]), int(match[2]), 1)
    return "week", monday, monday + _WEEK


def _read_month(match: re.Match[str], today: dt.date) -> _Days:
    first = dt.date(int(match[1]), int(match[2]), 1)
    return "month", first, _add_months(first, 1)


def _read_quarter(match: re.Match[str], today: dt.date) -> _Days:
    first = dt.date(int(match[1]), 3 * int(match[2]) - 2, 1)
    return "quarter", first, _add_months(first, 3)


def _read_day(match: re.Match[str], today: dt.date) -> _Days:
    day = dt.date.fromisoformat(match[1])
    return "day", day, day + _DAY


def _read_free(match: re.Match[str], today: dt.date) -> _Days:
    first, last = dt.date.fromisoformat(match[1]), dt.date.fromisoformat(match[2])
    return "free", min(first, last), max(first, last) + _DAY


_FORMS: tuple[tuple[str, Callable[[re.Match[str], dt.date], _Days]], ...] = (
    ("last-([1-9][0-9]{0,2})-(day|week|month|quarter)s?", _read_last),
    ("([0-9]{4})-W([0-9]{2})", _read_week),
    ("([0-9]{4})-Q([1-4])", _read_quarter),
    ("([0-9]{4})-([0-9]{2})", _read_month),
    ("([0-9]{4}-[0-9]{2}-[0-9]{2})", _read_day),
    (r"([0-9]{4}-[0-9]{2}-[0-9]{2})\.\.([0-9]{4}-[0-9]{2}-[0-9]{2})", _read_free),
)


def _build_between(first: dt.date, after: dt.date, like: Period) -> Period:
    token = f"{first}..{after - _DAY}"
    return _build(like.unit, first, after, like.zone, token, like.by)


# A page asks for the same two periods again for each of its rows.
@lru_cache(maxsize=256)
def _build(
    unit: Unit, first: dt.date, after: dt.date, zone: ZoneInfo, token: str, size: StepSize | None
) -> Period:
    chosen = size or _usual_size(unit, first, after)
    if _count_steps(chosen, first, after) > _MOST_STEPS:
        chosen = "month"
    steps = tuple(_list_steps(chosen, first, after, zone))
    return Period(start_of_day(first, zone), start_of_day(after, zone), zone, unit, steps, token, chosen)


def _usual_size(unit: Unit, first: dt.date, after: dt.date) -> StepSize:
    days = (after - first).days
    if days <= _DAYS_BY_DAY and (unit != "week" or days == 7):
        return "day"
    return "week" if days <= _DAYS_BY_WEEK else "month"


def _count_steps(size: StepSize, first: dt.date, after: dt.date) -> int:
    return (after - first).days // {"day": 1, "week": 7, "month": 30}[size]


def _list_steps(size: StepSize, first: dt.date, after: dt.date, zone: ZoneInfo) -> Iterator[Step]:
    """Yield the steps of a period; the first and the last may be parts of a week or month."""
    day = first
    while day < after:
        if size == "day":
            key, label, until = f"{day}", f"{day:%a} {day:%-d %b}", day + _DAY
        elif size == "week":
            year, week, _ = day.isocalendar()
            key, label, until = f"{year}-W{week:02d}", f"Week {week}", _monday(day) + _WEEK
        else:
            key, label, until = f"{day:%Y-%m}", f"{day:%b %Y}", _add_months(day.replace(day=1), 1)
        until = min(until, after)
        mark = f"{day:%b}" if size == "month" else f"{day:%-d %b}"
        yield Step(key, label, mark, start_of_day(day, zone), start_of_day(until, zone))
        day = until


def start_of_day(day: dt.date, zone: ZoneInfo) -> dt.datetime:
    """Return the first moment of a day, in UTC.

    Where clocks jump over midnight, `fold=0` reads it with the offset before: the moment of the jump.
    """
    return dt.datetime.combine(day, dt.time(), zone).astimezone(dt.UTC)


def _monday(day: dt.date) -> dt.date:
    return day - day.weekday() * _DAY


def _quarter(day: dt.date) -> dt.date:
    return day.replace(month=3 * ((day.month - 1) // 3) + 1, day=1)


def _count_months(first: dt.date, after: dt.date) -> int:
    return 12 * (after.year - first.year) + after.month - first.month


def _add_months(day: dt.date, count: int) -> dt.date:
    """Return the same day of another month; the last day of a month that has no such day."""
    year, month = divmod(12 * day.year + day.month - 1 + count, 12)
    return dt.date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
