"""A database cluster for the benches alone; only `bench load` keeps it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from config.embedded import servers
from config.embedded.data_folder import CHECKOUT, Home

#: Marks a database that is filled completely, so that a half-filled one is never measured.
_FILLED = "COMMENT ON DATABASE {name} IS 'filled'"


#: No HTTPS on the loopback address, and no collected static files.
_PLAIN_HTTP = {"HTTPS": "0", "STATICFILES_BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}


class Scratch:
    """Running servers with one database per number of cases."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._environment = environment
        self._url = environment["DATABASE_URL"]

    def environment(self, cases: int) -> dict[str, str]:
        """Return the environment of a process that works on a bench's database.

        `cases` selects the database.
        """
        path, _, query = self._url.partition("?")
        database = f"{path.rpartition('/')[0]}/{_database_name(cases)}" + (f"?{query}" if query else "")
        return {**os.environ, **self._environment, **_PLAIN_HTTP, "DATABASE_URL": database}

    def fill(self, cases: int) -> None:
        """Create and fill the database, unless that was done already.

        A database that was filled earlier is migrated.
        """
        if self._is_filled(cases):
            self.run_command(cases, "migrate", "--verbosity", "0")
            self.run_command(cases, "index_search")
            return
        name = sql.Identifier(_database_name(cases))
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
            connection.execute(sql.SQL("CREATE DATABASE {}").format(name))
        self.run_command(cases, "migrate", "--verbosity", "0")
        if cases:
            self.run_command(cases, "bench", "fill", "--cases", str(cases), "--inside")
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute(sql.SQL(_FILLED).format(name=name))

    def run_command(self, cases: int, *arguments: str) -> None:
        """Run a management command on the database. Raises CalledProcessError when it fails."""
        command = [sys.executable, str(CHECKOUT / "manage.py"), *arguments]
        subprocess.run(command, env=self.environment(cases), check=True)

    def _is_filled(self, cases: int) -> bool:
        query = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s"
        with psycopg.connect(self._url) as connection:
            row = connection.execute(query, [_database_name(cases)]).fetchone()
        return row is not None and row[0] == "filled"


@contextmanager
def open_scratch(*, keep: bool) -> Iterator[Scratch]:
    """Start servers for a bench.

    With `keep` their data stays in the data folder for repeated use; otherwise it is removed afterwards.
    While a kept cluster exists, every bench uses it. Raises EmbeddedError when a server does not start,
    SystemExit while another bench uses the cluster.
    """
    kept_folder = Path(Home.from_environment().path) / "bench"
    home = Home(
        kept_folder if keep or kept_folder.exists() else Path(tempfile.mkdtemp(prefix="horseshoe-bench-"))
    )
    home.prepare()
    if not home.lock():
        raise SystemExit("Another bench is using the scratch database.")
    own_servers = servers.build_wanted_servers(home)
    try:
        environment = home.ensure_secrets() | servers.start_servers(own_servers)
        yield Scratch(environment)
    finally:
        servers.stop_servers(own_servers)
        home.release()
        if home.path != kept_folder:
            shutil.rmtree(home.path, ignore_errors=True)


def _database_name(cases: int) -> str:
    return f"bench_{cases}"
