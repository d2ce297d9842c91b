"""The pytest plugin of the test suite (`-p config.testing.plugin`).

It starts a Postgres and a Valkey for the suite before Django's settings are read, in a folder under the
temporary directory, and stops them at the end of the run. When DATABASE_URL or REDIS_URL is set, that server
is used instead. No test reaches another host.

`--quick` makes it a quick run (see `config.testing.quick`).
"""

from __future__ import annotations

import contextlib
import fcntl
import gc
import os
import shutil
import sys
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest

from config import garbage_collection as garbage
from config.embedded import servers
from config.embedded.data_folder import Home
from config.embedded.postgres import Postgres
from config.embedded.process import EmbeddedError
from config.testing import database as testing_database
from config.testing import quick, second_try
from config.testing.other_hosts import block_other_hosts

PREFIX = "horseshoe-test-"
#: Numbers of tests that a quick run left out, by marker.
_LEFT_OUT = pytest.StashKey[dict[str, int]]()


class EmbeddedServers:
    """The servers of a test run. The main process starts and stops them; workers only use them."""

    def __init__(self) -> None:
        self._home: Home | None = None
        self._running: list[servers.Server] = []

    def start(self) -> None:
        """Start the servers and put their addresses into the environment.

        Workers inherit the environment, with the secrets and the data folder of the run.
        """
        self._home = _make_home()
        for name, value in self._home.ensure_secrets().items():
            os.environ.setdefault(name, value)
        os.environ["HORSESHOE_HOME"] = str(self._home.path)
        _compile_once(self._home.path / "bytecode")
        os.environ.setdefault("HTTPS", "0")
        os.environ.setdefault("STATICFILES_BACKEND", "django.contrib.staticfiles.storage.StaticFilesStorage")
        os.environ.setdefault("STATIC_ROOT", str(_make_static_root(self._home)))
        self._running = servers.build_wanted_servers(self._home, durable=False)
        if any(isinstance(server, Postgres) for server in self._running):
            os.environ[testing_database.LOCK_VARIABLE] = str(self._home.path / "template.lock")
        os.environ.update(servers.start_servers(self._running))

    def stop(self) -> None:
        """Stop the servers and remove the folder."""
        servers.stop_servers(self._running)
        self._running = []
        if self._home is not None:
            self._home.release()
            shutil.rmtree(self._home.path, ignore_errors=True)
            self._home = None


_embedded = EmbeddedServers()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, None, None]:
    # A wrapper runs before all plain implementations, so also before pytest-django's, which reads the settings.
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker:
        _use_own_valkey_database(worker)
    elif not getattr(early_config.known_args_namespace, "help", False):
        try:
            _embedded.start()
        except EmbeddedError as error:
            _embedded.stop()
            raise pytest.UsageError(str(error)) from error
    block_other_hosts()
    return (yield)


