"""SLA attainment from roll-ups: as `reports.measures.attainment`, read from cells and facts."""

from __future__ import annotations

import datetime as dt
from collections import Counter

from accounts.models import User
from reports.filters import Filters
from reports.measures.attainment import Attainment
from reports.models import FactKind
from reports.periods import Period
from reports.rollups.choices import Choice, choose, with_departments
from reports.rollups.covering import cover_whole
from reports.rollups.freshness import freshen_for
from reports.rollups.tallies import count_facts
from reports.scopes import fetch_all
from routing.service_levels.policies import CLOCKS


def sla_attainment(user: User, period: Period, filters: Filters, *, now: dt.datetime) -> list[Attainment]:
    """Count met and missed clocks; one item per clock, in the order of `CLOCKS`. Two statements."""
    choice = choose(user, filters)
    ended = Counter[str]()
    for _, (state,), n in count_facts(
        FactKind.CLOCK, user, choice, cover_whole(period, freshen_for(user, now))
    ):
        ended[state] += n
    overdue, in_time = _count_running(user, period, choice, now)
    return [
        Attainment(
            clock,
            met=ended[f"{clock}:met"],
            missed=ended[f"{clock}:missed"] + overdue[clock],
            running=overdue[clock],
            in_time=in_time[clock],
        )
        for clock in CLOCKS
    ]


def _count_running(
    user: User, period: Period, choice: Choice, now: dt.datetime
) -> tuple[Counter[str], Counter[str]]:
    """Return by clock how many are overdue, and how many in time."""
    condition, parameters = with_departments(choice, user).as_sql("f")
    cases, more = choice.cases_sql("f")
    sql = f"""
SELECT f.state, count(*) FILTER (WHERE f.at + f.span < %s), count(*) FILTER (WHERE f.at + f.span >= %s) FROM reports_fact f
WHERE f.kind = {FactKind.RUNNING_CLOCK} AND f.at >= %s AND f.at < %s AND {condition}{cases} GROUP BY f.state
"""  # noqa: S608 (constants)
    rows = fetch_all(sql, [now, now, period.start, period.end, *parameters, *more])
    return Counter({clock: late for clock, late, _ in rows}), Counter(
        {clock: good for clock, _, good in rows}
    )
