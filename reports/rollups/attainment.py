"""SLA attainment from roll-ups: as `reports.measures.attainment`, read from cells, and from the open cases."""

from __future__ import annotations

import datetime as dt
from collections import Counter

from accounts.models import User
from reports.filters import Filters
from reports.measures.attainment import Attainment, count_running_clocks
from reports.models import FactKind
from reports.periods import Period
from reports.rollups.choices import choose
from reports.rollups.covering import cover_whole
from reports.rollups.freshness import freshen_for
from reports.rollups.tallies import count_facts
from routing.service_levels.policies import CLOCKS


def sla_attainment(user: User, period: Period, filters: Filters, *, now: dt.datetime) -> list[Attainment]:
    """Count met and missed clocks; one item per clock, in the order of `CLOCKS`. Two statements."""
    choice = choose(user, filters)
    ended = Counter[str]()
    for _, (state,), n in count_facts(
        FactKind.CLOCK, user, choice, cover_whole(period, freshen_for(user, now))
    ):
        ended[state] += n
    running = count_running_clocks(user, period, filters, now=now)
    return [
        Attainment(
            clock,
            met=ended[f"{clock}:met"],
            missed=ended[f"{clock}:missed"] + running.get(clock, (0, 0))[0],
            running=running.get(clock, (0, 0))[0],
            in_time=running.get(clock, (0, 0))[1],
        )
        for clock in CLOCKS
    ]
