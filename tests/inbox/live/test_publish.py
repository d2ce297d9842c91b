"""Publishing: one pool of connections for each process, also for one that was forked from another."""

from __future__ import annotations

import os

from inbox.live import publish
from inbox.live.broker import TIMEOUT
from inbox.live.publish import CaseChange


def publish_and_ask() -> int:
    """Publish a change; return Redis' number of the connection that this process uses."""
    publish.publish_cases([CaseChange(1, 1, 1, "public")])
    number: int = publish.redis_client().client_id()
    return number


def test_two_publishes_share_one_connection_with_short_time_outs():
    first = publish_and_ask()
    assert publish_and_ask() == first
    options = publish.redis_client().connection_pool.connection_kwargs
    assert (options["socket_timeout"], options["socket_connect_timeout"]) == (TIMEOUT, TIMEOUT)


def test_a_forked_process_gets_a_connection_of_its_own():
    own = publish_and_ask()
    reading, writing = os.pipe()
    if (child := os.fork()) == 0:
        try:
            os.write(writing, str(publish_and_ask()).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        assert answer.read() not in ("", str(own))
    os.waitpid(child, 0)
    assert publish_and_ask() == own
