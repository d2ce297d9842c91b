"""Bench of service levels: microseconds per due time and per new case, against plain addition.

A new case's clocks are computed as ingest does it.
"""

from __future__ import annotations

import datetime as dt
import random
import time
from collections.abc import Callable
from typing import Any

from config.bench.web import median
from inbox.changes.clocks import compute_clock_values
from inbox.ingest.case_state import CaseState
from inbox.models import Status
from routing.business_hours.calendar import CompiledCalendar, compile_calendar
from routing.service_levels.policies import ClockName, Policy, ServiceLevels, Step, compute_due

#: Split shifts, a night on Friday, public holidays, summer time.
SNAPSHOT: dict[str, Any] = {
    "time_zone": "Europe/Berlin",
    "country": "DE",
    "subdivision": "BE",
    "week": [*[[[540, 750], [840, 1080]]] * 4, [[540, 750], [1320, 1560]], [[600, 840]], []],
}
START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
DEPARTMENTS = 8


def measure(options: dict[str, Any], say: Callable[[str], None]) -> dict[str, Any]:
    """Measure floor and product in turn, `messages` due times per round."""
    dice, times = random.Random(7), options["messages"]
    moments = [START + dt.timedelta(seconds=dice.randrange(365 * 86_400)) for _ in range(times)]
    warm, terms = compile_calendar(SNAPSHOT), _build_terms()
    year = warm.between(START, START + dt.timedelta(days=365))
    rounds = []
    for number in range(options["rounds"] + 1):
        figures = {
            "floor_us": _cpu_us_each(moments, lambda at: at + dt.timedelta(hours=4)),
            "us_per_add": _cpu_us_each(moments, lambda at: warm.add(at, dt.timedelta(hours=4))),
            "us_per_between": _cpu_us_each(moments, lambda at: warm.between(at, at + dt.timedelta(days=2))),
            "us_per_due": _cpu_us_each(moments, lambda at: compute_due(terms.policies[0], "resolution", at)),
            "us_per_case": _cpu_us_each(moments, _case_settler(terms)),
            "us_over_a_year": _cpu_us_each(moments[:50], lambda at: warm.add(START, year)),
            "us_over_a_year_cold": _cpu_us_each(
                moments[:5], lambda at: _compile_cold_calendar().add(START, year)
            ),
        }
        if number:  # the first round is a warm-up
            rounds.append(figures)
            say(f"round {number}: " + ", ".join(f"{key} {value:.1f}" for key, value in figures.items()))
    middle = {key: round(median([figures[key] for figures in rounds]), 2) for key in rounds[0]}
    ratio = round(median([figures["us_per_due"] / figures["floor_us"] for figures in rounds]), 1)
    return {"bench": "sla", **middle, "floor_ratio": ratio, "due_times": times, "rounds": len(rounds)}


def _compile_cold_calendar() -> CompiledCalendar:
    return compile_calendar(SNAPSHOT)


def _build_terms() -> ServiceLevels:
    targets: dict[ClockName, dt.timedelta] = {
        "first_response": dt.timedelta(hours=1),
        "resolution": dt.timedelta(hours=24),
    }
    calendar, steps = compile_calendar(SNAPSHOT), (Step(dt.timedelta(hours=1), notify=("managers",)),)
    policies = [
        Policy(str(number), "p", calendar, "c", targets, department_id=number or None, steps=steps)
        for number in (*range(1, DEPARTMENTS), 0)
    ]
    return ServiceLevels(1, tuple(policies))


def _case_settler(terms: ServiceLevels) -> Callable[[dt.datetime], object]:
    """Return a function that computes the clocks of new cases.

    A hundred cases in a row arrive in one page at the same moment.
    """
    counter = iter(range(10**9))
    pages = [START + dt.timedelta(minutes=7 * page) for page in range(1000)]

    def settled(_: dt.datetime) -> object:
        number = next(counter)
        now = pages[number // 100 % 1000]
        case = CaseState(
            0, 1, 1, "public", "t", Status.NEW, number % DEPARTMENTS, now, now, now, waiting_since=now
        )
        return compute_clock_values(case, "x", terms, now)

    return settled


def _cpu_us_each(moments: list[dt.datetime], work: Callable[[dt.datetime], object]) -> float:
    """Return the microseconds of CPU that `work` takes for one moment."""
    began = time.process_time()
    for at in moments:
        work(at)
    return (time.process_time() - began) / len(moments) * 1e6
