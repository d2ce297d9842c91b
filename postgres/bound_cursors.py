"""Cursors with server-side parameters: Postgres plans a statement once a connection.

Django's own cursors put the values into the text, which is then another statement every time; planning one takes longer
than many of them run. A connection keeps the plan from the third time on (`prepare_threshold` in the settings; behind
a transaction pooler, never).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import orjson
from django.db import connection
from django.db.backends.postgresql.base import ServerBindingCursor


def bound_cursor() -> Any:
    """Return a cursor on the default connection with server-side parameters.

    A value has no type of its own but that of the place where it stands: where there is none, the statement must cast.
    """
    connection.ensure_connection()
    return connection._prepare_cursor(ServerBindingCursor(connection.connection))  # type: ignore[attr-defined, call-arg]


def fetch_rows(statement: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Return the rows of one statement as tuples."""
    with bound_cursor() as cursor:
        cursor.execute(statement, parameters)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def fetch_named_rows(statement: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the rows of a statement by the names of its columns."""
    with bound_cursor() as cursor:
        cursor.execute(statement, parameters)
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def rows_as_json(rows: Iterable[Mapping[str, Any]]) -> str:
    """Return rows as the document from which `json_to_recordset` takes them."""
    return orjson.dumps(list(rows)).decode()
