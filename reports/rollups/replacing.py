"""Writing the facts of some cases anew, and what that changes in the cells, in one statement for each kind."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django.db import connection

from reports.models import FactKind
from reports.rollups.cells import KINDS_WITH_CELLS, add_change
from reports.rollups.definitions import FACT_COLUMNS, CaseRange, fresh_facts, stored_facts

_KEYS = ("case_id", "n")
_COLUMNS = ", ".join(FACT_COLUMNS)
_ASSIGNED = ", ".join(f"{name} = excluded.{name}" for name in FACT_COLUMNS if name not in _KEYS)
# Rows that did not change are left alone: most cases are looked at again because of something else.
_WRITE = f""",
gone AS (
  DELETE FROM reports_fact f USING (SELECT case_id, n FROM stored EXCEPT SELECT case_id, n FROM fresh) AS past
  WHERE f.kind = %s AND f.case_id = past.case_id AND f.n = past.n
),
written AS (
  INSERT INTO reports_fact (kind, {_COLUMNS}) SELECT %s, changed.* FROM (TABLE fresh EXCEPT TABLE stored) AS changed
  ON CONFLICT (kind, case_id, n) DO UPDATE SET {_ASSIGNED}
)
"""  # noqa: S608 (constants)
# Topics read texts, which takes longer, so they follow in a task of their own (`reports.topics`).
_TO_READ = "INSERT INTO reports_casetoread (case_id) {}"


def replace_facts(cases: CaseRange, cell_zone: ZoneInfo | None) -> None:
    """Compute the facts of some cases and store them; `cell_zone` None leaves the cells alone.

    In the running transaction, which holds `AdvisoryLock.ROLLUPS`. Their topics are noted to be read again.
    """
    for kind in FactKind:
        sql, parameters = fresh_facts(kind, cases)
        for part, more in (stored_facts(kind, cases), (_WRITE, [int(kind), int(kind)])):
            sql, parameters = sql + part, parameters + more
        if cell_zone is not None and kind in KINDS_WITH_CELLS:
            part, more = add_change(kind, cell_zone)
        else:
            part, more = " SELECT 1", []
        with connection.cursor() as cursor:
            cursor.execute(sql + part, parameters + more)
    sql, parameters = cases.as_ids_sql()
    with connection.cursor() as cursor:
        cursor.execute(_TO_READ.format(sql), parameters)
