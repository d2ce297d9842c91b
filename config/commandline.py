"""What `manage.py COMMAND` means: `up` and `test` are ours, every other command is Django's.

A command that works with data finds servers first (see `config.embedded.servers.servers_for_command`).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from config.embedded.process import EmbeddedError
from config.embedded.servers import servers_for_command

#: Commands that read code or files only, or bring servers of their own (`bench`).
COMMANDS_WITHOUT_SERVERS = frozenset(
    {
        "bench",
        "check",
        "collectstatic",
        "compilemessages",
        "diffsettings",
        "findstatic",
        "help",
        "makemessages",
        "makemigrations",
        "measure",
        "startapp",
        "version",
    }
)
#: Commands that are asked about the tables themselves: nothing happens to these before.
TABLE_COMMANDS = frozenset({"dbshell", "flush", "migrate", "showmigrations", "sqlmigrate"})
#: Postgres' codes for a table and for a column that is not there.
MISSING_TABLE_CODES = frozenset({"42P01", "42703"})


def run_command_line(argv: Sequence[str]) -> int:
    """Run `argv` (with the program's name first); returns the exit status."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    command = argv[1] if len(argv) > 1 else "help"
    try:
        if command == "up":
            from config import up

            return up.main(list(argv[2:]))
        if command == "test":
            _run_tests(list(argv[2:]))
        if command in COMMANDS_WITHOUT_SERVERS or command.startswith("-") or {"--help", "-h"} & set(argv):
            return _run_django(argv)
        with servers_for_command(command) as alone:
            if alone and command not in TABLE_COMMANDS:
                _migrate_embedded_database()
            return _run_data_command(argv)
    except EmbeddedError as error:
        print(error, file=sys.stderr)
        return 1


def _migrate_embedded_database() -> None:
    """Make the tables of an embedded database. One that no `up` made before, or an older one. They are ours
    to change; a company's own database is migrated when the company says so.
    """
    import django
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    django.setup()
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        print("Preparing the database …", file=sys.stderr)
        call_command("migrate", interactive=False, verbosity=0)


def _run_data_command(argv: Sequence[str]) -> int:
    """Run a command that works with data. Says so in words where the tables for it are missing."""
    from django.db import ProgrammingError

    try:
        return _run_django(argv)
    except ProgrammingError as error:
        if getattr(error.__cause__, "sqlstate", "") not in MISSING_TABLE_CODES:
            raise
        print(
            f"The database does not have the tables of this release ({str(error).splitlines()[0]}). "
            "`python3 manage.py migrate` makes them.",
            file=sys.stderr,
        )
        return 1


def _run_django(argv: Sequence[str]) -> int:
    from django.core.management import execute_from_command_line

    execute_from_command_line(list(argv))
    return 0


def _run_tests(arguments: list[str]) -> NoReturn:
    """Replace this process by pytest; parallel unless the arguments say how (or a debugger needs the terminal)."""
    own = ("-n", "--numprocesses", "--pdb", "--trace", "--dist", "no:xdist")
    parallel = (
        []
        if any(argument.startswith(own) for argument in arguments)
        else ["-n", "auto", "--dist", "worksteal"]
    )
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(sys.executable, [sys.executable, "-m", "pytest", *parallel, *arguments])  # noqa: S606
