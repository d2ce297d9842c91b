"""One Valkey server in a folder: a free loopback port, a random password, an append-only file."""

from __future__ import annotations

import secrets
import signal
import subprocess
import time
from pathlib import Path

import redis

from config.embedded.binaries import valkey_program
from config.embedded.ports import free_port
from config.embedded.process import EmbeddedError, spawn_process, stop_process, tail_log

START_SECONDS_MAX = 20.0
#: Enough for one database per worker of a parallel test run.
DATABASES = 64

CONFIG_TEMPLATE = """\
bind 127.0.0.1
port {port}
requirepass {password}
databases {databases}
dir .
appendonly {appendonly}
appendfsync everysec
save ""
maxmemory-policy noeviction
daemonize no
logfile ""
"""


class Valkey:
    """One server below `home/valkey`. It keeps its port and password when it has to start again."""

    name = "valkey"

    def __init__(self, home: Path, log: Path, *, durable: bool = True) -> None:
        self.folder = home / "valkey"
        self.log = log
        self.process: subprocess.Popen[bytes] | None = None
        self._durable = durable
        self._port = 0
        self._password = secrets.token_urlsafe(32)
        self._log_start = 0

    @property
    def url(self) -> str:
        """The value of REDIS_URL. Valid once `launch` has run."""
        return f"redis://:{self._password}@127.0.0.1:{self._port}/0"

    @property
    def environment(self) -> dict[str, str]:
        """The environment in which a process reaches the server."""
        return {"REDIS_URL": self.url}

    def launch(self) -> None:
        """Start the server without waiting until it answers."""
        self.folder.mkdir(mode=0o700, exist_ok=True)
        self._port = self._port or free_port()
        config = self.folder / "valkey.conf"
        config.touch(mode=0o600)
        config.chmod(0o600)
        config.write_text(
            CONFIG_TEMPLATE.format(
                port=self._port,
                password=self._password,
                databases=DATABASES,
                appendonly="yes" if self._durable else "no",
            ),
            encoding="ascii",
        )
        self._log_start = self.log.stat().st_size if self.log.exists() else 0
        self.process = spawn_process(
            [valkey_program(), config.name], self.log, cwd=self.folder, death_signal=signal.SIGTERM
        )

    def wait(self, seconds: float = START_SECONDS_MAX) -> None:
        """Wait until the server answers.

        A port that was taken in the meantime and a damaged file are repaired, each at most once. Raises
        EmbeddedError when that does not help.
        """
        deadline = time.monotonic() + seconds
        put_right: set[str] = set()
        while not self._is_answering():
            if self.process is None or self.process.poll() is not None:
                log_end = tail_log(self.log, 40, start=self._log_start)
                fault = "port" if "in use" in log_end else "file"
                if fault in put_right:
                    raise EmbeddedError(f"Valkey did not start. The end of {self.log}:\n{tail_log(self.log)}")
                put_right.add(fault)
                self._repair_fault(fault)
                self.launch()
            if time.monotonic() > deadline:
                raise EmbeddedError(f"Valkey does not answer after {seconds:.0f} s; see {self.log}.")
            time.sleep(0.02)

    def start(self) -> None:
        """Launch the server and wait until it answers."""
        self.launch()
        self.wait()

    def stop(self) -> None:
        """Stop the server."""
        if self.process is not None:
            stop_process(self.process, (signal.SIGTERM, 1.0))
            self.process = None

    def _repair_fault(self, fault: str) -> None:
        if fault == "port":
            self._port = 0
            return
        # Nothing but wake-up messages is lost: the work is in Postgres. Keep the files for inspection.
        spoilt = self.folder / "appendonlydir"
        if spoilt.exists():
            spoilt.rename(self.folder / f"appendonlydir.unreadable-{secrets.token_hex(4)}")

    def _is_answering(self) -> bool:
        client = redis.Redis(
            host="127.0.0.1",
            port=self._port,
            password=self._password,
            socket_timeout=2,
            socket_connect_timeout=2,
        )
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
        finally:
            client.close()
