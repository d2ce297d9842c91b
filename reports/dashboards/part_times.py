"""Times of parts as they are shown: rounded so that they add up, and compared."""

from __future__ import annotations

import datetime as dt
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

K = TypeVar("K", bound=Hashable)
_SECOND, _MINUTE, _HOUR = dt.timedelta(seconds=1), dt.timedelta(minutes=1), dt.timedelta(hours=1)
_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Scale:
    """The unit of a page's times; clock time is shown with days, business time in hours."""

    unit: dt.timedelta
    has_days: bool

    def round(self, time: dt.timedelta) -> dt.timedelta:
        """Round to whole units, a half upwards."""
        return (time + self.unit / 2) // self.unit * self.unit

    def format(self, time: dt.timedelta) -> str:
        """Format a rounded time: "48 s", "1 h 09", "2 d 4 h"."""
        seconds = round(time.total_seconds())
        if self.unit == _SECOND:
            minutes, rest = divmod(seconds, 60)
            return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"
        hours, minutes = divmod(seconds // 60, 60)
        if self.unit == _MINUTE:
            return f"{hours} h {minutes:02d}" if hours else f"{minutes} min"
        days, rest = divmod(hours, 24)
        return f"{days} d {rest} h" if days and self.has_days else f"{hours:,} h"

    def change(self, now: dt.timedelta, before: dt.timedelta) -> str:
        """Return the change between two rounded times: "▼ 27 min", "▲ 2 h", "=" for none."""
        if now == before:
            return "="
        return f"{'▲' if now > before else '▼'} {self.format(abs(now - before))}"


def choose_scale(totals: Iterable[dt.timedelta], *, has_days: bool) -> Scale:
    """Choose a unit in which every total can be told apart."""
    least = min((total for total in totals if total), default=_HOUR)
    if least < 10 * _MINUTE:
        return Scale(_SECOND, has_days)
    return Scale(_HOUR if least >= _DAY else _MINUTE, has_days)


def round_together(times: Mapping[K, dt.timedelta], unit: dt.timedelta) -> dict[K, dt.timedelta]:
    """Round times to whole units so that they add up.

    To their rounded sum. Where one has to give way, it is the one nearest to the middle between two units.
    """
    whole = (sum(times.values(), dt.timedelta()) + unit / 2) // unit
    floors = {key: time // unit for key, time in times.items()}
    missing = whole - sum(floors.values())
    by_rest = sorted(times, key=lambda key: times[key] % unit, reverse=True)
    up = set(by_rest[:missing])
    return {key: (floors[key] + (key in up)) * unit for key in times}


def round_shares(times: Mapping[K, dt.timedelta]) -> dict[K, int]:
    """Return whole percentages that add up to 100; nothing of no time."""
    total = sum(times.values(), dt.timedelta())
    if not total:
        return dict.fromkeys(times, 0)
    hundredths = {key: time * 100 / (total / _MINUTE) for key, time in times.items()}
    return {key: round(share / _MINUTE) for key, share in round_together(hundredths, _MINUTE).items()}
