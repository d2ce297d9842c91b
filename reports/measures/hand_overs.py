"""Hand-overs between departments, counted at the time they were sent. Definitions: docs/metrics.md.

A reader's numbers hold the hand-overs of the cases that they may read and, for a manager, those into and out of the
manager's departments: what one's people pass on is one's own number, though the case is no longer theirs to read.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from accounts.models import User
from reports.filters import Filters
from reports.periods import Period
from reports.scopes import (
    ALWAYS,
    CaseScope,
    counted_cases,
    fetch_all,
    managed_department_ids,
    reported_cases,
    with_cases,
)


@dataclass(frozen=True, slots=True)
class HandOverPair:
    """Hand-overs from one department to another.

    `median_wait` and `p90_wait` are from sending to acceptance; a hand-over that was not accepted counts with its wait
    until it left, or until now. `median_custody` is from sending to leaving; `came_back` counts hand-overs to a
    department that had had the case before.
    """

    from_id: int
    from_name: str
    to_id: int
    to_name: str
    count: int
    accepted: int
    waiting: int
    median_wait: dt.timedelta | None
    p90_wait: dt.timedelta | None
    median_custody: dt.timedelta | None
    came_back: int


# What the learned router moved is routing: it is listed apart.
_HAND_OVERS = """
WITH readable AS ({}), counted AS ({}),
hand_over AS (
  SELECT u.*, coalesce(u.accepted_at, u.left_at, %s) - u.sent_at AS wait, coalesce(u.left_at, %s) - u.sent_at AS held
  FROM inbox_custody u
  JOIN counted ON counted.id = u.case_id
  LEFT JOIN readable ON readable.id = u.case_id
  WHERE u.routed = %s AND u.sent_at >= %s AND u.sent_at < %s
    AND (u.routed OR u.from_department_id <> u.department_id)
    AND (readable.id IS NOT NULL OR u.from_department_id = ANY(%s) OR u.department_id = ANY(%s))
)
"""
_CAME_BACK = """EXISTS (
  SELECT 1 FROM inbox_custody earlier
  WHERE earlier.case_id = h.case_id AND earlier.department_id = h.department_id AND earlier.sent_at < h.sent_at
    AND NOT EXISTS (
      SELECT 1 FROM inbox_custody r
      WHERE r.case_id = h.case_id AND r.routed AND r.sent_at = earlier.left_at))"""
_PAIRS = f"""
SELECT f.id, f.name, t.id, t.name, count(*), count(h.accepted_at),
       count(*) FILTER (WHERE h.accepted_at IS NULL AND h.left_at IS NULL),
       percentile_disc(0.5) WITHIN GROUP (ORDER BY h.wait),
       percentile_disc(0.9) WITHIN GROUP (ORDER BY h.wait),
       percentile_disc(0.5) WITHIN GROUP (ORDER BY h.held),
       count(*) FILTER (WHERE {_CAME_BACK})
FROM hand_over h
JOIN accounts_department f ON f.id = h.from_department_id
JOIN accounts_department t ON t.id = h.department_id
GROUP BY f.id, f.name, t.id, t.name
ORDER BY count(*) DESC, f.name, t.name
"""  # noqa: S608 (constants)
_COUNT = "SELECT count(*) FROM hand_over"
_STATE = "CASE WHEN accepted_at IS NOT NULL THEN 'accepted' WHEN left_at IS NULL THEN 'waiting' ELSE 'unaccepted' END"
_UNITS = f""",
unit AS (
  SELECT case_id, id AS n, sent_at AS at, wait AS span, {_STATE} AS state
  FROM hand_over
  WHERE (%s::bigint IS NULL OR from_department_id = %s) AND (%s::bigint IS NULL OR department_id = %s)
)
"""  # noqa: S608 (constants)
_FACTS = f""",
fact AS (
  SELECT case_id, id AS n, sent_at AS at, wait AS span, {_STATE} AS state, from_department_id,
         department_id AS to_department_id, held, {_CAME_BACK} AS came_back
  FROM hand_over h
)
"""  # noqa: S608 (constants)


def hand_over_pairs(user: User, period: Period, filters: Filters, *, now: dt.datetime) -> list[HandOverPair]:
    """Measure hand-overs sent in the period, most frequent pair first.

    Moves by the learned router count as routing, not as hand-overs. One statement.
    """
    sql, parameters = hand_overs_sql(user, period, filters, routed=False, now=now)
    return [HandOverPair(*row) for row in fetch_all(sql + _PAIRS, parameters)]


def count_routed(user: User, period: Period, filters: Filters, *, now: dt.datetime) -> int:
    """Count the cases that the learned router moved in the period.

    It moves a case before anybody has touched it, and at most once. One statement.
    """
    sql, parameters = hand_overs_sql(user, period, filters, routed=True, now=now)
    count: int = fetch_all(sql + _COUNT, parameters)[0][0]
    return count


def hand_over_units(
    user: User,
    period: Period,
    filters: Filters,
    from_id: int | None,
    to_id: int | None,
    *,
    routed: bool = False,
    now: dt.datetime,
) -> tuple[str, list[Any]]:
    """Return the units (`reports.behind.lists`) of hand-overs, or of routing.

    `from_id` and `to_id` are departments; None selects all.
    """
    sql, parameters = hand_overs_sql(user, period, filters, routed=routed, now=now)
    return sql + _UNITS, [*parameters, from_id, from_id, to_id, to_id]


def hand_over_facts(cases: CaseScope) -> tuple[str, list[Any]]:
    """Return a statement that ends with a table `fact`: the hand-overs of some cases.

    A wait, or a custody, that goes on has no span: it depends on the present.
    """
    return _facts_sql(cases, routed=False)


def routing_facts(cases: CaseScope) -> tuple[str, list[Any]]:
    """Return the same of the learned router's moves."""
    return _facts_sql(cases, routed=True)


def _facts_sql(cases: CaseScope, *, routed: bool) -> tuple[str, list[Any]]:
    sql, parameters = with_cases(_HAND_OVERS, cases, cases)
    return sql + _FACTS, [*parameters, None, None, routed, *ALWAYS, [], []]


def hand_overs_sql(
    user: User, period: Period, filters: Filters, *, routed: bool, now: dt.datetime
) -> tuple[str, list[Any]]:
    """Return the beginning of a statement with this reader's hand-overs.

    `routed`: with the moves of the learned router instead.
    """
    own = managed_department_ids(user)
    sql, parameters = with_cases(_HAND_OVERS, reported_cases(user), filters.narrow(counted_cases()))
    return sql, [*parameters, now, now, routed, period.start, period.end, own, own]
