"""A broker that is stopped, killed or frozen: pages go on, sessions are read from their table, streams come back."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import time
from urllib.parse import urlencode

import pytest
import redis
from django.conf import settings
from django.test import Client

from accounts.models import Role
from config.embedded.valkey import Valkey
from config.testing.quick import choose_size
from inbox.models import CaseEvent, Verb
from tests.config.web_server import serve
from tests.factories import CaseFactory, DepartmentFactory, UserFactory

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
TOKEN = "a" * 32
STATES = ["stopped", "killed", "frozen"]
AWAY_SECONDS = choose_size(0, full=60)


@pytest.fixture
def valkey(tmp_path):
    server = Valkey(tmp_path, tmp_path / "valkey.log")
    server.start()
    yield server
    if server.process is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(server.process.pid, signal.SIGCONT)
    server.stop()


@pytest.fixture
def server(tmp_path, valkey):
    with serve(tmp_path, REDIS_URL=valkey.url) as running:
        yield running


@pytest.fixture
def cast(server):
    """A case and an agent's cookies; every page was loaded once."""
    billing = DepartmentFactory()
    case = CaseFactory(department=billing)
    user = UserFactory(departments=[billing], role=Role.AGENT)
    signed_in = cookies(user)
    for path in pages(case):
        assert server.ask(path, Cookie=signed_in)[0] == 200
    # Seconds within which a page comes: two, and what a busy machine takes besides.
    server.patience = 2 + 8 * max(server.seconds(path, Cookie=signed_in) for path in pages(case))
    return case, signed_in


def cookies(user):
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    return f"{settings.SESSION_COOKIE_NAME}={session}; csrftoken={TOKEN}"


def pages(case):
    return ["/", f"/cases/{case.pk}/", "/notices/", "/navigation/?at=/"]


def take_away(valkey, state):
    if state == "stopped":
        valkey.stop()
    elif state == "killed":
        valkey.process.kill()
        valkey.process.wait()
    else:
        os.kill(valkey.process.pid, signal.SIGSTOP)


def bring_back(valkey, state):
    if state == "frozen":
        os.kill(valkey.process.pid, signal.SIGCONT)
    else:
        valkey.start()


def post(server, path, signed_in, **fields):
    began = time.monotonic()
    status, _, _ = server.ask(
        path,
        "POST",
        urlencode({"csrfmiddlewaretoken": TOKEN, **fields}).encode(),
        Cookie=signed_in,
        Content_Type="application/x-www-form-urlencoded",
    )
    return status, time.monotonic() - began


def open_stream(server, signed_in):
    """A live stream, and the status that it began with."""
    client = server.connect(f"GET /live/ HTTP/1.1\r\nHost: localhost\r\nCookie: {signed_in}\r\n\r\n".encode())
    return client, int(client.recv(65536).split(b" ", 2)[1])


def hears(stream, words, seconds=60):
    heard = b""
    stream.settimeout(0.5)
    until = time.monotonic() + seconds
    while words not in heard and time.monotonic() < until:
        with contextlib.suppress(TimeoutError):
            part = stream.recv(65536)
            if not part:
                break
            heard += part
    return words in heard


def has_ended(stream, seconds):
    until = time.monotonic() + seconds
    stream.settimeout(0.5)
    while time.monotonic() < until:
        with contextlib.suppress(TimeoutError):
            part = stream.recv(65536)
            # The last part of a chunked answer; the connection itself stays open for the next request.
            if not part or part.endswith(b"0\r\n\r\n"):
                return True
    return False


@pytest.mark.parametrize("state", STATES)
def test_pages_and_acts_go_on_and_it_is_used_again_when_it_is_back(server, valkey, cast, state):
    case, signed_in = cast
    take_away(valkey, state)
    took, until = [server.seconds("/auth/login/")], time.monotonic() + AWAY_SECONDS
    while len(took) < 12 or time.monotonic() < until:
        took += [server.seconds(path, Cookie=signed_in) for path in pages(case)]
    print(f"{state}: longest of {len(took)} pages: {max(took):.2f} s")
    status, seconds = post(server, f"/cases/{case.pk}/note/", signed_in, note="Call her back")
    assert max(took) <= server.patience
    assert (status, seconds <= server.patience) == (302, True)
    assert CaseEvent.objects.filter(verb=Verb.NOTED).count() == 1
    assert server.ask("/healthz")[0] == 200
    assert server.ask("/readyz")[0] == 503

    bring_back(valkey, state)
    time.sleep(2.1)
    client = redis.Redis.from_url(valkey.url)
    for path in pages(case):
        assert server.seconds(path, Cookie=signed_in) <= server.patience
    assert client.keys("*cached_db*")


@pytest.mark.parametrize("state", STATES)
def test_a_live_stream_ends_and_can_be_opened_again(server, valkey, cast, state):
    case, signed_in = cast
    stream, status = open_stream(server, signed_in)
    assert status == 200
    take_away(valkey, state)
    with stream:
        assert has_ended(stream, 60)
    client, status = open_stream(server, signed_in)
    client.close()
    assert status == 503
    assert server.seconds("/", Cookie=signed_in) <= server.patience

    bring_back(valkey, state)
    time.sleep(2.1)
    stream, status = open_stream(server, signed_in)
    until = time.monotonic() + 60
    while status != 200 and time.monotonic() < until:
        # As a page does: it comes again after a while.
        stream.close()
        time.sleep(1)
        stream, status = open_stream(server, signed_in)
    with stream:
        assert status == 200
        assert post(server, f"/cases/{case.pk}/note/", signed_in, note="Call her back")[0] == 302
        assert hears(stream, b"event: cases")


@pytest.mark.parametrize("state", STATES)
def test_somebody_who_signed_out_meanwhile_stays_signed_out(server, valkey, cast, state):
    _, signed_in = cast
    take_away(valkey, state)
    assert post(server, "/auth/logout/", signed_in)[0] == 302
    assert server.ask("/", Cookie=signed_in)[0] == 302
    bring_back(valkey, state)
    time.sleep(2.1)
    assert [server.ask("/", Cookie=signed_in)[0] for _ in range(3)] == [302] * 3


def test_streams_leave_no_connections_behind(server, valkey, cast):
    _, signed_in = cast
    client = redis.Redis.from_url(valkey.url)
    before = len(client.client_list())
    for _ in range(10):
        streams = [open_stream(server, signed_in) for _ in range(10)]
        assert {status for _, status in streams} == {200}
        for stream, _ in streams:
            stream.shutdown(socket.SHUT_RDWR)
            stream.close()

    until = time.monotonic() + 60
    while len(client.client_list()) > before + 4 and time.monotonic() < until:
        time.sleep(0.2)
    assert len(client.client_list()) <= before + 4
