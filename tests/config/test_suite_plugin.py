"""What `-p config.testing.plugin` gives every test, and what it leaves behind: nothing."""

import contextlib
import gc
import os
import socket
import subprocess
import sys
import types
import urllib.request
import warnings
from pathlib import Path

import psycopg
import pytest
import redis
from conftest import CHECKOUT, clean_environment
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config import commandline
from config.testing import database as testing_database
from config.testing import plugin as testing
from config.testing import quick
from config.testing.other_hosts import OutsideWorldError

INNER = """
import os, pathlib, psycopg, pytest, redis, subprocess, sys

@pytest.mark.parametrize("number", range(4))
def test_it(number):
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    redis.Redis.from_url(os.environ["REDIS_URL"]).ping()
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        fsync = connection.execute("show fsync").fetchone()[0]
    home, here = os.environ["HORSESHOE_HOME"], pathlib.Path(__file__).parent
    (here / f"{worker}_module.py").write_text("print(__cached__)")
    command = [sys.executable, "-c", f"import {worker}_module"]
    kept = subprocess.run(command, cwd=here, capture_output=True, text=True, check=True).stdout.strip()
    line = f"{worker} {os.environ['REDIS_URL'][-2:]} {fsync} {home} {kept if os.path.exists(kept) else 'nothing'}"
    (here / f"{worker}.txt").write_text(line)
"""


@given(st.integers())
def test_no_property_fails_for_being_slow(number):
    assert settings().deadline is None
    assert HealthCheck.too_slow in settings().suppress_health_check


def test_a_parallel_run_has_one_worker_more_than_processors(request, monkeypatch):
    """What the run really gets, not what the plugin would say: xdist asks its own answer, too."""
    monkeypatch.delenv("PYTEST_XDIST_AUTO_NUM_WORKERS", raising=False)
    number = request.config.hook.pytest_xdist_auto_num_workers(config=request.config)
    assert number == (os.cpu_count() or 1) + 1


def test_the_servers_answer():
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        assert connection.execute("select 1").fetchone() == (1,)
    assert redis.Redis.from_url(os.environ["REDIS_URL"]).ping()


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1", "example.org"])
def test_other_hosts_are_out_of_reach(host):
    with pytest.raises(OutsideWorldError, match="may not reach other hosts"):
        socket.create_connection((host, 80), timeout=1)
    with socket.socket() as probe, pytest.raises(OutsideWorldError):
        probe.connect_ex((host, 80))
    with pytest.raises(OutsideWorldError):
        urllib.request.urlopen(f"http://[{host}]/" if ":" in host else f"http://{host}/", timeout=1)


def test_this_host_is_within_reach():
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        pass


