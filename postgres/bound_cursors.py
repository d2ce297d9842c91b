"""Cursors that give Postgres a statement and its values apart, so that it plans the statement once a connection.

Django's own cursors put the values into the text, which is then another statement every time; planning one takes longer
than many of them run. A connection keeps the plan from the third time on (`prepare_threshold` in the settings; behind
a transaction pooler, never).
"""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.db.backends.postgresql.base import ServerBindingCursor


def bound_cursor() -> Any:
    """A cursor on the default connection whose statements are planned once.

    Values have no type of their own but that of the place where they stand: where there is none, the statement casts.
    """
    connection.ensure_connection()
    return connection._prepare_cursor(ServerBindingCursor(connection.connection))  # type: ignore[attr-defined, call-arg]
