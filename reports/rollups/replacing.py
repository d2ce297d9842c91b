"""Writing the facts of some cases anew, and what that changes in the cells, in one statement."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from reports.rollups.cells import add_change
from reports.rollups.definitions import FACT_COLUMNS, CaseRange, fresh_facts, stored_facts

_KEYS = ("kind", "case_id", "n")
_KEY_COLUMNS, _COLUMNS = ", ".join(_KEYS), ", ".join(FACT_COLUMNS)
_ASSIGNED = ", ".join(f"{name} = excluded.{name}" for name in FACT_COLUMNS if name not in _KEYS)
# Rows that did not change are left alone: most cases are looked at again because of something else.
_WRITE = f""",
added AS MATERIALIZED (TABLE fresh EXCEPT TABLE stored),
removed AS MATERIALIZED (TABLE stored EXCEPT TABLE fresh),
gone AS (
  DELETE FROM reports_fact f USING (SELECT {_KEY_COLUMNS} FROM removed EXCEPT SELECT {_KEY_COLUMNS} FROM added) AS past
  WHERE f.kind = past.kind AND f.case_id = past.case_id AND f.n = past.n
),
written AS (
  INSERT INTO reports_fact ({_COLUMNS}) SELECT {_COLUMNS} FROM added
  ON CONFLICT (kind, case_id, n) DO UPDATE SET {_ASSIGNED}
)
"""  # noqa: S608 (constants)
# Topics read texts, which takes longer, so they follow in a task of their own (`reports.topics`).
_TO_READ = "INSERT INTO reports_casetoread (case_id) {}"


def replace_facts(cases: CaseRange, cell_zone: ZoneInfo | None) -> None:
    """Compute the facts of some cases and store them; `cell_zone` None leaves the cells alone.

    In the running transaction, which holds `AdvisoryLock.ROLLUPS`. Their topics are noted to be read again.
    """
    sql, parameters = fresh_facts(cases)
    parts: tuple[tuple[str, list[Any]], ...] = (
        stored_facts(cases),
        (_WRITE, []),
        (" SELECT 1", []) if cell_zone is None else add_change(cell_zone),
    )
    for part, more in parts:
        sql, parameters = sql + part, parameters + more
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        to_read, ids = cases.as_ids_sql()
        cursor.execute(_TO_READ.format(to_read), ids)
