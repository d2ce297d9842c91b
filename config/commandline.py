"""Dispatch of `manage.py COMMAND`: `up` and `test` are ours, every other command is Django's.

For a command that works with data, servers are found or started first (see
`config.embedded.servers.servers_for_command`).
"""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Sequence
from typing import NoReturn

from config.embedded.process import EmbeddedError
from config.embedded.servers import servers_for_command

#: Commands that read code or files only, or start their own servers (`bench`).
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
#: Commands about the tables themselves: nothing is migrated before they run.
TABLE_COMMANDS = frozenset({"dbshell", "flush", "migrate", "showmigrations", "sqlmigrate"})
#: Postgres' error codes for a missing table and a missing column.
MISSING_TABLE_CODES = frozenset({"42P01", "42703"})

#: The exit status of a program that SIGPIPE ends, by which shells know that nothing is wrong.
CODE_OF_GONE_READER = 141


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
    except BrokenPipeError:
        if not _reader_is_gone():
            raise
        # What is still unwritten goes nowhere, or Python complains of it at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CODE_OF_GONE_READER


def _reader_is_gone() -> bool:
    """Return whether the reader of our output has ended, as `head` does."""
    output = select.poll()
    output.register(sys.stdout.fileno(), 0)
    return any(happened & (select.POLLERR | select.POLLHUP) for _, happened in output.poll(0))


def _migrate_embedded_database() -> None:
    """Migrate an embedded database that is new or older than this release.

    We may change its tables; a company's own database is migrated only when the company runs `migrate`.
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
    """Run a command that works with data.

    When its tables or columns are missing, prints what to do and returns 1.
    """
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
    sys.stdout.flush()
    return 0


def _run_tests(arguments: list[str]) -> NoReturn:
    """Replace this process by pytest.

    Tests run in parallel unless the arguments choose the processes or start a debugger, which needs the
    terminal.
    """
    own = ("-n", "--numprocesses", "--pdb", "--trace", "--dist", "no:xdist")
    parallel = (
        []
        if any(argument.startswith(own) for argument in arguments)
        else ["-n", "auto", "--dist", "worksteal"]
    )
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(sys.executable, [sys.executable, "-m", "pytest", *parallel, *arguments])  # noqa: S606
