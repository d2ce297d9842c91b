"""From a bare Python to `.venv`, with a `uv` that only notes what it was asked for: no network."""

import ast
import contextlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import CHECKOUT, clean_environment, eventually

from config import bootstrap, installer

UV = """#!/bin/sh
if [ "$1" = --version ]; then echo uv 1; exit 0; fi
echo "$@" >> {asked}
while [ -e {held} ]; do sleep 0.05; done
if [ -e {broken} ]; then echo "no such package" >&2; exit 2; fi
"""
#: Unpacking the real one into every `.venv` takes four seconds each.
PIP = """
import sys
if "--version" in sys.argv:
    print("pip 1")
"""
COMMANDLINE = """
import sys
def run_command_line(argv):
    print("ran", *argv[1:], "in", sys.prefix)
    return 7
"""


class Bare:
    """A checkout whose dependencies no Python here has, a `uv` on PATH, and a `pip` without settings."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "checkout"
        (self.root / "config").mkdir(parents=True)
        shutil.copy(CHECKOUT / "manage.py", self.root)
        for name in ("bootstrap", "installer"):
            shutil.copy(CHECKOUT / "config" / f"{name}.py", self.root / "config")
        (self.root / "config" / "__init__.py").touch()
        (self.root / "config" / "commandline.py").write_text(COMMANDLINE)
        (self.root / "pyproject.toml").write_text('[project]\ndependencies = ["nobody-has-this>=1"]\n')
        (self.root / "requirements.lock").write_text("nobody-has-this==1.0 \\\n    --hash=sha256:00\n")
        self.asked = folder / "asked"
        self.broken = folder / "broken"
        #: While this file is there, an installation goes on.
        self.held = folder / "held"
        self.programs = folder / "programs"
        self.programs.mkdir()
        uv = self.programs / "uv"
        uv.write_text(UV.format(asked=self.asked, broken=self.broken, held=self.held))
        uv.chmod(0o755)
        self.pip = folder / "packages" / "pip"
        self.pip.mkdir(parents=True)
        (self.pip / "__init__.py").touch()
        (self.pip / "__main__.py").write_text(PIP)

    def start(self, *arguments: str, said: Path | None = None) -> subprocess.Popen[str]:
        """`said`: the file for its errors instead of a pipe."""
        path = f"{self.programs}{os.pathsep}{os.environ['PATH']}"
        with contextlib.nullcontext(subprocess.PIPE) if said is None else said.open("w") as errors:
            return subprocess.Popen(
                [sys.executable, str(self.root / "manage.py"), *arguments],
                env=clean_environment(PATH=path, PYTHONPATH=str(self.pip.parent)),
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )

    def run(self, *arguments: str) -> tuple[int, str, str]:
        process = self.start(*arguments)
        out, err = process.communicate(timeout=180)
        return process.returncode, out, err

    def installations(self) -> list[str]:
        return self.asked.read_text().splitlines() if self.asked.exists() else []


@pytest.fixture
def bare(folder) -> Bare:
    return Bare(folder)


@pytest.mark.slow
def test_it_installs_the_lock_and_starts_anew_in_the_venv_once(bare):
    shutil.rmtree(bare.pip)
    status, out, err = bare.run("poll", "--json")
    assert (status, out) == (7, f"ran poll --json in {bare.root / '.venv'}\n")
    assert "Installing 1 packages …" in err
    python, lock = bare.root / ".venv" / "bin" / "python", bare.root / "requirements.lock"
    wanted = f"--quiet pip sync --python {python} --require-hashes {lock}"
    assert bare.installations() == [wanted]
    status, out, err = bare.run("poll")
    assert (status, err) == (7, "")
    assert bare.installations() == [wanted]


def test_another_lock_is_installed_again(bare):
    bare.run()
    (bare.root / "requirements.lock").write_text("nobody-has-this==2.0 \\\n    --hash=sha256:11\n")
    assert bare.run()[0] == 7
    assert len(bare.installations()) == 2


def test_a_failed_installation_says_why_and_the_next_run_repairs_it(bare):
    bare.broken.touch()
    status, out, err = bare.run("up")
    assert (status, out) == (1, "")
    assert "Could not install the packages.\nno such package" in err
    (bare.root / ".venv" / "left-over").touch()
    bare.broken.unlink()
    status, out, err = bare.run("up")
    assert status == 7
    assert "interrupted; starting it afresh" in err
    assert not (bare.root / ".venv" / "left-over").exists()


def test_a_killed_installation_is_repaired_by_the_next_run(bare):
    bare.held.touch()
    process = bare.start()
    eventually(lambda: bool(bare.installations()), 120)
    process.kill()
    process.wait()
    said = bare.root / "said"
    following = bare.start(said=said)
    # uv went on without its parent: nobody installs beside it.
    eventually(lambda: "Another command is installing" in said.read_text(), 120, said.read_text)
    bare.held.unlink()
    following.communicate(timeout=180)
    assert following.returncode == 7
    assert "interrupted; starting it afresh" in said.read_text()


def test_a_venv_whose_python_is_gone_is_made_anew(bare):
    bare.run()
    python = bare.root / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to("/nowhere/python")
    assert bare.run()[0] == 7


def test_two_at_once_install_once(bare):
    bare.held.touch()
    said = [bare.root / "first", bare.root / "second"]
    both = [bare.start(said=one) for one in said]

    def waiting() -> list[bool]:
        return sorted("Another command is installing" in one.read_text() for one in said)

    eventually(lambda: waiting() == [False, True] and bool(bare.installations()), 120)
    bare.held.unlink()
    for one in both:
        one.communicate(timeout=180)
    assert [one.returncode for one in both] == [7, 7]
    assert len(bare.installations()) == 1
    assert waiting() == [False, True]


def test_nothing_is_installed_where_the_dependencies_can_be_imported(bare):
    (bare.root / "pyproject.toml").write_text(
        '[project]\ndependencies = ["django>=5,<6", "psycopg[binary]>=3.3"]\n'
    )
    status, out, err = bare.run("check")
    assert (status, out, err) == (7, f"ran check in {sys.prefix}\n", "")
    assert not (bare.root / ".venv").exists()
    assert bare.installations() == []


def test_every_dependency_of_this_checkout_is_found_here():
    assert bootstrap.has_dependencies(("embedded", "dev"))


@pytest.mark.parametrize(
    ("version", "bound", "fits"),
    [
        ("5.2.19", ">=5.2.19", True),
        ("5.2.18", ">=5.2.19", False),
        ("6.0", "<6", False),
        ("5.10", "<6", True),
        ("3.10", ">=3.3", True),
        ("9.1.2.post2", "==9.1.2.post2", True),
        ("9.1.2", "==9.1.2.post2", False),
        ("17.11.3", "==17.11.*", True),
        ("17.1", "==17.11.*", False),
    ],
)
def test_versions_are_compared_as_numbers(version, bound, fits):
    assert bootstrap._satisfies(version, bound) is fits


def test_manage_can_be_read_by_an_old_python_and_says_what_to_install():
    source = (CHECKOUT / "manage.py").read_text()
    ast.parse(source, feature_version=(3, 6))
    code = f"import sys; sys.version_info = (3, 9, 2, 'final', 0); exec(compile({source!r}, 'm', 'exec'))"
    run = subprocess.run(
        [sys.executable, "-c", f"__name__ = '__main__'\n{code}"], capture_output=True, text=True
    )
    assert run.returncode == 1
    assert run.stderr.startswith("Horseshoe needs Python 3.11 or newer, and this is 3.9: install")
    assert len(run.stderr.splitlines()) == 1


def test_a_python_without_venv_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setattr(installer.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(installer.BootstrapError, match="apt-get install python3"):
        installer.make_venv(tmp_path / "venv", tmp_path / "venv" / "unfinished")


def test_uv_is_told_what_pip_knows(monkeypatch, tmp_path):
    for name in ("SSL_CERT_FILE", "UV_INDEX", "UV_DEFAULT_INDEX", "UV_FIND_LINKS", "REQUESTS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    bundle = tmp_path / "bundle.pem"
    bundle.touch()
    env = installer.uv_environment({"cert": str(bundle), "index-url": "first", "extra-index-url": "a\\nb"})
    assert (env["SSL_CERT_FILE"], env["UV_DEFAULT_INDEX"], env["UV_INDEX"]) == (str(bundle), "first", "a b")
    monkeypatch.setenv("SSL_CERT_FILE", "the system's")
    assert installer.uv_environment({"cert": str(bundle)})["SSL_CERT_FILE"] == "the system's"
    monkeypatch.setenv("HOME", "/nonexistent")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("UV_CACHE_DIR", raising=False)
    if os.geteuid() != 0:
        assert installer.uv_environment({})["UV_NO_CACHE"] == "1"
