"""Cursors with server-side parameters: Postgres plans a statement once a connection.

Django's own cursors put the values into the text, which is then another statement every time; planning one takes longer
than many of them run. A connection keeps the plan from the third time on (`prepare_threshold` in the settings; behind
a transaction pooler, never).
"""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.db.backends.postgresql.base import ServerBindingCursor


def bound_cursor() -> Any:
    """Return a cursor on the default connection with server-side parameters.

    A value has no type of its own but that of the place where it stands: where there is none, the statement must cast.
    """
    connection.ensure_connection()
    return connection._prepare_cursor(ServerBindingCursor(connection.connection))  # type: ignore[attr-defined, call-arg]
