"""Response rate, first responses and volume from roll-ups: as the measures of the same names, read from cells and facts."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any

from accounts.models import BrandAccount, User
from inbox.visibility import list_departments
from reports.filters import Filters
from reports.measures.exchanges import Cohort
from reports.measures.first_responses import FirstResponse
from reports.measures.volume import Volume, VolumeRow
from reports.models import FactKind
from reports.periods import Period
from reports.rollups.choices import Choice, choose, with_departments
from reports.rollups.covering import cover_steps, cover_whole
from reports.rollups.freshness import fetch_kept, freshen_for
from reports.rollups.tallies import count_facts, list_values, nearest_rank


def response_cohorts(
    user: User, period: Period, filters: Filters, *, promised: dt.timedelta, now: dt.datetime
) -> list[Cohort]:
    """Return one cohort per step, oldest first. One statement."""
    cover = cover_steps(period, freshen_for(user, now))
    needing, answered = Counter[int](), Counter[int]()
    for step, (state,), n in count_facts(FactKind.EXCHANGE, user, choose(user, filters), cover):
        needing[step] += n
        answered[step] += n if state == "answered" else 0
    return [
        Cohort(step, needing[number], answered[number], mature=step.end + promised <= now)
        for number, step in enumerate(period.steps)
    ]


def first_response_times(user: User, period: Period, filters: Filters, *, now: dt.datetime) -> FirstResponse:
    """Measure first responses of cases created in the period. Spans are as they are shown.

    Three statements, and none for the age of what waits when nothing does.
    """
    cover, choice = cover_whole(period, freshen_for(user, now)), choose(user, filters)
    numbers = Counter[str]()
    for _, (state,), n in count_facts(FactKind.CASE, user, choice, cover):
        numbers[state] += n
    values = list_values(FactKind.CASE, user, choice, cover, "answered")
    oldest, median = _ages(user, period, choice, numbers["waiting"], now)
    return FirstResponse(
        median=nearest_rank(values, 0.5),
        p90=nearest_rank(values, 0.9),
        answered=numbers["answered"],
        open=numbers["waiting"],
        closed=numbers["closed"],
        oldest_open=oldest,
        median_open=median,
    )


def case_volume(user: User, period: Period, filters: Filters, *, now: dt.datetime) -> Volume:
    """Count cases by department and network, largest department first. Two statements."""
    tallies = count_facts(
        FactKind.CASE,
        user,
        choose(user, filters),
        cover_whole(period, freshen_for(user, now)),
        ("department_id", "brand_account_id"),
    )
    network_of = dict(BrandAccount.objects.values_list("pk", "network"))
    numbers = Counter[tuple[int, str]]()
    for _, (department_id, brand_account_id), n in tallies:
        numbers[department_id, network_of[brand_account_id]] += n
    networks = tuple(sorted({network for (_, network), n in numbers.items() if n}))
    lines = [
        VolumeRow(department.pk, department.name, tuple(numbers[department.pk, each] for each in networks))
        for department in list_departments(user)
    ]
    lines = [line for line in lines if line.total]
    return Volume(networks, tuple(sorted(lines, key=lambda line: (-line.total, line.department))))


def _ages(
    user: User, period: Period, choice: Choice, waiting: int, now: dt.datetime
) -> tuple[dt.timedelta | None, dt.timedelta | None]:
    """Return the largest and the median age of waiting cases."""
    if not waiting:
        return None, None
    condition, parameters = with_departments(choice, user).as_sql("f")
    cases, more = choice.cases_sql("f")
    sql = f"""
SELECT min(f.at), percentile_disc(0.5) WITHIN GROUP (ORDER BY f.at DESC) FROM reports_fact f
WHERE f.kind = {FactKind.CASE} AND f.state = 'waiting' AND f.at >= %s AND f.at < %s AND {condition}{cases}
"""  # noqa: S608 (constants)
    values: list[Any] = [period.start, period.end, *parameters, *more]
    oldest, median = fetch_kept(user, choice, sql, values)[0]
    return (now - oldest, now - median) if oldest else (None, None)
