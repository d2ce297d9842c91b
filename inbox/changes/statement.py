"""One change of one case in one statement: the case's fields, its events, and who accepted its custody."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from functools import cache
from typing import Any

import orjson
from django.db import DatabaseError, connection

from inbox.models import Case, CaseEvent
from postgres.bound_cursors import bound_cursor

_INSERT_EVENTS = """
added AS (
  INSERT INTO inbox_caseevent (case_id, at, verb, actor_id, data)
  SELECT %(case)s, e.at, e.verb, e.actor, e.data
  FROM ROWS FROM (json_to_recordset(%(events)s::json) AS (at timestamptz, verb text, actor bigint, data jsonb))
    WITH ORDINALITY AS e(at, verb, actor, data, n) ORDER BY e.n
)
"""
_ACCEPT_CUSTODY = """
UPDATE inbox_custody SET accepted_at = %(accepted_at)s, accepted_by_id = %(accepted_by)s
WHERE case_id = %(case)s AND left_at IS NULL AND accepted_at IS NULL
"""


def mark_custody_accepted(case: Case, user_id: int, now: dt.datetime) -> bool:
    """Mark the open custody of a case as accepted by a person.

    Return False when somebody had accepted it before. One statement.
    """
    with bound_cursor() as cursor:
        cursor.execute(_ACCEPT_CUSTODY, {"case": case.pk, "accepted_at": now, "accepted_by": user_id})
        return bool(cursor.rowcount)


def write_case_change(
    case: Case, fields: Sequence[str], events: Sequence[CaseEvent], accepted: tuple[int, dt.datetime] | None
) -> None:
    """Store fields of a locked case with its new events.

    One statement. `accepted` is (id of the person, when) for a custody that is accepted with it, None for none. Events get no ids. Raises
    `DatabaseError` when the case is gone.
    """
    columns = {name: Case._meta.get_field(name) for name in fields}
    values: dict[str, Any] = {
        f"set_{name}": field.get_db_prep_save(getattr(case, field.attname), connection)  # type: ignore[union-attr]
        for name, field in columns.items()
    }
    if events:
        rows = [
            {"at": event.at, "verb": event.verb, "actor": event.actor_id, "data": event.data}
            for event in events
        ]
        values["events"] = orjson.dumps(rows, option=orjson.OPT_NON_STR_KEYS).decode()
    if accepted is not None:
        values["accepted_by"], values["accepted_at"] = accepted
    with bound_cursor() as cursor:
        cursor.execute(
            _build_statement(tuple(sorted(fields)), bool(events), accepted is not None),
            values | {"case": case.pk},
        )
        if cursor.rowcount != 1:
            raise DatabaseError(f"Case {case.pk} is gone.")


@cache
def _build_statement(fields: tuple[str, ...], has_events: bool, is_accepted: bool) -> str:
    parts = [_INSERT_EVENTS] if has_events else []
    if is_accepted:
        parts.append(f"accepted AS ({_ACCEPT_CUSTODY})")
    columns = ", ".join(f'"{Case._meta.get_field(name).column}" = %(set_{name})s' for name in fields)  # type: ignore[union-attr]
    head = "WITH " + ", ".join(parts) if parts else ""
    return f"{head} UPDATE inbox_case SET {columns} WHERE id = %(case)s"  # noqa: S608 (names of columns)
