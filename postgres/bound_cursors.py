"""Cursors with server-side parameters: Postgres plans a statement once per connection.

Django's own cursors put the values into the text, so Postgres sees a different statement every time, and
planning one takes longer than running many of them. A connection keeps the plan from the third execution on
(`prepare_threshold` in the settings); behind a transaction pooler it never does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import orjson
from django.db import connection
from django.db.backends.postgresql.base import ServerBindingCursor
from psycopg.types.datetime import TimestamptzLoader


def bound_cursor() -> Any:
    """Return a cursor on the default connection with server-side parameters.

    Postgres infers the type of a parameter from its context; where it cannot, the statement must cast the
    parameter.
    """
    connection.ensure_connection()
    cursor: Any = ServerBindingCursor(connection.connection)  # type: ignore[call-arg]
    # Django's own loader of times is in Python. This one is in C, where psycopg has it, and ten times as fast.
    cursor.adapters.register_loader("timestamptz", TimestamptzLoader)
    return connection._prepare_cursor(cursor)  # type: ignore[attr-defined]


def fetch_rows(statement: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Return the rows of one statement as tuples."""
    with bound_cursor() as cursor:
        cursor.execute(statement, parameters)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def fetch_named_rows(statement: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the rows of one statement as dicts by column name."""
    with bound_cursor() as cursor:
        cursor.execute(statement, parameters)
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def rows_as_json(rows: Iterable[Mapping[str, Any]]) -> str:
    """Return rows as the JSON document that `json_to_recordset` reads."""
    return orjson.dumps(list(rows)).decode()
