"""Child processes that never outlive us: start, stop, log files."""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PR_SET_PDEATHSIG = 1
LOG_BYTES_MAX = 10_000_000

_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


class EmbeddedError(RuntimeError):
    """An error that a person has to fix; the message says what to do, in full sentences."""


@dataclass(frozen=True)
class SystemUser:
    """A user of the operating system under whom a child runs."""

    uid: int
    gid: int
    name: str

    def may_enter(self, path: Path) -> bool:
        """Tell whether this user can enter a folder or execute a file."""
        return self._passes_test("-x", path)

    def may_read(self, path: Path) -> bool:
        """Tell whether this user can reach and read `path`."""
        return self._passes_test("-r", path)

    def _passes_test(self, flag: str, path: Path) -> bool:
        # Modes, ACLs and mounts all count, and only the kernel knows them: run a test as that user.
        try:
            test = subprocess.run(
                ["/bin/sh", "-c", f'test {flag} "$1"', "sh", str(path)],
                user=self.uid,
                group=self.gid,
                extra_groups=[],
                cwd="/",
                stderr=subprocess.DEVNULL,
                check=False,
            )
        except PermissionError as error:
            raise EmbeddedError(
                f"This root may not start processes as {self.name}, and Postgres refuses to run as root. "
                "Run Horseshoe as an ordinary user, or set DATABASE_URL and REDIS_URL."
            ) from error
        return test.returncode == 0


def spawn_process(
    command: Sequence[str | Path],
    log: Path,
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    user: SystemUser | None = None,
    death_signal: signal.Signals = signal.SIGKILL,
) -> subprocess.Popen[bytes]:
    """Start `command` with its output appended to `log`.

    It runs in a new session, so that Ctrl-C reaches only us. On Linux the kernel sends it `death_signal` when
    the thread that called this ends, however it ends: call it from the main thread.
    """
    rotate_log(log)
    with log.open("ab") as output:
        return subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=dict(env) if env is not None else None,
            cwd=cwd,
            start_new_session=True,
            preexec_fn=_tie_to_parent(death_signal),
            user=user.uid if user else None,
            group=user.gid if user else None,
            extra_groups=[] if user else None,
        )


def _tie_to_parent(death_signal: signal.Signals) -> Callable[[], None] | None:
    if _libc is None:
        return None
    prctl, parent, number = _libc.prctl, os.getpid(), int(death_signal)

    def tie() -> None:
        # Runs after the change of user, which would clear this setting.
        prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return tie


def stop_process(process: subprocess.Popen[bytes], *steps: tuple[signal.Signals | None, float]) -> int:
    """Send signals in turn until the process ends; return its status.

    Each step is a signal (None: only wait) and the seconds to wait for the end. At last SIGKILL goes to the
    whole session. A process that has ended already receives none of the steps' signals.
    """
    for number, patience in steps:
        if process.poll() is not None:
            break
        if number is not None:
            process.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(patience)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    return process.wait()


def rotate_log(log: Path) -> None:
    """Copy a log larger than 10 MB to `<name>.1` and empty it.

    One older log is kept. Children hold the file open for appending, so it is emptied in place.
    """
    with contextlib.suppress(FileNotFoundError):
        if log.stat().st_size > LOG_BYTES_MAX:
            shutil.copyfile(log, log.with_name(log.name + ".1"))
            os.truncate(log, 0)


def tail_log(log: Path, lines: int = 8, start: int = 0) -> str:
    """Return the last `lines` lines of `log` from byte `start` on. "" when there is none."""
    try:
        with log.open("rb") as source:
            source.seek(max(start, source.seek(0, os.SEEK_END) - 20_000))
            text = source.read().decode("utf-8", "replace")
    except OSError:
        return ""
    return "\n".join(text.rstrip().splitlines()[-lines:])