@pytest.mark.slow
def test_a_parallel_run_shares_servers_and_leaves_nothing(folder):
    (folder / "test_inner.py").write_text(INNER)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-c",
        str(CHECKOUT / "pyproject.toml"),
        "-p",
        "no:cacheprovider",
        # Three processes less that load the product.
        "-p",
        "no:django",
    ]
    command += ["-n", "2", "-q", "--rootdir", str(CHECKOUT), str(folder)]
    env = clean_environment(TMPDIR="/tmp", PYTHONDONTWRITEBYTECODE="1", PYTHONPYCACHEPREFIX="")
    run = subprocess.run(command, cwd=CHECKOUT, env=env, capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stdout + run.stderr
    lines = [(folder / f"gw{number}.txt").read_text().split() for number in (0, 1)]
    assert [line[1] for line in lines] == ["/1", "/2"]
    assert {line[2] for line in lines} == {"off"}
    homes = {line[3] for line in lines}
    assert len(homes) == 1
    assert all(line[4].startswith(f"{line[3]}/bytecode/") for line in lines), (
        "compiled once, and not beside the source"
    )
    assert not (folder / "__pycache__").exists()
    assert not Path(homes.pop()).exists()


class Worker:
    """Of a parallel run, as far as `testing_database` knows it; its migration is one table."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.settings_dict = {"TEST": {"TEMPLATE": None}}
        self.creation = types.SimpleNamespace(create_test_db=self.create)
        self.migrated = False

    @contextlib.contextmanager
    def _nodb_cursor(self):
        with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
            yield connection.cursor()

    def create(self) -> str:
        template = self.settings_dict["TEST"]["TEMPLATE"]
        with self._nodb_cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {self.name} TEMPLATE {template or 'template1'}")
        with self.open() as connection:
            tables = connection.execute("SELECT to_regclass('migrated')").fetchone()
            if tables == (None,):
                connection.execute("CREATE TABLE migrated (word text)")
                self.migrated = True
        return self.name

    def open(self):
        return psycopg.connect(os.environ["DATABASE_URL"], dbname=self.name)

    def close(self) -> None:
        pass


def test_one_worker_migrates_and_the_others_copy_what_it_made(monkeypatch, tmp_path):
    names = [f"suite_plugin_{os.getpid()}_{number}" for number in range(4)]
    monkeypatch.setenv(testing_database.LOCK_VARIABLE, str(tmp_path / "lock"))
    monkeypatch.setattr(testing_database, "TEMPLATE_NAME", names.pop())
    workers = [Worker(name) for name in names]
    try:
        for worker in workers:
            testing_database.share_migrated_database(worker)
            assert worker.creation.create_test_db() == worker.name
            with worker.open() as connection:
                connection.execute("INSERT INTO migrated VALUES ('mine')")
                assert connection.execute("SELECT count(*) FROM migrated").fetchone() == (1,)
        assert [worker.migrated for worker in workers] == [True, False, False]
    finally:
        with workers[0]._nodb_cursor() as cursor:
            for name in (*names, testing_database.TEMPLATE_NAME):
                cursor.execute(f"DROP DATABASE IF EXISTS {name}")


QUICK_INNER = """
import pytest
from hypothesis import given, settings, strategies as st
from config.testing.quick import scale_examples

tried = {"plain": 0, "scaled": 0}

@given(st.integers())
def test_plain(number):
    tried["plain"] += 1

@settings(max_examples=scale_examples(50))
@given(st.integers())
def test_scaled(number):
    tried["scaled"] += 1

def test_tried():
    assert tried == EXPECTED

@pytest.mark.slow
def test_slow():
    raise AssertionError("not in a quick run")

@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.parametrize("page", range(2))
def test_browser(page):
    raise AssertionError("not in a quick run")
"""


def run_inner_tests(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run pytest with our plugin in `folder`, on the servers of this run."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-c",
        str(CHECKOUT / "pyproject.toml"),
        "--rootdir",
        str(CHECKOUT),
    ]
    command += ["-p", "no:cacheprovider", "-p", "no:django", "-p", "no:randomly", *arguments, str(folder)]
    env = clean_environment(DATABASE_URL=os.environ["DATABASE_URL"], REDIS_URL=os.environ["REDIS_URL"])
    return subprocess.run(command, cwd=CHECKOUT, env=env, capture_output=True, text=True, timeout=120)


@pytest.mark.slow
@pytest.mark.parametrize("parallel", [["-n0"], ["-n2", "--dist", "loadfile"]], ids=["alone", "parallel"])
def test_a_quick_run_leaves_out_what_is_slow_and_ends_with_how_much_that_was(folder, parallel):
    expected = "{'plain': 10, 'scaled': 5}"
    (folder / "test_inner.py").write_text(QUICK_INNER.replace("EXPECTED", expected))
    run = run_inner_tests(folder, "--quick", "-q", *parallel)
    assert run.returncode == 0, run.stdout + run.stderr
    *_, count, browser, slow, examples, rest, passed = run.stdout.splitlines()
    assert count == "Left out 3 tests:"
    assert browser.startswith("  2 that need a browser")
    assert slow.startswith("  1 that are slow")
    assert examples == "Tried 10 examples per property, where the whole suite tries 100."
    assert rest == "Before a change lands: python3 manage.py test"
    assert passed.startswith("3 passed")


@pytest.mark.slow
def test_the_whole_suite_leaves_out_nothing_and_says_nothing_of_it(folder):
    (folder / "test_inner.py").write_text(QUICK_INNER.replace("EXPECTED", "{'plain': 100, 'scaled': 50}"))
    run = run_inner_tests(folder, "-n0")
    assert "3 failed, 3 passed" in run.stdout
    assert "Left out" not in run.stdout


SECOND_TRY_INNER = """
import pytest

tries = {"browser": 0, "worse": 0, "plain": 0}
fixtures = []

@pytest.fixture
def page():
    fixtures.append("opened")
    yield len(fixtures)
    fixtures.append("closed")

@pytest.mark.browser
def test_browser(page):
    tries["browser"] += 1
    assert tries["browser"] == 2, "too early"
    assert fixtures == ["opened", "closed", "opened"]

@pytest.mark.browser
def test_worse():
    tries["worse"] += 1
    raise AssertionError(f"failed {tries['worse']} times")

def test_plain():
    tries["plain"] += 1
    assert tries["plain"] == 2, "never tried again"
"""


@pytest.mark.slow
def test_a_browser_test_is_tried_once_more_and_the_end_of_the_run_names_it(folder):
    (folder / "test_inner.py").write_text(SECOND_TRY_INNER)
    run = run_inner_tests(folder, "-n1", "-q")
    assert "2 failed, 1 passed" in run.stdout, run.stdout + run.stderr
    summary = run.stdout.partition("passed only the second time")[2]
    assert "test_browser passed only the second time. The first time:" in summary
    assert "AssertionError: too early" in summary
    assert "failed 2 times" in run.stdout
    assert "never tried again" in run.stdout
    assert "test_worse passed" not in run.stdout


def test_a_quick_run_keeps_what_has_neither_marker():
    items = [
        item("plain"),
        item("page", "slow", "browser"),
        item("kill", "slow"),
        item("database", "django_db"),
    ]
    left_out, numbers = quick.leave_out_items(items)
    assert [one.name for one in items] == ["plain", "database"]
    assert [one.name for one in left_out] == ["page", "kill"]
    assert numbers == {"browser": 1, "slow": 1}


def test_a_property_tries_at_least_one_example():
    with_profile = {name: settings.get_profile(name).max_examples for name in quick.EXAMPLES}
    assert with_profile == quick.EXAMPLES
    assert quick.scale_examples(0) == 1


WHOLE = types.SimpleNamespace(quick=False)


def item(name: str, *marks: str) -> types.SimpleNamespace:
    return types.SimpleNamespace(name=name, get_closest_marker=lambda mark: mark if mark in marks else None)


@pytest.mark.parametrize(
    ("config", "order"),
    [
        (types.SimpleNamespace(workerinput={}, option=WHOLE), "kill page quick other"),
        (types.SimpleNamespace(option=WHOLE), "quick page kill other"),
    ],
)
def test_in_parallel_the_long_tests_come_first(config, order):
    items = [item("quick"), item("page", "slow", "browser"), item("kill", "slow"), item("other")]
    testing.pytest_collection_modifyitems(config, items)
    assert " ".join(one.name for one in items) == order


def own_packages() -> list[str]:
    """Return the top-level packages of the checkout."""
    return sorted(path.parent.name for path in CHECKOUT.glob("[a-z]*/__init__.py"))


@pytest.mark.parametrize("category", [DeprecationWarning, UserWarning, RuntimeWarning])
def test_a_warning_about_our_own_code_is_an_error(category):
    modules = [name for package in own_packages() for name in (package, f"{package}.some.module")]
    assert len(modules) > 18
    for module in [*modules, __name__, "conftest"]:
        with pytest.raises(category, match="Mind the gap"):
            warnings.warn_explicit("Mind the gap.", category, "module.py", 1, module=module)
    with pytest.warns(category):
        warnings.warn_explicit("Mind the gap.", category, "module.py", 1, module="configparser")


def test_what_was_loaded_before_the_first_test_is_no_longer_looked_through():
    assert gc.get_freeze_count() > 100_000
    assert gc.isenabled()


@pytest.mark.parametrize(
    ("arguments", "passed"),
    [
        ([], ["-n", "auto", "--dist", "worksteal"]),
        (["tests/inbox", "-k", "kill"], ["-n", "auto", "--dist", "worksteal", "tests/inbox", "-k", "kill"]),
        (["-n0", "-x"], ["-n0", "-x"]),
        (["--quick"], ["-n", "auto", "--dist", "worksteal", "--quick"]),
        (["--pdb"], ["--pdb"]),
        (["-p", "no:xdist"], ["-p", "no:xdist"]),
    ],
)
def test_manage_test_is_pytest_in_parallel_with_the_arguments_passed_on(arguments, passed, monkeypatch):
    called: list[list[str]] = []

    def note(_program: str, command: list[str]) -> None:
        called.append(command)
        raise SystemExit

    monkeypatch.setattr(os, "execv", note)
    with pytest.raises(SystemExit):
        commandline.run_command_line(["manage.py", "test", *arguments])
    assert called == [[sys.executable, "-m", "pytest", *passed]]
