"""One migrated database for all workers of a parallel test run: the first migrates, the others copy its database."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

#: A copy of the first worker's database, before any test. No process connects to it, since
#: Postgres cannot copy a database in use.
TEMPLATE_NAME = "horseshoe_migrated"
#: The environment variable with the path of a lock file: one worker at a time looks for the template. It is not set
#: when the servers outlive the run, since the template of an earlier run would have older tables.
LOCK_VARIABLE = "HORSESHOE_TEST_TEMPLATE_LOCK"


def share_migrated_database(connection: Any) -> None:
    """Make `connection`'s test database a copy of the template.

    The first worker that needs the template makes it.
    """
    creation = connection.creation
    create = creation.create_test_db

    def create_test_db(*arguments: Any, **named: Any) -> str:
        with Path(os.environ[LOCK_VARIABLE]).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if _template_exists(connection):
                connection.settings_dict["TEST"]["TEMPLATE"] = TEMPLATE_NAME
                fcntl.flock(lock, fcntl.LOCK_UN)
                return str(create(*arguments, **named))
            name = str(create(*arguments, **named))
            connection.close()
            _run_statement(connection, f'CREATE DATABASE "{TEMPLATE_NAME}" TEMPLATE "{name}"')
            return name

    creation.create_test_db = create_test_db


def let_flush_empty_history() -> None:
    """Let the flush after a test empty history, too, and quickly.

    The guards of history refuse TRUNCATE and DELETE; this is the only place that gets around them for all tables.
    A superuser deletes with triggers and foreign keys switched off: the tables are nearly empty, and TRUNCATE makes
    600 new files.
    """
    from django.db.backends.postgresql.operations import DatabaseOperations

    from postgres.history import OPEN_HISTORY_STATEMENT

    flush, make_statements = DatabaseOperations.execute_sql_flush, DatabaseOperations.sql_flush

    def sql_flush(self: Any, style: Any, tables: Sequence[str], **named: Any) -> list[str]:
        if named.get("reset_sequences") or not tables or not _is_superuser(self.connection):
            return make_statements(self, style, tables, **named)
        deletions = "; ".join(f"DELETE FROM {self.quote_name(table)}" for table in tables)  # noqa: S608
        return [f"SET LOCAL session_replication_role = replica; {deletions}"]

    def execute_sql_flush(self: Any, sql_list: list[str]) -> None:
        flush(self, [OPEN_HISTORY_STATEMENT, *sql_list])

    DatabaseOperations.execute_sql_flush = execute_sql_flush  # type: ignore[method-assign, assignment]
    DatabaseOperations.sql_flush = sql_flush  # type: ignore[method-assign]


def _is_superuser(connection: Any) -> bool:
    connection.ensure_connection()
    return bool(connection.connection.info.parameter_status("is_superuser") == "on")


def _template_exists(connection: Any) -> bool:
    return (TEMPLATE_NAME,) in _run_statement(connection, "SELECT datname FROM pg_database")


def _run_statement(connection: Any, statement: str) -> list[Any]:
    with connection._nodb_cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall()) if cursor.description else []
