"""Install exactly requirements.lock into `.venv`. Imports nothing but the standard library.

Nothing is installed where the dependencies are installed already (a container). A stamp in `.venv` makes
every later run quick; a lock lets two commands start at the same time; the next run repairs what an
interrupted one left.
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
#: The dependency groups of pyproject.toml that a command needs besides the dependencies of the product.
COMMAND_GROUPS = {"up": ("embedded",), "test": ("embedded", "dev")}
NOT_WRITABLE = (
    "Horseshoe cannot write to {folder}, where it would install its packages: run it as the owner of that folder, "
    "or copy the checkout to a folder of your own."
)

BootstrapError = installer.BootstrapError


def ensure_packages(argv: Sequence[str]) -> None:
    """Make the packages that the command needs importable.

    Returns when this process can import them already; otherwise installs them and runs `argv` again in
    `.venv`. Raises BootstrapError with one sentence on what to do.
    """
    inside = Path(sys.prefix).resolve() == VENV.resolve()
    if inside and _is_venv_current():
        return
    if not inside and has_dependencies(COMMAND_GROUPS.get("".join(argv[1:2]), ())):
        return
    if not _is_venv_current():
        with _hold_install_lock():
            # The process that held the lock before us may have installed everything.
            if not _is_venv_current():
                _install_packages()
    if inside:
        importlib.invalidate_caches()
    _restart_in_venv(argv)


def has_dependencies(groups: Sequence[str] = ()) -> bool:
    """Tell whether the direct dependencies of pyproject.toml are installed.

    They must be in versions that it allows. Those of the dependency groups `groups` count too.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    requirements: list[str] = list(project["project"]["dependencies"])
    for group in groups:
        requirements += project.get("dependency-groups", {}).get(group, [])
    return all(_is_installed(requirement) for requirement in requirements)


def _is_installed(requirement: str) -> bool:
    specifier, _, marker = requirement.partition(";")
    if marker:
        # Needed on some systems only; the code that uses it reports when it is missing.
        return True
    match = re.match(r"\s*([A-Za-z0-9._-]+)(?:\[[^\]]*\])?(.*)", specifier)
    if match is None:
        return False
    try:
        version = importlib.metadata.version(match[1])
    except importlib.metadata.PackageNotFoundError:
        return False
    return all(_satisfies(version, bound.strip()) for bound in match[2].split(",") if bound.strip())


def _satisfies(version: str, bound: str) -> bool:
    operator, bound_version = bound[:2].rstrip("0123456789"), bound.lstrip("<>=!~ ")
    have, want = _version_numbers(version), _version_numbers(bound_version)
    if operator == "==":
        return have[: len(want)] == want if bound_version.endswith(".*") else version == bound_version
    return have >= want if operator == ">=" else have < want


def _version_numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version.split("+")[0]))


def _lock_digest() -> str:
    return hashlib.sha256(LOCK.read_bytes()).hexdigest()


def _venv_python() -> Path:
    return VENV / "bin" / "python"


def _is_venv_current() -> bool:
    try:
        stamped = (VENV / "horseshoe.stamp").read_text(encoding="ascii") == _lock_digest()
    except OSError:
        return False
    # Follows links: False for a Python that an upgrade removed or that this user may not run.
    return stamped and os.access(_venv_python(), os.X_OK)


@contextmanager
def _hold_install_lock() -> Iterator[None]:
    # The folder of the checkout is locked: that leaves no lock file behind and survives `rm -r .venv`.
    handle = os.open(ROOT, os.O_RDONLY)
    # The installer inherits the lock: when we are killed and it goes on, the next command waits until it ends.
    os.set_inheritable(handle, True)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            installer.print_progress("Another command is installing Horseshoe's packages; waiting …")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _install_packages() -> None:
    if not os.access(VENV if VENV.exists() else ROOT, os.W_OK):
        raise BootstrapError(NOT_WRITABLE.format(folder=VENV if VENV.exists() else ROOT))
    began = time.monotonic()
    unfinished = VENV / "horseshoe.unfinished"
    broken = VENV.exists() and (
        unfinished.exists() or not installer.command_succeeds(_venv_python(), "-c", "import sys")
    )
    if broken:
        installer.print_progress("An earlier installation was interrupted; starting it afresh.")
        shutil.rmtree(VENV)
    (VENV / "horseshoe.stamp").unlink(missing_ok=True)
    if not VENV.exists():
        installer.make_venv(VENV, unfinished)
    unfinished.touch()
    count = len(re.findall(r"^[A-Za-z0-9][^=\s]*==", LOCK.read_text(encoding="utf-8"), re.MULTILINE))
    installer.print_progress(f"Installing {count} packages …")
    installer.install_lock(VENV, LOCK)
    (VENV / "horseshoe.stamp").write_text(_lock_digest(), encoding="ascii")
    unfinished.unlink()
    installer.print_progress(f"Installed in {time.monotonic() - began:.0f} s.")


def _restart_in_venv(argv: Sequence[str]) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(_venv_python(), [str(_venv_python()), *argv])  # noqa: S606
