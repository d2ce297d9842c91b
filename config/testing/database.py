"""One migrated database for all workers of a parallel test run: the first one migrates, the others copy what it made."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Any

#: A copy of the first worker's database, before any test. Nobody ever connects to it, or it could not be copied.
TEMPLATE = "horseshoe_migrated"
#: Names the file that lets one worker at a time look for the template. Not set where the servers outlive the run: a
#: template of an earlier one would hold older tables.
LOCK = "HORSESHOE_TEST_TEMPLATE_LOCK"


def share(connection: Any) -> None:
    """Make `connection`'s test database come from the template, which is made where no worker has made it yet."""
    creation = connection.creation
    create = creation.create_test_db

    def create_test_db(*arguments: Any, **named: Any) -> str:
        with Path(os.environ[LOCK]).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if _exists(connection):
                connection.settings_dict["TEST"]["TEMPLATE"] = TEMPLATE
                fcntl.flock(lock, fcntl.LOCK_UN)
                return str(create(*arguments, **named))
            name = str(create(*arguments, **named))
            connection.close()
            _run(connection, f'CREATE DATABASE "{TEMPLATE}" TEMPLATE "{name}"')
            return name

    creation.create_test_db = create_test_db


def _exists(connection: Any) -> bool:
    return (TEMPLATE,) in _run(connection, "SELECT datname FROM pg_database")


def _run(connection: Any, statement: str) -> list[Any]:
    with connection._nodb_cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall()) if cursor.description else []
