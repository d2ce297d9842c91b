"""Business time in statements: open stretches of calendars as arrays, so that a span costs two searches in them.

The calendar is that of the policy under which a case falls by its department, priority and network, as for the parts of the
horseshoe; without one every hour counts. Hours are those in force at the time.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from itertools import product
from typing import Any

from accounts.models import BrandAccount, Department
from routing.models import Priority
from routing.service_levels.policies import BusinessTime, ServiceLevels


@dataclass(frozen=True, slots=True)
class Rules:
    """The beginning of a statement with tables `calendar` and `rule`, and how facts `f` find their calendar `k`."""

    tables: str
    joins: str
    parameters: list[Any]


def rules_of(levels: ServiceLevels, start: dt.datetime, end: dt.datetime) -> Rules:
    """Return the rules for spans between two moments. Two statements."""
    by_priority = any(policy.priority is not None for policy in levels.policies)
    departments = list(Department.objects.values_list("pk", flat=True))
    accounts = list(BrandAccount.objects.values_list("pk", "network"))
    calendars: dict[int, tuple[int, BusinessTime]] = {}
    rows: list[tuple[int, int, int, int]] = []
    priorities = Priority.values if by_priority else Priority.values[:1]
    for department, (account, network), priority in product(departments, accounts, priorities):
        policy = levels.matching_policy(department, priority, network)
        if policy is not None:
            number, _ = calendars.setdefault(id(policy.calendar), (len(calendars), policy.calendar))
            rows.append((department, account, priority, number))
    columns = [list(column) for column in zip(*rows, strict=True)] or [[], [], [], []]
    values, parameters = list[str](), list[Any]()
    for number, calendar in calendars.values():
        values.append("(%s::int, %s::timestamptz[], %s::float8[], %s::float8[])")
        parameters += [number, *_stretches(calendar, start, end)]
    of_calendars = (
        f"VALUES {', '.join(values)}"
        if values
        else "SELECT 0, NULL::timestamptz[], NULL::float8[], NULL::float8[]"
    )
    tables = f"""
WITH calendar(number, starts, lengths, sums) AS ({of_calendars}),
rule AS (SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::int[], %s::int[]) AS r(department_id, brand_account_id, priority, number))"""  # noqa: S608 (constants)
    joins = "LEFT JOIN rule ON rule.department_id = f.department_id AND rule.brand_account_id = f.brand_account_id"
    if by_priority:
        joins = f"JOIN inbox_case x ON x.id = f.case_id {joins} AND rule.priority = x.priority"
    return Rules(tables, f"{joins} LEFT JOIN calendar k ON k.number = rule.number", [*parameters, *columns])


def business_seconds(start: str, end: str) -> str:
    """Return SQL for the seconds between two moments.

    By the calendar `k`, if there is one.
    """
    clock = f"extract(epoch FROM {end} - {start})::float8"
    return f"CASE WHEN k.number IS NULL THEN {clock} ELSE {_seconds_until(end)} - {_seconds_until(start)} END"


def _seconds_until(moment: str) -> str:
    """Return SQL for the business seconds before a moment."""
    place = f"width_bucket({moment}, k.starts)"
    return f"coalesce(k.sums[{place}] + least(extract(epoch FROM {moment} - k.starts[{place}])::float8, k.lengths[{place}]), 0)"


def _stretches(calendar: BusinessTime, start: dt.datetime, end: dt.datetime) -> list[list[Any]]:
    """Return beginnings, lengths and sums of stretches."""
    starts, lengths, sums, total = [], [], [], 0.0
    for begin, until in calendar.open_spans(start, end):
        starts.append(begin)
        lengths.append((until - begin).total_seconds())
        sums.append(total)
        total += lengths[-1]
    return [starts, lengths, sums]
