"""Measure how long customers wait: for the first and later answers, and until a case is resolved. Read from cells and facts."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from accounts.models import User
from reports.filters import Filters
from reports.measures.resolutions import DONE, WAITS, WaitFor
from reports.models import FactKind
from reports.periods import Period
from reports.rollups.choices import choose, with_departments
from reports.rollups.covering import Cover, cover_whole
from reports.rollups.freshness import fetch_kept, freshen_for
from reports.rollups.tallies import nearest_rank, read_values
from reports.rollups.times.business_times import business_seconds, rules_of
from reports.scopes import fetch_all
from routing.service_levels.versions import live_service_levels

Awaited = Literal["first_response"] | WaitFor
AWAITED: tuple[Awaited, ...] = ("first_response", *WAITS)
_KINDS: dict[Awaited, FactKind] = {
    "first_response": FactKind.CASE,
    "next_response": FactKind.NEXT_RESPONSE,
    "first_resolve": FactKind.FIRST_RESOLVE,
    "final_resolve": FactKind.FINAL_RESOLVE,
}
_BY_KIND: dict[int, Awaited] = {int(kind): name for name, kind in _KINDS.items()}


@dataclass(frozen=True, slots=True)
class Wait:
    """Hold what took how long: of `done` things, and how long those have waited that are `open`.

    `reopened` are those of the done that were opened again.
    """

    done: int = 0
    median: dt.timedelta | None = None
    p90: dt.timedelta | None = None
    open: int = 0
    oldest: dt.timedelta | None = None
    median_open: dt.timedelta | None = None
    reopened: int = 0


def measure_waits(
    user: User,
    periods: Sequence[Period],
    filters: Filters,
    *,
    now: dt.datetime,
    in_business_time: bool,
) -> list[dict[Awaited, Wait]]:
    """Measure the waits of each period.

    Five statements by the clock; in business time two, and one of the service levels if they are not in memory.
    """
    freshness = freshen_for(user, now)
    if in_business_time:
        return _in_business_time(user, periods, filters, now)
    choice, cover = choose(user, filters), Cover()
    for step, period in enumerate(periods):
        whole = cover_whole(period, freshness)
        cover.weeks += [(start, end, step) for start, end, _ in whole.weeks]
        cover.rest += [(start, end, step) for start, end, _ in whole.rest]
    ages = _read_open(user, periods, filters, now)
    waits: list[dict[Awaited, Wait]] = [{} for _ in periods]
    for name, kind in _KINDS.items():
        done = read_values(kind, user, choice, cover, _measure_done)
        for step in range(len(periods)):
            open_now, oldest, median_open = ages.get((step, name), (0, None, None))
            waits[step][name] = replace(
                done.get(step, Wait()), open=open_now, oldest=oldest, median_open=median_open
            )
    return waits


def _measure_done(rows: list[tuple[Any, ...]]) -> dict[int, Wait]:
    """Return the waits that are over, by period.

    Of rows (period, state, seconds as shown, number).
    """
    values: dict[int, Counter[int]] = defaultdict(Counter)
    reopened = Counter[int]()
    for step, state, value, n in rows:
        if state in DONE and value is not None:
            values[step][value] += int(n)
            reopened[step] += int(n) if state == "reopened" else 0
    waits = {}
    for step, counts in values.items():
        ranked = sorted((+counts).items())
        median, p90 = nearest_rank(ranked, 0.5), nearest_rank(ranked, 0.9)
        waits[step] = Wait(counts.total(), median, p90, reopened=reopened[step])
    return waits


def _read_open(
    user: User, periods: Sequence[Period], filters: Filters, now: dt.datetime
) -> dict[tuple[int, Awaited], tuple[int, dt.timedelta, dt.timedelta]]:
    """Return number, largest and median age of what waits. One statement."""
    source, parameters = _facts_sql(user, periods, filters)
    sql = f"""
SELECT r.step, f.kind, count(*), min(f.at), percentile_disc(0.5) WITHIN GROUP (ORDER BY f.at DESC)
{source} AND f.state = 'waiting' GROUP BY 1, 2
"""  # noqa: S608 (constants)
    return {
        (step, _BY_KIND[kind]): (n, now - oldest, now - median)
        for step, kind, n, oldest, median in fetch_kept(user, choose(user, filters), sql, parameters)
    }


def _in_business_time(
    user: User, periods: Sequence[Period], filters: Filters, now: dt.datetime
) -> list[dict[Awaited, Wait]]:
    rules = rules_of(live_service_levels(), min(period.start for period in periods), now)
    source, parameters = _facts_sql(user, periods, filters)
    sql = f"""{rules.tables},
measured AS (
  SELECT r.step, f.kind, f.state, {business_seconds("f.at", "e.at")} AS seconds
  {source.replace("WHERE", f"CROSS JOIN LATERAL (SELECT f.at + coalesce(f.span, %s - f.at) AS at) e {rules.joins} WHERE", 1)}
    AND f.state IN ('waiting', 'answered', 'resolved', 'reopened')
)
SELECT step, kind, count(*) FILTER (WHERE state <> 'waiting'),
       percentile_disc(0.5) WITHIN GROUP (ORDER BY seconds) FILTER (WHERE state <> 'waiting'),
       percentile_disc(0.9) WITHIN GROUP (ORDER BY seconds) FILTER (WHERE state <> 'waiting'),
       count(*) FILTER (WHERE state = 'waiting'), max(seconds) FILTER (WHERE state = 'waiting'),
       percentile_disc(0.5) WITHIN GROUP (ORDER BY seconds) FILTER (WHERE state = 'waiting'),
       count(*) FILTER (WHERE state = 'reopened')
FROM measured GROUP BY 1, 2
"""  # noqa: S608 (constants)
    # Three parameters are those of the periods.
    values = [*rules.parameters, *parameters[:3], now, *parameters[3:]]
    measured: list[dict[Awaited, Wait]] = [dict.fromkeys(AWAITED, Wait()) for _ in periods]
    for step, kind, done, median, p90, open_now, oldest, median_open, reopened in fetch_all(sql, values):
        measured[step][_BY_KIND[kind]] = Wait(
            done,
            _as_span(median),
            _as_span(p90),
            open_now,
            _as_span(oldest),
            _as_span(median_open),
            reopened,
        )
    return measured


def _as_span(seconds: float | None) -> dt.timedelta | None:
    return None if seconds is None else dt.timedelta(seconds=seconds)


def _facts_sql(user: User, periods: Sequence[Period], filters: Filters) -> tuple[str, list[Any]]:
    choice = choose(user, filters)
    condition, parameters = with_departments(choice, user).as_sql("f")
    cases, more = choice.cases_sql("f")
    sql = f"""FROM unnest(%s::timestamptz[], %s::timestamptz[], %s::int[]) AS r(first, after, step)
JOIN reports_fact f ON f.at >= r.first AND f.at < r.after
WHERE f.kind IN ({", ".join(str(int(kind)) for kind in _KINDS.values())}) AND {condition}{cases}"""
    spans = [
        [period.start for period in periods],
        [period.end for period in periods],
        list(range(len(periods))),
    ]
    return sql, [*spans, *parameters, *more]
