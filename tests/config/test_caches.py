"""Caches while Redis is away, and how long a copy of a session counts."""

from __future__ import annotations

import time

import pytest
from django.core.cache import caches

from config import caches as patient
from inbox.live import broker
from inbox.live.broker import Breaker, breaker


@pytest.fixture
def away(monkeypatch):
    """Redis that nobody reaches; `bring_back` ends it."""
    client = patient._shared_client.__wrapped__("redis://127.0.0.1:1/0")
    with monkeypatch.context() as patches:
        patches.setattr(patient, "_shared_client", lambda _: client)
        yield patches.undo
    breaker.reset()


@pytest.fixture(autouse=True)
def _clean():
    breaker.reset()
    yield
    breaker.reset()
    for cache in caches.all():
        cache.clear()


def test_limits_are_counted_in_the_process_meanwhile(away):
    cache = caches["default"]
    assert [cache.add("code", 1, 60), cache.add("code", 1, 60)] == [True, False]
    cache.set("failures", 1, 60)
    assert (cache.incr("failures"), cache.get("failures"), cache.has_key("failures")) == (2, 2, True)
    assert cache.get_many(["code", "failures"]) == {"code": 1, "failures": 2}
    assert cache.delete("code")
    assert cache.get("code", "none") == "none"


def test_only_the_first_of_many_waits_for_the_time_out(away):
    cache = caches["default"]
    cache.get("a")
    began = time.monotonic()
    for _ in range(1000):
        cache.get("a")
    # A thousand time-outs would take minutes.
    assert time.monotonic() - began < 10


def test_one_caller_tries_again_after_the_pause(monkeypatch):
    own, attempts = Breaker(), []

    def fail():
        attempts.append(1)
        raise broker.redis.TimeoutError

    for _ in range(5):
        assert own.attempt(fail, lambda: "without") == "without"
    monkeypatch.setattr(own, "_next_attempt_at", 0.0)
    for _ in range(5):
        own.attempt(fail, lambda: "without")
    assert len(attempts) == 2
    monkeypatch.setattr(own, "_next_attempt_at", 0.0)
    assert [own.attempt(lambda: "with", lambda: "without") for _ in range(2)] == ["with", "with"]


def test_there_are_no_copies_of_sessions_meanwhile(away):
    cache = caches["sessions"]
    cache.set("session", {"user": 1})
    assert (cache.get("session"), cache.has_key("session")) == (None, False)


def test_a_copy_that_could_not_be_deleted_is_never_read_again(away):
    cache, bring_back = caches["sessions"], away
    bring_back()
    cache.set("session", {"user": 1})
    assert cache.get("session") == {"user": 1}
    breaker._is_away, breaker._next_attempt_at = True, time.monotonic() + 3600
    cache.delete("session")
    breaker.reset()
    assert not cache.has_key("session")
    assert cache.get("session") is None
    assert not cache.has_key("session")


def test_a_copy_counts_for_a_minute(away):
    away()
    cache = caches["sessions"]
    cache.set("session", {"user": 1}, 60 * 60 * 24 * 14)
    client = cache._cache.get_client()
    assert 0 < client.ttl(cache.make_key("session")) <= 60


def test_all_caches_of_a_process_share_their_connections(away):
    away()
    assert caches["default"]._cache is caches["sessions"]._cache
    assert caches.create_connection("default")._cache is caches["default"]._cache
