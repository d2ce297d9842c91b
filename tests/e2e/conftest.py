"""A real browser against a real web process on the test's database."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import connection
from django.test import Client
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright

from accounts.models import Role, User
from config.embedded.ports import free_port
from tests.factories import PASSWORD, BrandAccountFactory, DepartmentFactory, UserFactory
from tests.signing_in import sign_in_records

ROOT = Path(__file__).resolve().parents[2]
FLAGS = (
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run",
    "--disable-gpu", "--disable-quic",
)  # fmt: skip
# What is waited for comes at once, but on a machine that does something else besides it may take its time.
PATIENCE = 60_000
expect.set_options(timeout=PATIENCE)
# Playwright's synchronous API keeps an event loop in this thread; the ORM is used between its calls, never within.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


def chromium() -> str | None:
    """The browser to use: CHROMIUM, the system's, or Playwright's own ("")."""
    # The shell is the browser without its windows: a quarter less work for the same pages.
    shell, whole = shutil.which("chromium-headless-shell"), shutil.which("chromium")
    for path in (os.environ.get("CHROMIUM"), shell, whole, "/usr/bin/chromium"):
        if path and Path(path).exists():
            return path
    with sync_playwright() as playwright:
        return "" if Path(playwright.chromium.executable_path).exists() else None


class KeptBrowser:
    """The browser of this process, kept from one browser test to the next.

    Not for the session: while it lives, its event loop counts as running in this thread, and whatever else is tested
    in this process could not start one of its own.
    """

    def __init__(self) -> None:
        self._playwright: Playwright | None = None
        self._browser: Browser | None = None

    def launch(self) -> Browser:
        if self._browser is None or not self._browser.is_connected():
            self.close()
            path = chromium()
            if path is None:
                message = "No Chromium: set CHROMIUM, install the system's chromium, or run `playwright install chromium`."
                if os.environ.get("CI"):
                    pytest.fail(message)
                pytest.skip(f"BROWSER TESTS NOT RUN. {message}")
            flags = [*FLAGS, "--no-sandbox"] if os.geteuid() == 0 else [*FLAGS]
            self._playwright = sync_playwright().start()
            self._browser = self._playwright.chromium.launch(executable_path=path or None, args=flags)
        return self._browser

    def close(self) -> None:
        if self._browser is not None:
            self._browser.close()
        if self._playwright is not None:
            self._playwright.stop()
        self._browser = self._playwright = None


_kept = KeptBrowser()


@pytest.fixture
def browser() -> Browser:
    return _kept.launch()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(nextitem: pytest.Item | None) -> Iterator[None]:
    yield
    if "browser" not in getattr(nextitem, "fixturenames", ()):
        _kept.close()


@pytest.fixture(scope="session")
def server(django_db_setup, django_db_blocker) -> Iterator[str]:
    """Address of a uvicorn on the test database."""
    port = free_port()
    with django_db_blocker.unblock():
        name = connection.settings_dict["NAME"]
    parts = urlsplit(os.environ["DATABASE_URL"])
    environment = {**os.environ, "DATABASE_URL": urlunsplit(parts._replace(path=f"/{name}")), "DEBUG": "0"}
    command = [
        sys.executable, "-m", "uvicorn", "tests.e2e.application:application", "--host", "127.0.0.1",
        "--port", str(port), "--log-level", "warning", "--timeout-graceful-shutdown", "1",
    ]  # fmt: skip
    process = subprocess.Popen(command, env=environment, cwd=ROOT)
    try:
        _wait(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 90
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"The web process ended with status {process.returncode}.")
        try:
            with socket.create_connection(("127.0.0.1", port), 1):
                return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError("The web process did not start.")


class Company:
    """The small cast: two departments, a brand account, an agent of the first and a manager of both."""

    def __init__(self) -> None:
        self.service = DepartmentFactory(name="Customer service", slug="service")
        self.billing = DepartmentFactory(name="Billing", slug="billing")
        self.brand = BrandAccountFactory(handle="yourbrand")
        both = [self.service, self.billing]
        self.manager = UserFactory(
            username="mara", role=Role.MANAGER, departments=both, publishes=[self.brand], initials="ML"
        )
        self.agent = UserFactory(
            username="sana", departments=[self.service], publishes=[self.brand], initials="SW"
        )


@pytest.fixture
def company(transactional_db) -> Company:
    cache.clear()
    Session.objects.all().delete()
    return Company()


def session_of(user: User) -> str:
    """The key of a session in which that person has just signed in with their password."""
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    session = client.session
    session.update(sign_in_records(user))
    session.save()
    return client.cookies["sessionid"].value


@pytest.fixture
def open_page(browser, server, company):
    """A function: a signed-in page; what its console said and where it asked ends up in `said` and `asked`.

    `by_form`: signed in by hand, through the page for it; otherwise with a session of the same content.
    """
    contexts = []

    def opened(username: str = "mara", path: str = "/", *, by_form: bool = False, **options) -> Page:
        context = browser.new_context(base_url=server, **options)
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.said, page.asked = [], []
        page.on("console", lambda message: page.said.append(message.text))
        page.on("pageerror", lambda error: page.said.append(str(error)))
        page.on("request", lambda request: page.asked.append(request.url))
        if not by_form:
            key = session_of(User.objects.get(username=username))
            context.add_cookies([{"name": "sessionid", "value": key, "url": server}])
            page.goto(path)
            return page
        page.goto(f"/auth/login/?next={path}")
        page.fill("[name=login]", username)
        page.fill("[name=password]", PASSWORD)
        page.click("button.go")
        page.wait_for_url(f"{server}{path}")
        return page

    yield opened
    for context in contexts:
        context.close()
    # The tables are emptied next: a request that is still being answered would meet that in a deadlock, and so would a
    # stream that begins and notes that its reader was seen. One that has begun does nothing for a minute.
    until = time.monotonic() + 120
    while _ask_number(server, "at-work"):
        assert time.monotonic() < until, "the web process is still answering"
        time.sleep(0.02)


def _ask_number(server: str, what: str) -> int:
    return int(urllib.request.urlopen(f"{server}/{what}/", timeout=30).read())
