"""The lists behind the numbers of today's page: what waits now, and what arrived in an hour."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import replace

from accounts.models import User
from reports.behind.lists import LONGEST, SOONEST, NumberList
from reports.filters import Filters
from reports.measures.exchanges import exchange_units
from reports.measures.local_times import list_hours
from reports.measures.present.unanswered import AGES, UnansweredChoice, unanswered_units
from reports.periods import Period

_YES_OR_NO = {"": None, "yes": True, "no": False}


def _unanswered(
    user: User, period: Period, filters: Filters, query: Mapping[str, str], now: dt.datetime
) -> NumberList | None:
    age = next((each for each in AGES if each.key == query.get("age")), None)
    if query.get("age") and age is None:
        return None
    choice = UnansweredChoice(
        age=age,
        over=_YES_OR_NO.get(query.get("over", "")),
        due=query.get("due") == "hour",
        with_nobody=query.get("assigned") == "no",
    )
    units = unanswered_units(user, filters, choice, now=now)
    behind = NumberList(
        _title(choice), "exchanges", units, LONGEST, at_label="Waiting since", span_label="Waits"
    )
    if choice.over:
        return replace(behind, span_label="Over the target")
    return replace(behind, order=SOONEST, span_label="Target") if choice.due else behind


def _title(choice: UnansweredChoice) -> str:
    words = ["Unanswered now"]
    if choice.age:
        words.append(f"waiting {choice.age.label}")
    if choice.over is not None:
        words.append("over the target" if choice.over else "not over a target")
    if choice.due:
        words.append("due in the next hour")
    if choice.with_nobody:
        words.append("with nobody")
    return ", ".join(words)


def _arrived(
    user: User, period: Period, filters: Filters, query: Mapping[str, str], now: dt.datetime
) -> NumberList | None:
    """List the arrivals of one hour of the period's first day."""
    hours = list_hours(period.first_day, period.zone)
    hour = next((each for each in hours if each.key == query.get("hour")), None)
    if hour is None:
        return None
    of_hour = replace(period, start=hour.start, end=hour.end)
    return NumberList(
        f"Exchanges that needed an answer and arrived from {hour.label}",
        "exchanges",
        exchange_units(user, of_hour, filters, now=now),
        at_label="Arrived",
        span_label="Answered after",
    )


KINDS: dict[str, Callable[[User, Period, Filters, Mapping[str, str], dt.datetime], NumberList | None]] = {
    "unanswered": _unanswered,
    "arrived": _arrived,
}
