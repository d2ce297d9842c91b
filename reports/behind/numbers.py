"""The lists behind the numbers, by the same definitions as the numbers, so that number and list agree."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace

from accounts.models import Department, User
from inbox.models.case import CaseQuerySet
from reports.behind.horseshoe import KINDS
from reports.behind.hours import list_of_hour
from reports.behind.lists import LONGEST, NumberList
from reports.behind.outcomes import KINDS as OUTCOME_KINDS
from reports.behind.person_numbers import list_native, list_of_person
from reports.behind.targets import list_targets
from reports.behind.today import KINDS as KINDS_OF_TODAY
from reports.behind.topics import list_alert, list_topic
from reports.behind.waits import list_of_wait
from reports.filters import Filters
from reports.measures.attainment import clock_units
from reports.measures.exchanges import exchange_units
from reports.measures.hand_overs import hand_over_units
from reports.measures.new_cases import case_units, created_cases, unanswered_cases
from reports.periods import Period
from routing.service_levels.policies import CLOCK_LABELS, CLOCKS

_OF_PEOPLE = ("answers", "first_answers", "promises", "worked", "native")
_YES_OR_NO = {"": None, "yes": True, "no": False}


def list_behind(
    user: User, period: Period, filters: Filters, query: Mapping[str, str], *, now: dt.datetime
) -> NumberList | None:
    """Return the list behind a number; None for an address that names none.

    `query` holds `of` (response, created, answered, waiting, handed_over, routed, sla, answers, first_answers, promises, worked, native)
    and what that needs: `answered`, `open`, `from_id` and `to_id`, `clock` and `met`, `by` for a person; `step` narrows any of them to one
    step of the period. For others see `reports.behind.horseshoe`, `outcomes`, `topics` and `today`.
    """
    kinds = {
        "response": _exchanges,
        "created": _created_cases,
        "answered": _answered_cases,
        "waiting": _cases_without_answer,
        "handed_over": _hand_overs,
        "routed": _routed_cases,
        "sla": _clocks,
        "answers": list_of_person,
        "first_answers": list_of_person,
        "promises": list_of_person,
        "worked": list_of_person,
        "native": list_native,
        "topic": list_topic,
        "linked": list_alert,
        "hour": list_of_hour,
        "wait": list_of_wait,
        "targets": list_targets,
        **KINDS,
        **OUTCOME_KINDS,
        **KINDS_OF_TODAY,
    }
    kind = kinds.get(query.get("of", ""))
    key = query.get("step") or query.get("week")
    step = period.find_step(key) if key else None
    if kind is None or (key and step is None):
        return None
    behind = kind(user, period.narrow(step) if step else period, filters, query, now)
    return replace(behind, title=f"{behind.title}, {step.label}") if behind and step else behind


def page_of(of: str) -> str:
    """Return the page on which a kind of number stands."""
    if of in OUTCOME_KINDS or of in ("topic", "linked"):
        return "reports:outcomes"
    if of == "targets":
        return "reports:service_levels"
    if of in KINDS_OF_TODAY:
        return "reports:today"
    if of in _OF_PEOPLE:
        return "reports:people"
    return "reports:horseshoe" if of in KINDS else "reports:dashboard"


def _exchanges(
    user: User, period: Period, filters: Filters, query: Mapping[str, str], now: dt.datetime
) -> NumberList | None:
    answered = _YES_OR_NO.get(query.get("answered", ""))
    which = {
        None: "Exchanges that needed an answer",
        True: "Answered exchanges",
        False: "Unanswered exchanges",
    }[answered]
    behind = NumberList(
        which,
        "exchanges",
        exchange_units(user, period, filters, answered, now=now),
        at_label="Arrived",
        span_label="Answered after",
    )
    return behind if answered is None else replace(behind, order=LONGEST)


def _created_cases(
    user: User, period: Period, filters: Filters, query: Mapping[str, str], now: dt.datetime
) -> NumberList | None:
    return _list_of_cases("New cases", created_cases(user, period, filters), now)


def _answered_cases(
    user: User, period: Period, filters: Filters, query: Mapping[str, str], now: dt.datetime
) -> NumberList:
    cases = created_cases(user, period, filters).filter(needs_answer=True, first_response_at__isnull=False)
    return replace(_list_of_cases("New cases with a first response", cases, now), order=LONGEST)


def _cases_without_answer(
    user: User, period: Period, filters: Filters, query: Mapping[str, str], now: dt.datetime
) -> NumberList:
    is_open = _YES_OR_NO.get(query.get("open", ""))
    titles = {
        None: "New cases without a first response",
        True: "New cases still waiting for a first response",
        False: "New cases closed without an answer",
    }
    cases = unanswered_cases(user, period, filters, is_open=is_open)
    return replace(_list_of_cases(titles[is_open], cases, now), order=LONGEST)


def _list_of_cases(title: str, cases: CaseQuerySet, now: dt.datetime) -> NumberList:
    return NumberList(title, "cases", case_units(cases, now=now))


def _hand_overs(
    user: User, period: Period, filters: Filters, query: Mapping[str, str], now: dt.datetime
) -> NumberList | None:
    ends = {name: _parse_id(query.get(name)) if name in query else None for name in ("from_id", "to_id")}
    wanted = [end for end in ends.values() if end is not None]
    names = dict(Department.objects.filter(pk__in=wanted).values_list("pk", "name"))
    if any(end not in names for end in wanted):
        return None
    start, end = ends["from_id"], ends["to_id"]
    words = [f" from {names[start]}" if start else "", f" to {names[end]}" if end else ""]
    return NumberList(
        f"Handed over{''.join(words)}",
        "hand-overs",
        hand_over_units(user, period, filters, start, end, now=now),
        LONGEST,
        at_label="Sent",
        span_label="Wait",
    )


def _routed_cases(
    user: User, period: Period, filters: Filters, query: Mapping[str, str], now: dt.datetime
) -> NumberList:
    return NumberList(
        "Moved by the learned router before anybody had touched them",
        "cases",
        hand_over_units(user, period, filters, None, None, routed=True, now=now),
        at_label="Moved",
        span_label="Wait",
    )


def _clocks(
    user: User, period: Period, filters: Filters, query: Mapping[str, str], now: dt.datetime
) -> NumberList | None:
    clock = next((name for name in CLOCKS if name == query.get("clock")), None)
    met = _YES_OR_NO.get(query.get("met", ""))
    if clock is None or met is None:
        return None
    return NumberList(
        f"{CLOCK_LABELS[clock]} targets that were {'met' if met else 'missed'}, of new cases",
        "targets",
        clock_units(user, period, filters, clock, met=met, now=now),
        at_label="Ended or due",
        span_label="Outcome",
    )


def _parse_id(value: str | None) -> int:
    """Return a positive id from a query parameter, 0 for anything else."""
    return int(value) if value and value.isascii() and value.isdigit() and len(value) < 16 else 0