# First: xdist answers this itself, and the first answer counts.
@pytest.hookimpl(optionalhook=True, tryfirst=True)
def pytest_xdist_auto_num_workers() -> int | None:
    """Return one worker more than there are processors.

    A third of the time is spent waiting for processes and browsers. None leaves the number to xdist.
    """
    if os.environ.get("PYTEST_XDIST_AUTO_NUM_WORKERS"):
        return None
    return (os.cpu_count() or 1) + 1


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--quick` and `--full`."""
    markers = " or ".join(quick.LEFT_OUT_MARKERS)
    parser.addoption(
        quick.OPTION,
        action="store_true",
        help=f"leave out what is marked {markers}; try fewer examples per property",
    )
    everything = "try everything that the whole suite samples; takes hours"
    parser.addoption(quick.FULL_OPTION, action="store_true", help=everything)


def pytest_configure(config: pytest.Config) -> None:
    """Load the Hypothesis profile of this run.

    It must be loaded before any test module is imported: `@settings` reads everything that it is not given
    from the profile.
    """
    if config.option.quick and config.option.full:
        raise pytest.UsageError(f"{quick.OPTION} and {quick.FULL_OPTION} exclude each other.")
    quick.load_hypothesis_profile(
        "quick" if config.option.quick else "full" if config.option.full else "suite"
    )


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave tests out in a quick run; sort slow tests first.

    Only a parallel run is sorted. Workers share the other tests while the slow ones run, so that the end of
    the run does not wait for one long test. Tests with a browser come after the other slow ones.
    """
    if config.option.quick:
        left_out, numbers = quick.leave_out_items(items)
        config.hook.pytest_deselected(items=left_out)
        config.stash[_LEFT_OUT] = dict(numbers)
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: (not _has_marker(item, "slow"), _has_marker(item, "browser")))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """Run browser tests (see `config.testing.second_try`); leave all others to pytest."""
    return second_try.run_browser_test(item, nextitem) or None


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Send a worker's numbers of left-out tests to the main process.

    The main process of a parallel run prints the summary but collects no tests.
    """
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["left_out"] = session.config.stash.get(_LEFT_OUT, {})


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Store the numbers of left-out tests that a worker sent.

    Each worker collects all tests, so the numbers of one worker are those of the run.
    """
    left_out = getattr(node, "workeroutput", {}).get("left_out")
    if left_out:
        node.config.stash[_LEFT_OUT] = left_out


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> Generator[None, None, None]:
    """Print what passed late and what a quick run left out."""
    yield
    if lines := [*second_try.describe_second_tries(terminalreporter.stats.get("passed", ()))]:
        terminalreporter.section("passed only the second time")
        for line in lines:
            terminalreporter.line(line)
    if config.option.quick:
        terminalreporter.section("quick run")
        for line in quick.describe_quick_run(config.stash.get(_LEFT_OUT, {})):
            terminalreporter.line(line)


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Exclude everything loaded by now from garbage collection.

    Looking through it took a tenth of the time.
    """
    garbage.freeze_loaded_objects()
    gc.set_threshold(20_000, 20, 20)


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> None:
    """Prepare the database of the tests.

    Several workers share one migrated database when the run started its own Postgres.
    """
    from django.conf import settings
    from django.db import connection

    if not settings.configured:
        return
    testing_database.let_flush_empty_history()
    several = getattr(session.config, "workerinput", {}).get("workercount", 1) > 1
    if several and testing_database.LOCK_VARIABLE in os.environ:
        testing_database.share_migrated_database(connection)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    _embedded.stop()


def _has_marker(item: pytest.Item, name: str) -> bool:
    return item.get_closest_marker(name) is not None


def _use_own_valkey_database(worker: str) -> None:
    """Give each worker a logical Valkey database.

    1 for gw0, 2 for gw1, and so on. pytest-django does the same for Postgres.
    """
    parts = urlsplit(os.environ["REDIS_URL"])
    number = int(worker.removeprefix("gw")) + 1
    os.environ["REDIS_URL"] = urlunsplit(parts._replace(path=f"/{number}"))


def _compile_once(folder: Path) -> None:
    """Cache bytecode in `folder` when none may be written beside the source.

    Without it each process would spend more time compiling than on the rest of its start.
    """
    if sys.dont_write_bytecode:
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = str(folder)
        sys.dont_write_bytecode, sys.pycache_prefix = False, str(folder)


def _make_home() -> Home:
    """Make a new folder for this run; remove those of killed runs."""
    for left in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError), (left / "lock").open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(left, ignore_errors=True)
    home = Home(Path(tempfile.mkdtemp(prefix=PREFIX)))
    home.prepare()
    home.lock()
    return home


def _make_static_root(home: Home) -> Path:
    """Return an empty folder in place of the collected static files.

    When it is missing, ServeStatic warns each time a Django client is made.
    """
    folder = home.path / "static"
    folder.mkdir()
    return folder
