"""The time until cases are resolved, for the first and the last time, and until later answers. Definitions: docs/metrics.md."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal, get_args

from accounts.models import User
from reports.filters import Filters
from reports.measures.exchanges import exchange_facts
from reports.periods import Period
from reports.scopes import CaseScope, reported_cases, with_cases

#: What customers wait for beside the first response.
WaitFor = Literal["next_response", "first_resolve", "final_resolve"]
WAITS: tuple[WaitFor, ...] = get_args(WaitFor)

_FACTS = """
WITH scope AS ({}),
fact AS (
  SELECT c.id AS case_id, 0::bigint AS n, c.created_at AS at,
         CASE WHEN c.status = 'resolved' THEN c.closed_at - c.created_at END AS span,
         CASE WHEN c.status = 'resolved' THEN 'resolved' WHEN c.closed_at IS NULL THEN 'waiting' ELSE 'dismissed' END AS state
  FROM inbox_case c JOIN scope ON scope.id = c.id
)
"""
_FIRST_FACTS = """
WITH scope AS ({}),
fact AS (
  SELECT c.id AS case_id, 0::bigint AS n, c.created_at AS at, c.first_resolved_at - c.created_at AS span,
         CASE WHEN c.first_resolved_at IS NULL THEN CASE WHEN c.closed_at IS NULL THEN 'waiting' ELSE 'dismissed' END
              WHEN c.reopen_count > 0 THEN 'reopened' ELSE 'resolved' END AS state
  FROM inbox_case c JOIN scope ON scope.id = c.id
)
"""
_LATER_FACTS = ", fact AS (SELECT case_id, n, at, span, state FROM unit WHERE n > 1)"
#: The states of a fact that is done.
DONE = ("answered", "resolved", "reopened")
_UNITS = """,
unit AS (
  SELECT f.case_id, f.n, f.at, coalesce(f.span, %s - f.at) AS span, CASE WHEN f.state = 'waiting' THEN 'waiting' ELSE 'spent' END AS state
  FROM fact f WHERE f.at >= %s AND f.at < %s AND f.state = ANY(%s::text[])
)
"""


def resolution_facts(cases: CaseScope) -> tuple[str, list[Any]]:
    """Return a statement that ends with a table `fact`: one row for each case."""
    return with_cases(_FACTS, cases)


def first_resolution_facts(cases: CaseScope) -> tuple[str, list[Any]]:
    """Return a statement that ends with a table `fact`: cases with their first resolving."""
    return with_cases(_FIRST_FACTS, cases)


def next_response_facts(cases: CaseScope) -> tuple[str, list[Any]]:
    """Return a statement that ends with a table `fact`: the exchanges after a case's first."""
    sql, parameters = exchange_facts(cases)
    before, _, _ = sql.rpartition(", fact AS (")
    return before + _LATER_FACTS, parameters


WAIT_FACTS = {
    "next_response": next_response_facts,
    "first_resolve": first_resolution_facts,
    "final_resolve": resolution_facts,
}


def wait_units(
    user: User, period: Period, filters: Filters, what: WaitFor, states: tuple[str, ...], *, now: dt.datetime
) -> tuple[str, list[Any]]:
    """Return the units (`reports.behind.lists`) of one number of the table of waits."""
    sql, parameters = WAIT_FACTS[what](filters.narrow(reported_cases(user)))
    if what == "next_response":
        # There the name is taken.
        sql = sql.replace("\nunit AS (", "\nexchange_unit AS (").replace(
            " FROM unit ", " FROM exchange_unit "
        )
    return sql + _UNITS, [*parameters, now, period.start, period.end, list(states)]
