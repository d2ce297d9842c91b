"""The bootstrap's use of venv, pip and uv. Standard library only."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import ssl
import subprocess
import sys
from pathlib import Path

#: Seconds between the progress lines of a long step.
HEARTBEAT_SECONDS = 10

#: pip's settings and uv's names for them.
UV_NAMES = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "trusted-host": "UV_INSECURE_HOST",
    "timeout": "UV_HTTP_TIMEOUT",
    "default-timeout": "UV_HTTP_TIMEOUT",
    "proxy": "ALL_PROXY",
    "cert": "SSL_CERT_FILE",
}


class BootstrapError(RuntimeError):
    """The packages cannot be installed; the message says what to do."""


def print_progress(text: str) -> None:
    """Print progress on stderr; stdout belongs to the command."""
    print(text, file=sys.stderr, flush=True)


def command_succeeds(*command: str | Path) -> bool:
    """Tell whether `command` starts and exits with status 0."""
    try:
        return subprocess.run(list(command), capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def make_venv(venv: Path, unfinished: Path) -> None:
    """Make `venv` with this Python, without packages.

    The file `unfinished` is created before anything else, so that an interrupted run is recognised. Raises
    BootstrapError.
    """
    if importlib.util.find_spec("venv") is None:
        raise BootstrapError(_missing_venv_message())
    venv.mkdir()
    unfinished.touch()
    print_progress(f"Making {venv.name} …")
    run_step([sys.executable, "-m", "venv", "--without-pip", str(venv)], "make the virtual environment")


def install_lock(venv: Path, lock: Path) -> None:
    """Install exactly what `lock` lists into `venv`.

    Every file is checked against its hash. Raises BootstrapError.
    """
    python = venv / "bin" / "python"
    uv = _find_uv(venv)
    env = uv_environment(pip_settings(_find_pip(venv)))
    command = [str(uv), "pip", "sync", "--python", str(python), "--require-hashes", str(lock)]
    if not sys.stderr.isatty():
        command.insert(1, "--quiet")
    run_step(command, "install the packages", env)


def _find_uv(venv: Path) -> Path:
    if on_path := shutil.which("uv"):
        return Path(on_path)
    uv = venv / "bin" / "uv"
    if not command_succeeds(uv, "--version"):
        run_step(
            [*_find_pip(venv), "install", "--quiet", "--disable-pip-version-check", "uv"],
            "get uv from the package index",
        )
    return uv


def _find_pip(venv: Path) -> list[str]:
    python = str(venv / "bin" / "python")
    if command_succeeds(python, "-m", "pip", "--version"):
        return [python, "-m", "pip"]
    if importlib.util.find_spec("pip") is not None and command_succeeds(
        sys.executable, "-m", "pip", "--python", python, "--version"
    ):
        # Two seconds faster than unpacking another pip.
        return [sys.executable, "-m", "pip", "--python", python]
    if importlib.util.find_spec("ensurepip") is None:
        raise BootstrapError(_missing_venv_message())
    run_step([python, "-m", "ensurepip", "--default-pip"], "unpack pip")
    return [python, "-m", "pip"]


def _missing_venv_message() -> str:
    version = "{}.{}".format(*sys.version_info[:2])
    return (
        f"This Python cannot make virtual environments: install python{version}-venv "
        f"(Debian, Ubuntu: apt-get install python{version}-venv) and run the command again."
    )


def pip_settings(pip: list[str]) -> dict[str, str]:
    """Return pip's settings by long option name.

    They come from pip's files and the environment; the environment wins.
    """
    shown = subprocess.run([*pip, "config", "list"], capture_output=True, text=True, check=False).stdout
    settings: dict[str, str] = {}
    for line in sorted(shown.splitlines(), key=lambda line: line.startswith(":env:")):
        name, _, value = line.partition("=")
        settings[name.rpartition(".")[2].replace("_", "-")] = value.strip("'\"")
    return settings


def uv_environment(settings: dict[str, str]) -> dict[str, str]:
    """Return our environment with pip's settings and the system's certificates.

    uv reads neither by itself.
    """
    env = dict(os.environ)
    for name, uv_name in UV_NAMES.items():
        if value := settings.get(name):
            joint = "," if uv_name == "UV_FIND_LINKS" else " "
            env.setdefault(uv_name, joint.join(value.replace("\\n", " ").split()))
    # Like pip, choose the best version from all indexes; the hashes guarantee the right file.
    env.setdefault("UV_INDEX_STRATEGY", "unsafe-best-match")
    if "SSL_CERT_FILE" not in env:
        for bundle in (env.get("REQUESTS_CA_BUNDLE"), ssl.get_default_verify_paths().cafile):
            if bundle and Path(bundle).is_file():
                env["SSL_CERT_FILE"] = bundle
                break
    if not _may_write_cache(env):
        env.setdefault("UV_NO_CACHE", "1")
    return env


def _may_write_cache(env: dict[str, str]) -> bool:
    if "UV_CACHE_DIR" in env:
        return True
    folder = Path(env.get("XDG_CACHE_HOME") or Path(env.get("HOME", "/nonexistent")) / ".cache") / "uv"
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return os.access(folder, os.W_OK)


def run_step(command: list[str], aim: str, env: dict[str, str] | None = None) -> None:
    """Run one step of the installation.

    Its output is shown only on failure, except on a terminal, where uv draws its own progress. Raises
    BootstrapError with the step's output.
    """
    shown = env is not None and sys.stderr.isatty()
    process = subprocess.Popen(
        command,
        env=env,
        stdout=None if shown else subprocess.PIPE,
        stderr=None if shown else subprocess.STDOUT,
        close_fds=False,  # inherits the lock, see `config.bootstrap`
    )
    output, seconds = b"", 0
    try:
        while True:
            with contextlib.suppress(subprocess.TimeoutExpired):
                output, _ = process.communicate(timeout=HEARTBEAT_SECONDS)
                break
            seconds += HEARTBEAT_SECONDS
            if not shown:
                print_progress(f"… still at it after {seconds} s")
    except BaseException:
        process.kill()
        process.wait()
        raise
    if process.returncode:
        detail = (output or b"").decode("utf-8", "replace").strip()
        raise BootstrapError(
            f"Could not {aim}.\n{detail}\nRun the same command again once that is put right.".replace(
                "\n\n", "\n"
            )
        )
