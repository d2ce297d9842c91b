"""One Postgres cluster in a folder: on a Unix socket only, without password, reachable only by its own user."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

import psycopg

from config.embedded.binaries import postgres_folder, postgres_programs
from config.embedded.process import EmbeddedError, spawn_process, stop_process, tail_log

#: The path of a Unix socket may have 107 bytes on Linux, 103 on macOS; `/.s.PGSQL.5432.lock` takes 19 of them.
SOCKET_FOLDER_BYTES_MAX = 80
START_SECONDS_MAX = 30.0
LOCALES = ("C.UTF-8", "en_US.UTF-8", "C")

#: Settings for two cores that are shared with the web processes and the workers.
TUNING = {
    "max_connections": "100",
    "shared_buffers": "192MB",
    "effective_cache_size": "1GB",
    "work_mem": "8MB",
    "maintenance_work_mem": "128MB",
    "random_page_cost": "1.1",
    "max_wal_size": "2GB",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
    "log_checkpoints": "off",
}
#: Settings for tests, whose data nobody needs after a power cut.
THROWAWAY = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}


#: The role that owns nothing (docs/decisions/0036); `migrate` creates it.
APPLICATION_ROLE = "horseshoe_app"


def application_url(owner_url: str) -> str:
    """Return the URL for the role that owns nothing."""
    return owner_url.replace("//horseshoe@", f"//{APPLICATION_ROLE}@", 1)


class Postgres:
    """One cluster below `home/postgres`, with a superuser `horseshoe` and a database of the same name."""

    name = "postgres"

    def __init__(self, home: Path, log: Path, *, durable: bool = True) -> None:
        self.log = log
        self.process: subprocess.Popen[bytes] | None = None
        self._durable = durable
        self._home = home
        self._socket = Path()
        self._log_start = 0

    @property
    def url(self) -> str:
        """The value of DATABASE_URL, for libpq and django-environ alike. Valid once `launch` has run."""
        return f"postgresql://horseshoe@/horseshoe?host={quote(str(self._socket))}"

    @property
    def environment(self) -> dict[str, str]:
        """The environment in which a process reaches the server (PGHOST and PGUSER are for psql)."""
        return {"DATABASE_URL": self.url, "PGHOST": str(self._socket), "PGUSER": "horseshoe"}

    def launch(self) -> None:
        """Start the server without waiting until it answers.

        Makes its cluster first if there is none. Raises EmbeddedError.
        """
        self._folder, self._user = postgres_folder(self._home)
        self._programs = postgres_programs(self._folder, self._user)
        self._data = self._folder / "data"
        self._require_time_zones()
        if not (self._data / "PG_VERSION").exists():
            self._initialise_data()
        self._require_same_version()
        self._socket = self._make_socket_folder()
        _forget_dead_postmaster(self._data / "postmaster.pid")
        self._log_start = self.log.stat().st_size if self.log.exists() else 0
        settings = TUNING | ({} if self._durable else THROWAWAY)
        settings |= {
            "listen_addresses": "",
            "unix_socket_directories": str(self._socket),
            "unix_socket_permissions": "0700",
        }
        command: list[str | Path] = [self._programs / "postgres", "-D", self._data]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        # SIGQUIT ends Postgres at once without losing data: the next start replays the write-ahead log.
        self.process = spawn_process(
            command,
            self.log,
            env=self._child_environment(),
            cwd=self._folder,
            user=self._user,
            death_signal=signal.SIGQUIT,
        )

    def wait(self, seconds: float = START_SECONDS_MAX) -> None:
        """Wait until the server answers and the database exists.

        Raises EmbeddedError with the end of its log.
        """
        deadline = time.monotonic() + seconds
        while not self._is_answering():
            if self.process is None or self.process.poll() is not None:
                reason = tail_log(self.log, start=self._log_start)
                # The previous postmaster was killed and its last children still run: try again.
                if (
                    not re.search(r"postmaster\.pid|shared memory block", reason)
                    or time.monotonic() > deadline
                ):
                    raise EmbeddedError(f"Postgres did not start. The end of {self.log}:\n{reason}")
                time.sleep(0.3)
                self.launch()
            if time.monotonic() > deadline:
                raise EmbeddedError(f"Postgres does not answer after {seconds:.0f} s; see {self.log}.")
            time.sleep(0.03)

    def start(self) -> None:
        """Launch the server and wait until it answers."""
        self.launch()
        self.wait()

    def stop(self) -> None:
        """Stop the server without losing committed data.

        Open transactions are rolled back.
        """
        if self.process is not None:
            stop_process(self.process, (signal.SIGINT, 3.0), (signal.SIGQUIT, 1.0))
            self.process = None
        if self._socket.name.startswith("horseshoe-"):
            shutil.rmtree(self._socket, ignore_errors=True)

    def _is_answering(self) -> bool:
        try:
            with psycopg.connect(
                host=str(self._socket),
                user="horseshoe",
                dbname="postgres",
                autocommit=True,
                connect_timeout=5,
            ) as connection:
                exists = connection.execute(
                    "select 1 from pg_database where datname = 'horseshoe'"
                ).fetchone()
                if not exists:
                    connection.execute("create database horseshoe")
        except psycopg.OperationalError:
            return False
        return True

    def _initialise_data(self) -> None:
        fresh = self._folder / "data.new"
        for locale in LOCALES:
            shutil.rmtree(fresh, ignore_errors=True)
            command = [str(self._programs / "initdb"), "-D", str(fresh), "-U", "horseshoe", "-A", "trust"]
            command += ["-E", "UTF8", "--locale-provider=libc", f"--locale={locale}"]
            command += [] if self._durable else ["--no-sync"]
            made = subprocess.run(
                command,
                env=self._child_environment(),
                cwd=self._folder,
                capture_output=True,
                text=True,
                check=False,
                user=self._user.uid if self._user else None,
                group=self._user.gid if self._user else None,
                extra_groups=[] if self._user else None,
            )
            if made.returncode == 0:
                fresh.rename(self._data)
                return
            if "locale" not in made.stderr:
                break
        raise EmbeddedError(
            f"Postgres could not make its data folder {fresh}:\n{made.stdout}{made.stderr}".rstrip()
        )

    def _child_environment(self) -> dict[str, str]:
        inherited = {
            key: value for key, value in os.environ.items() if not key.startswith(("PG", "LC_", "LANG"))
        }
        icu = self._programs.parent / "share" / "icu"
        return inherited | ({"ICU_DATA": str(icu)} if icu.is_dir() else {})

    def _require_time_zones(self) -> None:
        own = (self._programs.parent / "share").rglob("timezone/UTC")
        if not Path("/usr/share/zoneinfo/UTC").exists() and not any(own):
            raise EmbeddedError(
                "Postgres needs the system's time zone data: install tzdata "
                "(Debian, Ubuntu: apt-get install tzdata; Alpine: apk add tzdata)."
            )

    def _require_same_version(self) -> None:
        made_by = (self._data / "PG_VERSION").read_text(encoding="ascii").strip()
        printed = subprocess.run(
            [self._programs / "postgres", "--version"], capture_output=True, text=True, check=False
        )
        version = re.search(r"(\d+)", printed.stdout)
        if version and version[1] != made_by:
            raise EmbeddedError(
                f"The data in {self._data} was made by Postgres {made_by}, but {self._programs} holds {version[1]}. "
                f"Set PG_BIN to a Postgres {made_by}, or move the data over with pg_dumpall."
            )

    def _make_socket_folder(self) -> Path:
        folder = self._folder / "run"
        plain = re.fullmatch(r"[\w./+-]+", str(folder))
        if not plain or len(os.fsencode(folder)) > SOCKET_FOLDER_BYTES_MAX:
            name = "horseshoe-" + hashlib.sha256(os.fsencode(self._folder)).hexdigest()[:16]
            temporary = Path(tempfile.gettempdir())
            folder = (temporary if len(os.fsencode(temporary)) < 40 else Path("/tmp")) / name  # noqa: S108  # nosec B108
        uid = self._user.uid if self._user else os.geteuid()
        folder.mkdir(mode=0o700, exist_ok=True)
        status = folder.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid not in {uid, os.geteuid()}:
            folder = Path(tempfile.mkdtemp(prefix="horseshoe-"))
        if self._user:
            os.chown(folder, self._user.uid, self._user.gid, follow_symlinks=False)
        folder.chmod(0o700)
        return folder


def _forget_dead_postmaster(note: Path) -> None:
    # After a kill, the process id in the file may belong to another process (small ids do in a container), and
    # Postgres would never start. As we hold the data folder's lock, it cannot be a live postmaster of another command.
    if not note.exists() or not Path("/proc/self/cmdline").exists():
        return
    try:
        pid = int(note.read_text(encoding="utf-8").splitlines()[0])
        command = Path(f"/proc/{pid}/cmdline").read_bytes()  # b"" for a zombie
    except (OSError, ValueError, IndexError):
        command = b""
    if b"postgres" not in command:
        note.unlink(missing_ok=True)
