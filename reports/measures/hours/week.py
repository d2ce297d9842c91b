"""The hours of a week in which customers write and we answer, in the reader's zone. Definitions: docs/metrics.md.

Of the exchanges that arrived in a period: by the hour in which they arrived, by the hour of our answer, and those that were
not answered within an hour, by the hour in which they arrived. An hour is the one that clocks showed: the hour that comes twice in
autumn is one, the one that is left out in spring has nothing.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from accounts.models import User
from reports.filters import Filters
from reports.measures.exchanges import exchange_units
from reports.measures.local_times import local_sql, offsets_between
from reports.periods import Period
from reports.scopes import fetch_all

#: What a map of hours counts.
HoursOf = Literal["arrivals", "answers", "waits"]
#: A part of a statement with its parameters.
Statement = tuple[str, list[Any]]
#: The hours of a week; hour 0 begins on Monday at midnight.
HOURS = 7 * 24
_HOUR = dt.timedelta(hours=1)
#: As it is shown, in whole minutes, a wait of one hour ends here.
_OVER_AN_HOUR = "interval '3630 seconds'"
WAITED = f"(f.state = 'closed' OR f.span >= {_OVER_AN_HOUR})"
_ANSWERED = "f.state = 'answered'"


@dataclass(frozen=True, slots=True)
class WeekHours:
    """Exchanges by hour of the week: how many arrived, were answered, and waited for more than an hour."""

    arrivals: Counter[int]
    answers: Counter[int]
    waits: Counter[int]

    def of(self, what: HoursOf) -> Counter[int]:
        return {"arrivals": self.arrivals, "answers": self.answers, "waits": self.waits}[what]


@dataclass(frozen=True, slots=True)
class HourSpan:
    """One cell of a map: some hours of one weekday (Monday is 0)."""

    weekday: int
    first: int
    count: int = 1


def week_hours(
    user: User, period: Period, filters: Filters, *, now: dt.datetime, with_answers: bool = True
) -> WeekHours:
    """Count exchanges by hour of the week, from rows. At most two statements."""
    units = exchange_units(user, period, filters, now=now)
    return count_hours(units, ("FROM unit f", []), period, now, with_answers=with_answers)


def count_hours(
    head: Statement,
    tail: Statement,
    period: Period,
    now: dt.datetime,
    *,
    with_answers: bool,
    fetch: Callable[[str, list[Any]], list[tuple[Any, ...]]] = fetch_all,
) -> WeekHours:
    """Count a table `f` of at, span and state: a statement of which only its SELECT is missing."""
    offsets = offsets_between(period.zone, period.start, max(period.end, now))

    def select(what: HoursOf, numbers: str) -> list[tuple[Any, ...]]:
        sql = f"{head[0]} SELECT {hour_sql(what)} AS hour, {numbers} {tail[0]} GROUP BY 1"
        return fetch(sql, [*head[1], *offsets, *tail[1]])

    rows = select("arrivals", f"count(*), count(*) FILTER (WHERE {WAITED})")
    # What has no answer has no hour of it.
    answers = select("answers", f"count(*) FILTER (WHERE {_ANSWERED})") if with_answers else []
    return WeekHours(
        Counter({hour: n for hour, n, _ in rows}),
        +Counter({hour: n for hour, n in answers if hour is not None}),
        +Counter({hour: waited for hour, _, waited in rows}),
    )


def hour_units(
    user: User, period: Period, filters: Filters, what: HoursOf, span: HourSpan, *, now: dt.datetime
) -> tuple[str, list[Any]]:
    """Return the units (`reports.behind.lists`) of one cell of a map."""
    sql, parameters = exchange_units(user, period, filters, now=now)
    # The units of all hours under another name.
    before, _, after = sql.rpartition("\nunit AS (")
    offsets = offsets_between(period.zone, period.start, max(period.end, now))
    condition = {"arrivals": "true", "answers": _ANSWERED, "waits": WAITED}[what]
    first = span.weekday * 24 + span.first
    narrowed = f""",
unit AS (
  SELECT f.* FROM every_unit f WHERE {condition} AND {hour_sql(what)} BETWEEN %s AND %s
)
"""  # noqa: S608 (constants)
    return (
        f"{before}\nevery_unit AS ({after}{narrowed}",
        [*parameters, *offsets, first, first + span.count - 1],
    )


def hour_sql(what: HoursOf) -> str:
    """Return SQL for the hour of the week of a row `f`.

    Its two parameters are those of `local_sql`.
    """
    local = local_sql("(f.at + f.span)" if what == "answers" else "f.at")
    return f"(SELECT (extract(isodow FROM l.t)::int - 1) * 24 + extract(hour FROM l.t)::int FROM (SELECT {local} AS t) l)"  # noqa: S608 (constants)
