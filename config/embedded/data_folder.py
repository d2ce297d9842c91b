"""The data folder of one installation: its lock, its secrets, the note of what runs now."""

from __future__ import annotations

import base64
import contextlib
import fcntl
import json
import os
import secrets
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from config.embedded.process import EmbeddedError

LOCK_ATTEMPTS = 4
CHECKOUT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class RunningInstance:
    """What holds the data folder now. `address` is "" unless it is `up`."""

    pid: int
    command: str
    address: str
    database_url: str
    redis_url: str


def simulated_network_settings(port: int) -> dict[str, str]:
    """Return the settings that send the connectors to the simulated networks. They listen on this port of
    127.0.0.1.
    """
    address = f"http://127.0.0.1:{port}"
    return {"X_API_URL": f"{address}/x", "GRAPH_API_URL": f"{address}/graph"}


class Home:
    """`HORSESHOE_HOME`, by default `.horseshoe` in the checkout."""

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
        """Make the folder. Raises EmbeddedError where we may not write."""
        try:
            self.logs.mkdir(parents=True, exist_ok=True)
            # Root's Postgres runs under another user, who must be able to pass through (but not to list).
            self.path.chmod(0o711 if os.geteuid() == 0 else 0o700)
            self.logs.chmod(0o700)
        except OSError as error:
            raise EmbeddedError(
                f"Cannot write to the data folder {self.path} ({error.strerror}). "
                "Set HORSESHOE_HOME to a folder of your own, or run as the user that owns this one."
            ) from error

    def lock(self) -> bool:
        """Take the folder for this process until it ends; False when another process has it."""
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
                # Perhaps only somebody asking who has it, see `running`.
                time.sleep(0.05)
            else:
                self._lock = handle
                return True
        os.close(handle)
        return False

    def release(self) -> None:
        """Forget the note of what runs and give the folder back."""
        if self._lock is not None:
            (self.path / "running.json").unlink(missing_ok=True)
            os.close(self._lock)
            self._lock = None

    def announce_running(self, running: RunningInstance) -> None:
        """Leave the note that other commands read. It holds passwords: mode 0600. The lock must be ours."""
        self._write_private("running.json", json.dumps(asdict(running)))

    def read_running(self) -> RunningInstance | None:
        """Read what holds the folder now. None unless it still lives and has said so."""
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
        """Return SECRET_KEY and CREDENTIAL_KEYS of this installation. Made on first use and kept in `secrets`
        (0600).

        Whoever loses this file loses the brand accounts' tokens, which the database holds only encrypted.
        """
        if not (self.path / "secrets").exists():
            made = {
                "SECRET_KEY": secrets.token_urlsafe(50),
                "CREDENTIAL_KEYS": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            }
            self._write_private("secrets", "".join(f"{name}={value}\n" for name, value in made.items()))
        return self.read_secrets()

    def read_secrets(self) -> dict[str, str]:
        """Return the secrets made earlier. {} when there are none yet or they are not ours to read."""
        try:
            lines = (self.path / "secrets").read_text(encoding="utf-8").splitlines()
        except OSError:
            return {}
        return dict(line.split("=", 1) for line in lines if "=" in line)

    @property
    def demo_note(self) -> Path:
        """The file where the demo notes its networks.

        Their port, and whether the database was the company's own.
        """
        return self.path / "demo.json"

    def demo_networks(self, *, own_database: bool) -> dict[str, str]:
        """Return the addresses of the simulated networks. {} unless this database was last filled by the
        demo.

        Without them a command would take the demo's tokens to the real networks.
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
