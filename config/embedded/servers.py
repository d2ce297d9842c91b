"""The embedded servers together: choose which are needed, start them in parallel, stop them in order."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from config.embedded.binaries import postgres_programs
from config.embedded.data_folder import Home, RunningInstance
from config.embedded.postgres import Postgres
from config.embedded.process import EmbeddedError
from config.embedded.valkey import Valkey

Server = Postgres | Valkey


def is_environment_set(name: str) -> bool:
    """Tell whether the environment sets `name` or `name_FILE`.

    A server that the environment names is the company's own.
    """
    return bool(os.environ.get(name) or os.environ.get(f"{name}_FILE"))


def read_environment(name: str) -> str:
    """Return the value of `name`, or the content of `name_FILE`'s file.

    "" when neither is set. Raises EmbeddedError when the file cannot be read.
    """
    path = os.environ.get(f"{name}_FILE")
    if path and not os.environ.get(name):
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise EmbeddedError(
                f"{name}_FILE points at {path}, which cannot be read: {error.strerror}."
            ) from error
    return os.environ.get(name, "")


def build_wanted_servers(home: Home, *, durable: bool = True) -> list[Server]:
    """Return the servers that the environment does not name, not started yet."""
    servers: list[Server] = []
    if not is_environment_set("DATABASE_URL"):
        servers.append(Postgres(home.path, home.logs / "postgres.log", durable=durable))
    if not is_environment_set("REDIS_URL"):
        servers.append(Valkey(home.path, home.logs / "valkey.log", durable=durable))
    return servers


def start_servers(servers: list[Server]) -> dict[str, str]:
    """Start servers in parallel; return the environment that reaches them.

    On an error none is left running.
    """
    try:
        for server in reversed(servers):
            server.launch()
        for server in servers:
            server.wait()
    except BaseException:
        stop_servers(servers)
        raise
    return {name: value for server in servers for name, value in server.environment.items()}


def stop_servers(servers: list[Server]) -> None:
    """Stop the servers, Valkey first."""
    for server in reversed(servers):
        server.stop()


def environment_of_running(running: RunningInstance) -> dict[str, str]:
    """Return the environment that reaches a running instance's servers.

    PGHOST and PGUSER are for psql.
    """
    socket_folder = parse_qs(urlsplit(running.database_url).query).get("host", [])
    psql = {"PGHOST": socket_folder[0], "PGUSER": "horseshoe"} if socket_folder else {}
    return {"DATABASE_URL": running.database_url, "REDIS_URL": running.redis_url} | psql


@contextmanager
def servers_for_command(command: str) -> Iterator[bool]:
    """Put servers and secrets into `os.environ` for one management command.

    The servers are the company's own when the environment names a database, else those of a running `up`,
    else embedded ones, which are started now and stopped at the end. Yields True in the last case: the caller
    has to migrate the database then, because no `up` does. On a demo's database the networks are the
    simulated ones, also while no `up` runs them. Raises EmbeddedError.
    """
    home = Home.from_environment()
    if command == "dbshell":
        # The embedded Postgres has a psql; a machine without Postgres has none.
        os.environ["PATH"] += f"{os.pathsep}{postgres_programs(home.path, None)}"
    if is_environment_set("DATABASE_URL"):
        _set_missing_environment(home.read_secrets())
        _set_missing_environment(home.demo_networks(own_database=True))
        yield False
        return
    running = _find_running_or_lock(home)
    _set_missing_environment(home.ensure_secrets())
    _set_missing_environment(home.demo_networks(own_database=False))
    if running:
        os.environ.update(environment_of_running(running))
        yield False
        return
    servers = build_wanted_servers(home)
    try:
        print(f"Starting the embedded servers for `{command}` …", file=sys.stderr)
        os.environ.update(start_servers(servers))
        home.announce_running(
            RunningInstance(os.getpid(), command, "", os.environ["DATABASE_URL"], os.environ["REDIS_URL"])
        )
        yield True
    finally:
        stop_servers(servers)
        home.release()


def _find_running_or_lock(home: Home) -> RunningInstance | None:
    home.prepare()
    has_printed = False
    while not home.lock():
        running = home.read_running()
        if running and running.address:
            return running
        if not has_printed:
            who = f"`{running.command}` (process {running.pid})" if running else "Another command"
            print(f"{who} is using the embedded servers; waiting …", file=sys.stderr)
            has_printed = True
        time.sleep(0.2)
    return None


def _set_missing_environment(values: dict[str, str]) -> None:
    for name, value in values.items():
        if not is_environment_set(name):
            os.environ[name] = value


__all__ = [
    "EmbeddedError",
    "Server",
    "build_wanted_servers",
    "environment_of_running",
    "is_environment_set",
    "read_environment",
    "servers_for_command",
    "start_servers",
    "stop_servers",
]
