"""The lists behind the numbers of the horseshoe: ways of cases, customers without closure, returns, first turns."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from accounts.models import Department, User
from inbox.horseshoe.parts import PartKind
from reports.behind.lists import LONGEST, NumberList
from reports.filters import Filters
from reports.measures.back_and_forth import return_units
from reports.measures.closure import closure_units
from reports.measures.first_turns import first_turn_units
from reports.measures.horseshoe import find_ways
from reports.measures.journeys import Journey
from reports.periods import Period

_YES_OR_NO = {"": None, "yes": True, "no": False}
_UNITS = """
WITH unit AS (
  SELECT u.case_id, 0::bigint AS n, u.at, u.span, 'spent' AS state
  FROM unnest(%s::bigint[], %s::timestamptz[], %s::interval[]) AS u(case_id, at, span)
)
"""
_PART_TITLES = {
    PartKind.FRONT: "On the front line",
    PartKind.UNACCEPTED: "Handed over, not accepted",
    PartKind.WORK: "With a department at work",
    PartKind.WAY_BACK: "On the way back",
}
_NO_TIME = dt.timedelta()


def _ways(
    user: User, period: Period, filters: Filters, query: Mapping[str, str], now: dt.datetime
) -> NumberList | None:
    """Return the cases of the horseshoe, or those behind one part.

    `part` is a kind of part, with `at` for one department, or "total" or "gap"; without it all cases are listed, with it the middle fifth.
    """
    part, at = query.get("part", ""), query.get("at", "")
    department = Department.objects.filter(pk=int(at)).first() if re.fullmatch("[0-9]{1,15}", at) else None
    if (at and department is None) or part not in ("", "total", "gap", *PartKind):
        return None
    journeys, middle = find_ways(user, period, filters, in_business_time=query.get("time") != "clock")
    title, measure = _choose_part(part, department)
    return NumberList(
        title,
        "cases",
        _units(middle if part else journeys, measure),
        LONGEST,
        at_label="Arrived",
        span_label="Time",
    )


def _choose_part(part: str, department: Department | None) -> tuple[str, Callable[[Journey], dt.timedelta]]:
    """Return a title, and what to measure of each case."""
    if part == "":
        return "Closed cases that changed department, from post to closure", lambda journey: journey.time
    if part == "total":
        return "The middle fifth, from post to closure", lambda journey: journey.time
    if part == "gap":
        return "In the gap: the middle fifth of cases", lambda journey: journey.gap
    kind = PartKind(part)
    where = f", {department.name}" if department else ""

    def measure(journey: Journey) -> dt.timedelta:
        return sum(
            (
                time
                for (each, holder), time in journey.parts.items()
                if each is kind and (department is None or holder == department.pk)
            ),
            _NO_TIME,
        )

    return f"{_PART_TITLES[kind]}{where}: the middle fifth of cases", measure


def _units(journeys: Sequence[Journey], measure: Callable[[Journey], dt.timedelta]) -> tuple[str, list[Any]]:
    return _UNITS, [
        [journey.case_id for journey in journeys],
        [journey.started_at for journey in journeys],
        [measure(journey) for journey in journeys],
    ]


def _customers(
    user: User, period: Period, filters: Filters, query: Mapping[str, str], now: dt.datetime
) -> NumberList:
    in_public, is_open = _YES_OR_NO.get(query.get("public", "")), _YES_OR_NO.get(query.get("open", ""))
    where = {None: "", True: " in public", False: " in direct messages"}[in_public]
    state = {None: "", True: ", still waiting", False: ", closed"}[is_open]
    unripe = query.get("ripe") == "no"
    early = ", for less than the longest promised response" if unripe else ""
    return NumberList(
        f"Customers without closure{where}{state}{early}",
        "customers",
        closure_units(user, period, filters, now=now, in_public=in_public, is_open=is_open, unripe=unripe),
        LONGEST,
        at_label="Arrived",
        span_label="Waited",
    )


def _returns(
    user: User, period: Period, filters: Filters, query: Mapping[str, str], now: dt.datetime
) -> NumberList | None:
    pair = None
    between = ""
    if "pair" in query:
        match = re.fullmatch("([0-9]{1,15})-([0-9]{1,15})", query["pair"])
        pair = (int(match[1]), int(match[2])) if match else (0, 0)
        names = dict(Department.objects.filter(pk__in=pair).values_list("pk", "name"))
        if len(names) != 2:
            return None
        between = f" between {names[pair[0]]} and {names[pair[1]]}"
    return NumberList(
        f"Cases that came back{between}",
        "cases",
        return_units(user, period, filters, pair),
        LONGEST,
        at_label="Arrived",
        span_label="Until closed",
    )


def _first_turns(
    user: User, period: Period, filters: Filters, query: Mapping[str, str], now: dt.datetime
) -> NumberList:
    wrong = _YES_OR_NO.get(query.get("wrong", ""))
    title = {
        None: "",
        True: ", sent to the wrong department first",
        False: ", sent to the right department first",
    }[wrong]
    units = first_turn_units(
        user, period, filters, query.get("by", "")[:8], query.get("rule", "")[:36], wrong=wrong
    )
    return NumberList(f"Closed cases{title}", "cases", units, at_label="Arrived", span_label="Until closed")


#: By `of` in the address; the page of these numbers is that of the horseshoe.
KINDS = {"way": _ways, "no_closure": _customers, "came_back": _returns, "first_turn": _first_turns}
