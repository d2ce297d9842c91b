"""The cases of a period that changed department and are closed, each with its time from arrival to closure.

Business time is that of the calendar of the policy that the case falls under, by the hours in force during each part; a
case without a policy counts by the clock. One calendar measures all parts of a case, so they add up to its time.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any

from accounts.models import User
from inbox.horseshoe.parts import Ending, Held, Part, PartKind, find_ending, gap_intervals, split_parts
from inbox.models.case import CaseQuerySet
from reports.filters import Filters
from reports.measures.new_cases import created_cases
from reports.periods import Period
from reports.scopes import fetch_all, with_cases
from routing.service_levels.policies import BusinessTime, ServiceLevels
from routing.service_levels.versions import live_service_levels

# The last answer of each case, and when it was queued: one in the network's own app when it was written, one for later at
# the time that its author chose.
_JOURNEYS = """
WITH scope AS ({}),
way AS (
  SELECT u.case_id, min(u.sent_at) AS started, max(u.sent_at) AS last_sent
  FROM inbox_custody u JOIN scope ON scope.id = u.case_id
  GROUP BY u.case_id
  HAVING bool_or(NOT u.routed AND u.from_department_id <> u.department_id)
)
SELECT w.case_id, w.started, w.last_sent, c.closed_at, c.department_id, c.priority, c.network, a.queued, a.answered, c.created_at
FROM way w
JOIN inbox_case c ON c.id = w.case_id
LEFT JOIN LATERAL (
  SELECT m.network_time AS answered, coalesce(greatest(r.created_at, r.planned_at), m.network_time) AS queued
  FROM inbox_message m
  LEFT JOIN inbox_reply r ON r.case_id = m.case_id AND r.remote_id = m.canonical_id
  WHERE m.case_id = c.id AND m.direction = 'out' AND NOT m.historical
  ORDER BY m.network_time DESC, m.id DESC LIMIT 1
) a ON true
"""
_CUSTODIES = """
SELECT case_id, department_id, sent_at, accepted_at, routed
FROM inbox_custody WHERE case_id = ANY(%s) ORDER BY case_id, sent_at, id
"""
#: What ways are made from.
JOURNEY_STATEMENTS = _JOURNEYS + _CUSTODIES
#: The part of a case's time: its kind and the department that had the case.
PartKey = tuple[PartKind, int]


@dataclass(slots=True)
class Journey:
    """One case's way: `time` is from its arrival to its closure, in business or clock time.

    `parts` and `gap` are filled in by `read_parts`.
    """

    case_id: int
    created_at: dt.datetime
    started_at: dt.datetime
    ending: Ending
    #: Department, priority and network, by which the service level of the case is chosen.
    falls_under: tuple[Any, ...]
    calendar: BusinessTime | None
    time: dt.timedelta
    parts: dict[PartKey, dt.timedelta] = field(default_factory=dict)
    gap: dt.timedelta = dt.timedelta()


def read_journeys(user: User, period: Period, filters: Filters, *, in_business_time: bool) -> list[Journey]:
    """Read the ways of the cases of a period, quickest first.

    Without their parts. One statement, and at most one for the service levels.
    """
    cases = created_cases(user, period, filters).filter(closed_at__isnull=False)
    journeys = _read(cases, live_service_levels() if in_business_time else None)
    return sorted(journeys, key=lambda journey: (journey.time, journey.case_id))


def read_closed_journeys(cases: CaseQuerySet) -> tuple[list[Journey], list[Journey]]:
    """Read the ways of some closed cases with their parts.

    By the clock, and in business time. Two statements, and at most one for the service levels.
    """
    by_clock = _read(cases, None)
    if not by_clock:
        return [], []
    levels = live_service_levels()
    in_business_time = [replace(journey, parts={}) for journey in by_clock]
    for journey in in_business_time:
        policy = levels.matching_policy(*journey.falls_under)
        journey.calendar = policy.calendar if policy else None
        journey.time = _measure(journey.calendar, journey.started_at, journey.ending.closure_at)
    read_parts(by_clock, in_business_time)
    return by_clock, in_business_time


def _read(cases: CaseQuerySet, levels: ServiceLevels | None) -> list[Journey]:
    sql, parameters = with_cases(_JOURNEYS, cases)
    journeys = []
    for case_id, started, last_sent, closed, *falls_under, queued, answered, created in fetch_all(
        sql, parameters
    ):
        policy = levels.matching_policy(*falls_under) if levels else None
        calendar = policy.calendar if policy else None
        ending = find_ending(last_sent, closed, queued, answered)
        time = _measure(calendar, started, ending.closure_at)
        journeys.append(Journey(case_id, created, started, ending, tuple(falls_under), calendar, time))
    return journeys


def read_parts(*sets: Iterable[Journey]) -> None:
    """Measure the parts and the gap of some journeys.

    In several sets of the same cases. One statement.
    """
    by_case: dict[int, list[Journey]] = {}
    for journeys in sets:
        for journey in journeys:
            by_case.setdefault(journey.case_id, []).append(journey)
    if not by_case:
        return
    rows = fetch_all(_CUSTODIES, [list(by_case)])
    for case_id, custodies in groupby(rows, key=lambda row: row[0]):
        held = [Held(*custody[1:]) for custody in custodies]
        for journey in by_case[case_id]:
            for part in split_parts(held, journey.ending):
                key = part_key(part)
                spent = _measure(journey.calendar, part.start, part.end)
                journey.parts[key] = journey.parts.get(key, dt.timedelta()) + spent
            for start, end in gap_intervals(held, journey.ending):
                journey.gap += _measure(journey.calendar, start, end)


def part_key(part: Part) -> PartKey:
    """Return under which key a part is added up."""
    return part.kind, part.department_id


def _measure(calendar: BusinessTime | None, start: dt.datetime, end: dt.datetime) -> dt.timedelta:
    return calendar.between(start, end) if calendar else end - start
