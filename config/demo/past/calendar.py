"""The days of the past: how many cases each had, and at which hours. Working days, a bad week, a recall. Pure."""

from __future__ import annotations

import datetime as dt
import random
from zoneinfo import ZoneInfo

DAYS, CASES = 56, 4_000
#: Days before the beginning of the demo: the week in which half of the people were ill, and that of the recall.
BAD_WEEK, RECALL = range(29, 36), range(16, 20)
_RECALL_CASES = 45
_BY_WEEKDAY = (1.15, 1.1, 1.0, 1.0, 0.95, 0.6, 0.4)
_HOUR = dt.timedelta(hours=1)
#: The people work by the clock of London.
_OFFICE, _OPENS, _CLOSES = ZoneInfo("Europe/London"), 8, 20


def count_cases(day: int, began: dt.datetime) -> tuple[int, int]:
    """Return how many cases came that many days before the beginning: ordinary ones, and of the recall."""
    weights = [_weight(each, began) for each in range(DAYS)]
    ordinary = CASES - _RECALL_CASES * len(RECALL)
    until = round(ordinary * sum(weights[: day + 1]) / sum(weights))
    before = round(ordinary * sum(weights[:day]) / sum(weights))
    return until - before, _RECALL_CASES if day in RECALL else 0


def _weight(day: int, began: dt.datetime) -> float:
    weekday = (began - day * 24 * _HOUR).weekday()
    return _BY_WEEKDAY[weekday] * (1.25 - 0.5 * day / DAYS)


def draw_arrival(dice: random.Random, day: int, began: dt.datetime, zone: str) -> dt.datetime:
    """Return when a customer wrote who lives in `zone`: most at lunch and in the evening there."""
    hour = dice.gauss(12.5, 2.5) if dice.random() < 0.6 else dice.gauss(19.5, 2.2)
    date = (began - (day + 1) * 24 * _HOUR).astimezone(ZoneInfo(zone)).date()
    minutes = int(min(max(hour, 0), 23.9) * 60) + dice.randrange(0, 5)
    local = dt.datetime.combine(date, dt.time(), ZoneInfo(zone)).replace(
        hour=minutes // 60, minute=minutes % 60
    )
    return local.astimezone(dt.UTC) + dt.timedelta(seconds=dice.randrange(60))


def next_office_hour(at: dt.datetime) -> dt.datetime:
    """Return `at`, or when people come back to the office after it."""
    local = at.astimezone(_OFFICE)
    if local.weekday() < 6 and _OPENS <= local.hour < _CLOSES:
        return at
    opening = local.replace(hour=_OPENS, minute=0, second=0)
    while opening <= local or opening.weekday() == 6:
        opening = (opening + 24 * _HOUR).replace(hour=_OPENS)
    return opening.astimezone(dt.UTC)
