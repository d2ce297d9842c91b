"""The data folder of one installation: its lock, its secrets, the record of the running instance."""

from __future__ import annotations

import base64
import contextlib
import fcntl
import json
import os
import secrets
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from config.embedded.process import EmbeddedError

LOCK_ATTEMPTS = 4
CHECKOUT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class RunningInstance:
    """The command that holds the data folder. `address` is "" unless the command is `up`."""

    pid: int
    command: str
    address: str
    database_url: str
    redis_url: str


def simulated_network_settings(port: int) -> dict[str, str]:
    """Return settings that make the connectors use the simulated networks.

    The simulated networks listen on `port` of 127.0.0.1.
    """
    address = f"http://127.0.0.1:{port}"
    return {"X_API_URL": f"{address}/x", "GRAPH_API_URL": f"{address}/graph"}


class Home:
    """The data folder: `HORSESHOE_HOME`, by default `.horseshoe` in the checkout."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.logs = path / "logs"
        self._lock: int | None = None

    @classmethod
    def from_environment(cls) -> Home:
        """Return the folder that the environment names, else the checkout's own."""
        named = os.environ.get("HORSESHOE_HOME")
        return cls(Path(named).expanduser().absolute() if named else CHECKOUT / ".horseshoe")

    def prepare(self) -> None:
        """Make the folder. Raises EmbeddedError when we may not write to it."""
        try:
            self.logs.mkdir(parents=True, exist_ok=True)
            # For root, Postgres runs as another user, who must be able to enter the folder (but not to list it).
            self.path.chmod(0o711 if os.geteuid() == 0 else 0o700)
            self.logs.chmod(0o700)
        except OSError as error:
            raise EmbeddedError(
                f"Cannot write to the data folder {self.path} ({error.strerror}). "
                "Set HORSESHOE_HOME to a folder of your own, or run as the user that owns this one."
            ) from error

    def lock(self) -> bool:
        """Lock the folder for this process; False when another process holds it.

        The lock lasts until `release` or the end of the process. Raises EmbeddedError when the lock file
        cannot be opened.
        """
        if self._lock is not None:
            return True
        try:
            handle = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise EmbeddedError(f"Cannot open {self.path / 'lock'}: {error.strerror}.") from error
        for _ in range(LOCK_ATTEMPTS):
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                # Another process may hold it only for a moment, in `read_running`.
                time.sleep(0.05)
            else:
                self._lock = handle
                return True
        os.close(handle)
        return False

    def release(self) -> None:
        """Remove the record of the running instance and release the lock."""
        if self._lock is not None:
            (self.path / "running.json").unlink(missing_ok=True)
            self.note_restarts({})
            os.close(self._lock)
            self._lock = None

    def announce_running(self, running: RunningInstance) -> None:
        """Write the record of the running instance for other commands.

        It contains passwords, so its mode is 0600. The caller must hold the lock.
        """
        self._write_private("running.json", json.dumps(asdict(running)))
        self.note_restarts({})

    def note_restarts(self, restarts: Mapping[str, Any]) -> None:
        """Write which child processes of `up` keep dying, for the readiness report.

        `restarts` are dataclasses by name; {} removes the note.
        """
        if restarts:
            noted = {name: asdict(value) for name, value in restarts.items()}
            self._write_private("restarts.json", json.dumps(noted))
        else:
            (self.path / "restarts.json").unlink(missing_ok=True)

    def read_restarts(self) -> dict[str, dict[str, Any]]:
        """Read which child processes of `up` keep dying.

        {} when none does, or when the processes are supervised by somebody else.
        """
        try:
            noted = json.loads((self.path / "restarts.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return noted if isinstance(noted, dict) else {}

    def read_running(self) -> RunningInstance | None:
        """Read the record of the running instance.

        None when no process holds the lock, or its record is not written yet. Raises EmbeddedError when the
        lock file cannot be opened.
        """
        try:
            handle = os.open(self.path / "lock", os.O_RDWR)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise EmbeddedError(f"Cannot read the data folder {self.path}: {error.strerror}.") from error
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            with contextlib.suppress(OSError, ValueError, TypeError):
                return RunningInstance(**json.loads((self.path / "running.json").read_text(encoding="utf-8")))
        finally:
            os.close(handle)
        return None

    def ensure_secrets(self) -> dict[str, str]:
        """Return SECRET_KEY and CREDENTIAL_KEYS of this installation.

        They are made on first use and kept in the file `secrets` (0600). Without this file the brand
        accounts' tokens are lost: the database holds them only encrypted.
        """
        if not (self.path / "secrets").exists():
            made = {
                "SECRET_KEY": secrets.token_urlsafe(50),
                "CREDENTIAL_KEYS": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            }
            self._write_private("secrets", "".join(f"{name}={value}\n" for name, value in made.items()))
        return self.read_secrets()

    def read_secrets(self) -> dict[str, str]:
        """Return the secrets made earlier.

        {} when there are none yet or we may not read them.
        """
        try:
            lines = (self.path / "secrets").read_text(encoding="utf-8").splitlines()
        except OSError:
            return {}
        return dict(line.split("=", 1) for line in lines if "=" in line)

    @property
    def demo_note(self) -> Path:
        """The file in which the demo records its networks.

        It holds their port, and whether the database was the company's own.
        """
        return self.path / "demo.json"

    def demo_networks(self, *, own_database: bool) -> dict[str, str]:
        """Return settings that make the connectors use the demo's networks.

        {} unless the demo last ran on this database: the company's own when `own_database`, else the embedded
        one. Without these settings a command would send the demo's tokens to the real networks.
        """
        try:
            note = json.loads(self.demo_note.read_text(encoding="utf-8"))
            port, own = int(note["port"]), bool(note.get("own_database"))
        except (OSError, ValueError, KeyError, TypeError):
            return {}
        return simulated_network_settings(port) if own == own_database else {}

    def _write_private(self, name: str, text: str) -> None:
        fresh = self.path / f"{name}.new"
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as target:
            target.write(text)
            target.flush()
            os.fsync(target.fileno())
        fresh.replace(self.path / name)
