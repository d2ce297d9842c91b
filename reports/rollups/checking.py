"""Comparing facts with the rows that they are computed from, and cells with facts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.db import connection

from reports.models import FactKind
from reports.rollups.building import STEP
from reports.rollups.cells import find_cell_differences
from reports.rollups.definitions import CaseRange, fresh_facts, stored_facts
from reports.rollups.state import read_status

#: In one snapshot with the facts: what changed and was not refreshed yet is no difference.
_DIFFERENCES = """,
surplus AS (TABLE stored EXCEPT TABLE fresh),
missing AS (TABLE fresh EXCEPT TABLE stored)
SELECT 'missing', x.kind, x.case_id, x::text FROM missing x WHERE x.case_id NOT IN (SELECT case_id FROM reports_changedcase)
UNION ALL
SELECT 'surplus', x.kind, x.case_id, x::text FROM surplus x WHERE x.case_id NOT IN (SELECT case_id FROM reports_changedcase)
"""
_NEXT = "SELECT max(id), count(*) FROM (SELECT id FROM inbox_case WHERE id > %s ORDER BY id LIMIT %s) AS next_cases"
_ENDLESS = 2**62


@dataclass(frozen=True, slots=True)
class Difference:
    """A fact or a cell that is missing, or that nothing explains."""

    what: str
    row: str


@dataclass(frozen=True, slots=True)
class Checked:
    """Part of a check: so many cases were compared, with these differences."""

    cases: int
    differences: list[Difference]


def check_rollups() -> Iterator[Checked]:
    """Compare everything, step by step; the last part is that of the cells."""
    after = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_NEXT, [after, STEP])
            last, count = cursor.fetchone()
        # The last step also finds facts of cases that do not exist.
        cases = CaseRange(after=after, to=_ENDLESS if last is None else last)
        # Ways are read before the others: what changed in between is no difference when it is compared again.
        yield Checked(count, _compare_facts(cases) and _compare_facts(cases))
        if last is None:
            break
        after = last
    zone = read_status().cell_zone
    rows = find_cell_differences(ZoneInfo(zone)) if zone else []
    yield Checked(0, [Difference(f"{what} cell", row) for what, row in rows])


def _compare_facts(cases: CaseRange) -> list[Difference]:
    sql, parameters = fresh_facts(cases)
    stored, more = stored_facts(cases)
    with connection.cursor() as cursor:
        cursor.execute(sql + stored + _DIFFERENCES, parameters + more)
        rows = cursor.fetchall()
    return [
        Difference(f"{what} fact of case {case_id} ({FactKind(kind).label})", row)
        for what, kind, case_id, row in rows
    ]
