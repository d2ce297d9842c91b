"""Cells: the sums of facts by week. One statement makes them, of all facts or of what changed."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from reports.models import Cell, FactKind
from reports.rollups.weeks import week_starts

#: The kinds of facts that have cells. Hand-overs are few, and are read as they are.
KINDS_WITH_CELLS = (
    FactKind.EXCHANGE, FactKind.CASE, FactKind.CLOCK, FactKind.OUTCOME, FactKind.CLOSING, FactKind.WAY, FactKind.BUSINESS_WAY,
    FactKind.FIRST_TURN, FactKind.NEXT_RESPONSE, FactKind.FIRST_RESOLVE, FactKind.FINAL_RESOLVE,
)  # fmt: skip
CELL_COLUMNS = (
    "kind", "grouped", "department_id", "brand_account_id", "week", "visibility", "state", "value", "n",
)  # fmt: skip
# No statement asks Postgres for a zone (docs/decisions/0045), so the weeks are a parameter. The last one is endless.
_BY_WEEK = f"""
by_week AS MATERIALIZED (
  SELECT week.starts[width_bucket(m.at, week.starts)] AS week, m.kind, m.state, m.department_id, m.brand_account_id,
         m.visibility, m.value, sum(m.sign) AS n
  FROM moved m CROSS JOIN (SELECT %s::timestamptz[]) AS week(starts)
  WHERE m.at >= week.starts[1]
  GROUP BY 1, 2, 3, 4, 5, 6, 7 HAVING sum(m.sign) <> 0
),
cell AS (
  SELECT kind, {Cell.Group.EACH} AS grouped, department_id, brand_account_id, week, visibility, state, -1 AS value, sum(n) AS n
  FROM by_week GROUP BY 1, 3, 4, 5, 6, 7
  UNION ALL
  SELECT kind, {Cell.Group.ALL}, 0, 0, week, visibility, state, value, sum(n)
  FROM by_week WHERE value IS NOT NULL GROUP BY 1, 5, 6, 7, 8
  UNION ALL
  SELECT kind, {Cell.Group.DEPARTMENT}, department_id, 0, week, visibility, state, value, sum(n)
  FROM by_week WHERE value IS NOT NULL GROUP BY 1, 3, 5, 6, 7, 8
  UNION ALL
  SELECT kind, {Cell.Group.BRAND_ACCOUNT}, 0, brand_account_id, week, visibility, state, value, sum(n)
  FROM by_week WHERE value IS NOT NULL GROUP BY 1, 4, 5, 6, 7, 8
)
"""  # noqa: S608 (constants)
_ALL_FACTS = f"""
WITH moved AS (
  SELECT kind, at, state, department_id, brand_account_id, visibility, value, 1 AS sign
  FROM reports_fact WHERE kind = ANY(%s::smallint[])
), {_BY_WEEK}
"""  # noqa: S608 (constants)
_COLUMNS = ", ".join(CELL_COLUMNS)
# In the order of their index, so that one page of the table holds what is read together.
_FILL = f"{_ALL_FACTS} INSERT INTO reports_cell ({_COLUMNS}) SELECT {_COLUMNS} FROM cell WHERE n <> 0 ORDER BY 1, 2, 3, 4, 5"  # noqa: S608 (constants)
# In a statement that has the tables `added` and `removed`.
_ADD = f""",
moved AS (
  SELECT x.kind, x.at, x.state, x.department_id, x.brand_account_id, x.visibility, x.value, x.sign
  FROM (SELECT *, 1 AS sign FROM added UNION ALL SELECT *, -1 FROM removed) AS x WHERE x.kind = ANY(%s::smallint[])
), {_BY_WEEK}
INSERT INTO reports_cell ({_COLUMNS}) SELECT {_COLUMNS} FROM cell WHERE n <> 0
ON CONFLICT (kind, grouped, department_id, brand_account_id, week, visibility, state, value)
DO UPDATE SET n = reports_cell.n + excluded.n
"""  # noqa: S608 (constants)
_DIFFERENCES = f"""{_ALL_FACTS},
kept AS (SELECT {_COLUMNS} FROM reports_cell WHERE n <> 0),
computed AS (SELECT {_COLUMNS} FROM cell WHERE n <> 0)
(SELECT 'missing', x::text FROM (TABLE computed EXCEPT TABLE kept) x)
UNION ALL (SELECT 'surplus', x::text FROM (TABLE kept EXCEPT TABLE computed) x)
"""  # noqa: S608 (constants)


def fill_cells(zone: ZoneInfo) -> None:
    """Make all cells anew from the facts. Two statements, in the running transaction."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM reports_cell")
        cursor.execute(_FILL, [list(map(int, KINDS_WITH_CELLS)), week_starts(zone)])


def add_change(zone: ZoneInfo) -> tuple[str, list[Any]]:
    """Return the end of a statement that changes the cells.

    It adds what was `added`, less what was `removed`.
    """
    return _ADD, [list(map(int, KINDS_WITH_CELLS)), week_starts(zone)]


def find_cell_differences(zone: ZoneInfo) -> list[tuple[str, str]]:
    """Return the cells that are not what the facts say: ("missing" or "surplus", the cell).

    One statement.
    """
    with connection.cursor() as cursor:
        cursor.execute(_DIFFERENCES, [list(map(int, KINDS_WITH_CELLS)), week_starts(zone)])
        rows: list[tuple[str, str]] = cursor.fetchall()
    return rows
