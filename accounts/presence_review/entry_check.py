"""The entry check: what an account would bring, against the hours in which somebody of its owners is on point."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from zoneinfo import ZoneInfo

from accounts import shifts
from accounts.models import BrandAccount, Department, Lifecycle
from accounts.models.roster import WEEKDAYS
from accounts.roster.planning import load_rosters
from wording.numbers import format_count
from wording.times import company_zone

#: Messages of so many days at most are looked at; a shorter sample counts as a week.
SAMPLE_DAYS, _SHORTEST = 90, dt.timedelta(days=7)
#: Each returns the share of recent messages that needed an answer, None for no messages. Other apps add theirs.
ShareHook = Callable[[str], float | None]
needs_answer_share_hooks: list[ShareHook] = []


@dataclass(frozen=True, slots=True)
class DayLoad:
    """A weekday of an average week: messages that need an answer; `outside` counts those while nobody is on point."""

    name: str
    load: float
    outside: float


@dataclass(frozen=True, slots=True)
class Forecast:
    """The load of an average week, by weekday; `messages` is the size of the sample, `share` what needs an answer."""

    messages: int
    days: int
    share: float
    has_roster: bool
    weekdays: tuple[DayLoad, ...]
    busiest: str

    @property
    def load(self) -> float:
        """Return how many messages need an answer in a week."""
        return sum(day.load for day in self.weekdays)

    @property
    def outside(self) -> float:
        """Return how many of them come while nobody is on point."""
        return sum(day.outside for day in self.weekdays)

    @property
    def is_over(self) -> bool:
        """Return True when the roster misses at least one message a week."""
        return self.has_roster and self.outside >= 1

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON for the attempt to connect."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Forecast:
        """Return what `to_json` made."""
        return cls(**{**values, "weekdays": tuple(DayLoad(**day) for day in values["weekdays"])})


def forecast_load(
    arrivals: Sequence[dt.datetime], network: str, owner: Department | None, now: dt.datetime
) -> Forecast | None:
    """Forecast the load of an account from when messages came.

    None without messages. Two statements for the roster of the owners, those of the hooks besides.
    """
    recent = [at for at in arrivals if now - dt.timedelta(days=SAMPLE_DAYS) <= at <= now]
    if not recent:
        return None
    zone = company_zone()
    covered = _covered_hours(owner, zone, now)
    span = max(now - min(recent), _SHORTEST)
    share = next((share for hook in needs_answer_share_hooks if (share := hook(network)) is not None), 1.0)
    weight = share * (dt.timedelta(days=7) / span)
    loads, outsides, hours = [0.0] * 7, [0.0] * 7, dict[tuple[int, int], float]()
    for at in recent:
        local = at.astimezone(zone)
        slot = (local.weekday(), local.hour)
        loads[slot[0]] += weight
        hours[slot] = hours.get(slot, 0.0) + weight
        if slot not in covered:
            outsides[slot[0]] += weight
    weekday, hour = max(hours, key=lambda slot: (hours[slot], slot))
    return Forecast(
        messages=len(recent),
        days=round(span / dt.timedelta(days=1)),
        share=share,
        has_roster=bool(covered),
        weekdays=tuple(
            DayLoad(name, round(load, 2), round(outside, 2))
            for name, load, outside in zip(WEEKDAYS, loads, outsides, strict=True)
        ),
        busiest=f"{WEEKDAYS[weekday]} {hour}:00–{hour + 1}:00",
    )


def _covered_hours(owner: Department | None, zone: ZoneInfo, now: dt.datetime) -> set[tuple[int, int]]:
    """Return the (weekday, hour)s with somebody of the owners on point."""
    accounts = list(
        BrandAccount.objects.exclude(lifecycle=Lifecycle.CLOSED).filter(owner_department=owner)
        if owner is not None
        else []
    )
    today = now.astimezone(zone).date()
    monday = today - dt.timedelta(days=today.weekday())
    covered = set()
    for roster in load_rosters(accounts, now).values() if accounts else ():
        for weekday in range(7):
            for hour in range(24):
                at = shifts.wall_clock_to_utc(monday + dt.timedelta(days=weekday), 60 * hour + 30, zone)
                if shifts.find_on_point_ids(roster.shifts, roster.zone, at)[0] is not None:
                    covered.add((weekday, hour))
    return covered


def describe_forecast(forecast: Forecast, owner: Department | None) -> str:
    """Say what an account would bring, and what is uncovered."""
    load = format_count(round(forecast.load), "message")
    words = f"About {load} a week would need an answer, most of them on {forecast.busiest}."
    if not forecast.has_roster:
        return f"{words} {owner or 'Nobody'} has no roster yet: plan one for this account."
    if not forecast.is_over:
        return f"{words} Somebody of {owner} is on point for all of them."
    worst = [day for day in forecast.weekdays if day.outside >= 0.5]
    days = ", ".join(f"{day.name} {round(day.outside):,}" for day in worst)
    outside = format_count(round(forecast.outside), "message")
    return f"{words} {outside} of them would come while nobody of {owner} is on point{f': {days}' if days else ''}."


@dataclass(frozen=True, slots=True)
class DayBar:
    """A bar of the chart: from `y` up, the part that nobody is there for on top."""

    day: DayLoad
    x: int
    height: float
    outside_height: float
    label: str


def draw_forecast(forecast: Forecast) -> list[DayBar]:
    """Return the bars of a chart, 320 wide and 100 high."""
    highest = max((day.load for day in forecast.weekdays), default=0) or 1
    return [
        DayBar(
            day,
            10 + 44 * number,
            round(100 * (day.load - day.outside) / highest, 1),
            round(100 * day.outside / highest, 1),
            f"{day.name}: {day.load:.0f}, of these {day.outside:.0f} while nobody is on point",
        )
        for number, day in enumerate(forecast.weekdays)
    ]
