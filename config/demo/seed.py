"""The demo's simulated networks, and whether `up` runs them on its database."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import socket
import sys
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from config.embedded import servers
from config.embedded.data_folder import CHECKOUT, Home, simulated_network_settings
from config.embedded.ports import free_port
from config.embedded.process import EmbeddedError
from config.supervisor import Program


@dataclass(frozen=True)
class Demo:
    """One run of the simulated networks. Pages link to their port, so it stays the same over runs where
    possible.
    """

    home: Path
    port: int
    rate: float | None
    stream: Path | None

    @classmethod
    def from_options(cls, options: argparse.Namespace, home: Home, env: dict[str, str]) -> Demo | None:
        """Return the demo when it is to run, else None.

        It runs when requested, on an empty embedded database, and on an embedded database that it filled
        earlier. `env` must name the database when it is embedded. Raises EmbeddedError when --stream is given
        and the demo does not run.
        """
        embedded = not servers.is_environment_set("DATABASE_URL")
        if options.no_demo or not (options.demo or (embedded and _is_empty_or_demo(env["DATABASE_URL"]))):
            if options.stream:
                raise EmbeddedError(
                    "--stream posts through the demo's networks, and this database is not a demo."
                )
            if embedded:
                home.demo_note.unlink(missing_ok=True)
            return None
        stream = options.stream.absolute() if options.stream else None
        demo = cls(home.path, _choose_port(home.demo_note), options.rate, stream)
        note = {"port": demo.port, "own_database": not embedded}
        home.demo_note.write_text(json.dumps(note) + "\n", encoding="utf-8")
        return demo

    @property
    def address(self) -> str:
        """Base address of the simulated networks, without a slash at its end."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """The environment in which every process uses the simulated networks.

        They are polled often enough to look alive.
        """
        return {
            **simulated_network_settings(self.port),
            "POLL_INTERVAL_MIN": os.environ.get("POLL_INTERVAL_MIN", "2"),
            "POLL_INTERVAL_MAX": os.environ.get("POLL_INTERVAL_MAX", "10"),
        }

    def simulator_program(self, env: dict[str, str]) -> Program:
        """Return the process that simulates the networks."""
        command = [sys.executable, "-m", "simulator", "--port", str(self.port)]
        # No rate limits: a real network would soon refuse to be polled every two seconds.
        command += ["--state", str(self.home / "simulator.sqlite"), "--limits", "off"]
        command += ["--rate", f"{self.rate:g}"] if self.rate is not None else []
        if self.stream:
            command += ["--stream", str(self.stream)]
            command += ["--stream-rate", f"{self.rate:g}"] if self.rate else []
        return Program(
            "simulator", command, self.home / "logs" / "simulator.log", env, CHECKOUT, patience=1.0
        )

    def is_reachable(self) -> bool:
        """Tell whether the simulated networks accept connections already."""
        with socket.socket() as probe:
            probe.settimeout(2)
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def fetch_applications(self) -> dict[str, str]:
        """Fetch the client ids and secrets of the simulated networks' apps.

        Brand accounts can be connected with them.
        """
        with urllib.request.urlopen(f"{self.address}/_sim/apps.json", timeout=10) as answer:  # noqa: S310
            apps = json.load(answer)
        return {
            "X_CLIENT_ID": apps["x"]["client_id"],
            "X_CLIENT_SECRET": apps["x"]["client_secret"],
            "FACEBOOK_APP_ID": apps["facebook"]["app_id"],
            "FACEBOOK_APP_SECRET": apps["facebook"]["app_secret"],
        }


def _is_empty_or_demo(database_url: str) -> bool:
    """Tell whether a database is empty or a demo.

    Its schema may be older than this release, so tables are looked up by name. `seed_demo` leaves a row in
    accounts_demomarker.
    """
    with psycopg.connect(database_url) as connection:

        def has_rows(table: str) -> bool:
            if connection.execute("select to_regclass(%s)", [table]).fetchone() == (None,):
                return False
            exists = sql.SQL("select exists (select 1 from {})").format(sql.Identifier(table))
            return connection.execute(exists).fetchone() == (True,)

        return has_rows("accounts_demomarker") or not has_rows("accounts_user")


def _choose_port(note: Path) -> int:
    """Return the port of the last run, or else any free one."""
    try:
        before = int(json.loads(note.read_text(encoding="utf-8"))["port"])
    except (OSError, ValueError, KeyError, TypeError):
        before = 0
    with socket.socket() as probe, contextlib.suppress(OSError, OverflowError):
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if before:
            probe.bind(("127.0.0.1", before))
            return before
    try:
        return free_port()
    except OSError as error:
        raise EmbeddedError("No free port on 127.0.0.1 for the demo's networks.") from error
