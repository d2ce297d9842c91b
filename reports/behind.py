"""The lists behind the numbers, by the same definitions as the numbers, so that number and list agree."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import replace

from accounts.models import Department, User
from inbox.models.case import CaseQuerySet
from networks.registry import network_label
from reports.attainment import clock_units
from reports.exchanges import exchange_units
from reports.hand_overs import hand_over_units
from reports.lists import LONGEST, NumberList
from reports.metrics import case_units, created_cases, unanswered_cases
from reports.periods import Period
from routing.service_levels.policies import CLOCK_LABELS, CLOCKS

_YES_OR_NO = {"": None, "yes": True, "no": False}


def list_behind(
    user: User, period: Period, query: Mapping[str, str], *, now: dt.datetime
) -> NumberList | None:
    """Return the list behind a number; None for an address that names none.

    `query` holds `of` (response, created, answered, waiting, handed_over, routed, sla) and what that needs: `week` and
    `answered`, `department` and `network`, `open`, `from` and `to`, `clock` and `met`.
    """
    kinds = {
        "response": _exchanges,
        "created": _created_cases,
        "answered": _answered_cases,
        "waiting": _cases_without_answer,
        "handed_over": _hand_overs,
        "routed": _routed_cases,
        "sla": _clocks,
    }
    kind = kinds.get(query.get("of", ""))
    return kind(user, period, query, now) if kind else None


def _exchanges(user: User, period: Period, query: Mapping[str, str], now: dt.datetime) -> NumberList | None:
    answered = _YES_OR_NO.get(query.get("answered", ""))
    start, end, when = period.start, period.end, "whole period"
    if key := query.get("week"):
        week = period.find_week(key)
        if week is None:
            return None
        start, end, when = week.start, week.end, f"week {week.number}"
    which = {
        None: "Exchanges that needed an answer",
        True: "Answered exchanges",
        False: "Unanswered exchanges",
    }[answered]
    behind = NumberList(
        f"{which}, {when}",
        "exchanges",
        exchange_units(user, start, end, answered, now=now),
        at_label="Arrived",
        span_label="Answered after",
    )
    return behind if answered is None else replace(behind, order=LONGEST)


def _created_cases(
    user: User, period: Period, query: Mapping[str, str], now: dt.datetime
) -> NumberList | None:
    cases, words = created_cases(user, period), "New cases"
    if "department" in query:
        department = Department.objects.filter(pk=_parse_id(query["department"])).first()
        if department is None:
            return None
        cases, words = cases.filter(department=department), f"{words} in {department.name}"
    if "network" in query:
        if not re.fullmatch("[a-z]{1,20}", query["network"]):
            return None
        cases, words = cases.filter(network=query["network"]), f"{words} on {network_label(query['network'])}"
    return _list_of_cases(words, cases, now)


def _answered_cases(user: User, period: Period, query: Mapping[str, str], now: dt.datetime) -> NumberList:
    cases = created_cases(user, period).filter(needs_answer=True, first_response_at__isnull=False)
    return replace(_list_of_cases("New cases with a first response", cases, now), order=LONGEST)


def _cases_without_answer(
    user: User, period: Period, query: Mapping[str, str], now: dt.datetime
) -> NumberList:
    is_open = _YES_OR_NO.get(query.get("open", ""))
    titles = {
        None: "New cases without a first response",
        True: "New cases that still wait for a first response",
        False: "New cases closed without an answer",
    }
    cases = unanswered_cases(user, period, is_open=is_open)
    return replace(_list_of_cases(titles[is_open], cases, now), order=LONGEST)


def _list_of_cases(title: str, cases: CaseQuerySet, now: dt.datetime) -> NumberList:
    return NumberList(title, "cases", case_units(cases, now=now))


def _hand_overs(user: User, period: Period, query: Mapping[str, str], now: dt.datetime) -> NumberList | None:
    start, end = _parse_id(query.get("from")), _parse_id(query.get("to"))
    names = dict(Department.objects.filter(pk__in=[start, end]).values_list("pk", "name"))
    if start not in names or end not in names:
        return None
    return NumberList(
        f"Handed over from {names[start]} to {names[end]}",
        "hand-overs",
        hand_over_units(user, period, start, end, now=now),
        LONGEST,
        at_label="Sent",
        span_label="Wait",
    )


def _routed_cases(user: User, period: Period, query: Mapping[str, str], now: dt.datetime) -> NumberList:
    return NumberList(
        "Moved by the learned router before anybody had touched them",
        "cases",
        hand_over_units(user, period, None, None, routed=True, now=now),
        at_label="Moved",
        span_label="Wait",
    )


def _clocks(user: User, period: Period, query: Mapping[str, str], now: dt.datetime) -> NumberList | None:
    clock = next((name for name in CLOCKS if name == query.get("clock")), None)
    met = _YES_OR_NO.get(query.get("met", ""))
    if clock is None or met is None:
        return None
    return NumberList(
        f"{CLOCK_LABELS[clock]} targets that were {'met' if met else 'missed'}, of new cases",
        "targets",
        clock_units(user, period, clock, met=met, now=now),
        at_label="Ended or due",
        span_label="Outcome",
    )


def _parse_id(value: str | None) -> int:
    """Return a positive id from a query parameter, 0 for anything else."""
    return int(value) if value and value.isascii() and value.isdigit() and len(value) < 16 else 0
