"""From a bare Python to a `.venv` that holds exactly requirements.lock. Standard library only.

Nothing is installed where the dependencies can be imported already (a container). A stamp in `.venv` makes every
later run quick; a lock lets two commands start at once; what an interrupted run left is put right by the next.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.metadata
import importlib.util
import os
import re
import shutil
import sys
import time
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from config import installer

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
LOCK = ROOT / "requirements.lock"
NOT_WRITABLE = (
    "Horseshoe cannot write to {folder}, where it would install its packages: run it as the owner of that folder, "
    "or copy the checkout to a folder of your own."
)

BootstrapError = installer.BootstrapError


def ensure(argv: Sequence[str]) -> None:
    """Return when this process can import what the command needs; else install it and start `argv` anew in `.venv`.

    Raises BootstrapError with one sentence on what to do.
    """
    inside = Path(sys.prefix).resolve() == VENV.resolve()
    if inside and _current():
        return
    if not inside and importable(tests=argv[1:2] == ["test"]):
        return
    if not _current():
        with _alone():
            # Whoever held the lock before us may have done it all.
            if not _current():
                _install()
    if inside:
        importlib.invalidate_caches()
    _restart(argv)


def importable(*, tests: bool) -> bool:
    """Whether the direct dependencies of pyproject.toml (with `tests` the development ones too) are installed here in
    versions that it allows."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    requirements: list[str] = list(project["project"]["dependencies"])
    if tests:
        requirements += project["dependency-groups"]["dev"]
    return all(_installed(requirement) for requirement in requirements)


def _installed(requirement: str) -> bool:
    asked, _, marker = requirement.partition(";")
    if marker:
        # Needed on some systems only; where it counts, its user says what is missing.
        return True
    match = re.match(r"\s*([A-Za-z0-9._-]+)(?:\[[^\]]*\])?(.*)", asked)
    if match is None:
        return False
    try:
        version = importlib.metadata.version(match[1])
    except importlib.metadata.PackageNotFoundError:
        return False
    return all(_satisfies(version, bound.strip()) for bound in match[2].split(",") if bound.strip())


def _satisfies(version: str, bound: str) -> bool:
    operator, wanted = bound[:2].rstrip("0123456789"), bound.lstrip("<>=!~ ")
    have, want = _numbers(version), _numbers(wanted)
    if operator == "==":
        return have[: len(want)] == want if wanted.endswith(".*") else version == wanted
    return have >= want if operator == ">=" else have < want


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version.split("+")[0]))


def _stamp() -> str:
    return hashlib.sha256(LOCK.read_bytes()).hexdigest()


def _python() -> Path:
    return VENV / "bin" / "python"


def _current() -> bool:
    try:
        stamped = (VENV / "horseshoe.stamp").read_text(encoding="ascii") == _stamp()
    except OSError:
        return False
    # Follows the links: a Python that was upgraded away, or that this user may not run, does not count.
    return stamped and os.access(_python(), os.X_OK)


@contextmanager
def _alone() -> Iterator[None]:
    # The checkout itself serves as the lock: there is no file to leave behind, and it survives `rm -r .venv`.
    handle = os.open(ROOT, os.O_RDONLY)
    # The installer inherits it: where we are killed and it goes on, the next command waits for its end.
    os.set_inheritable(handle, True)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            installer.say("Another command is installing Horseshoe's packages; waiting …")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _install() -> None:
    if not os.access(VENV if VENV.exists() else ROOT, os.W_OK):
        raise BootstrapError(NOT_WRITABLE.format(folder=VENV if VENV.exists() else ROOT))
    began = time.monotonic()
    unfinished = VENV / "horseshoe.unfinished"
    broken = VENV.exists() and (unfinished.exists() or not installer.runs(_python(), "-c", "import sys"))
    if broken:
        installer.say("An earlier installation was interrupted; starting it afresh.")
        shutil.rmtree(VENV)
    (VENV / "horseshoe.stamp").unlink(missing_ok=True)
    if not VENV.exists():
        installer.make_venv(VENV, unfinished)
    unfinished.touch()
    count = len(re.findall(r"^[A-Za-z0-9][^=\s]*==", LOCK.read_text(encoding="utf-8"), re.MULTILINE))
    installer.say(f"Installing {count} packages …")
    installer.install_lock(VENV, LOCK)
    (VENV / "horseshoe.stamp").write_text(_stamp(), encoding="ascii")
    unfinished.unlink()
    installer.say(f"Installed in {time.monotonic() - began:.0f} s.")


def _restart(argv: Sequence[str]) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(_python(), [str(_python()), *argv])  # noqa: S606
