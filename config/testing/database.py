"""One migrated database for all workers of a parallel test run: the first migrates, the others copy its database."""

from __future__ import annotations

import fcntl
import os
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
    """Let the flush after a test with real transactions truncate history, too.

    The guards of history refuse TRUNCATE; this is the only place that gets around them for all tables.
    """
    from django.db.backends.postgresql.operations import DatabaseOperations

    from postgres.history import OPEN_HISTORY_STATEMENT

    flush = DatabaseOperations.execute_sql_flush

    def execute_sql_flush(self: Any, sql_list: list[str]) -> None:
        flush(self, [OPEN_HISTORY_STATEMENT, *sql_list])

    DatabaseOperations.execute_sql_flush = execute_sql_flush  # type: ignore[method-assign, assignment]


def _template_exists(connection: Any) -> bool:
    return (TEMPLATE_NAME,) in _run_statement(connection, "SELECT datname FROM pg_database")


def _run_statement(connection: Any, statement: str) -> list[Any]:
    with connection._nodb_cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall()) if cursor.description else []
