"""The live version is asked for at most once a second, compiled once, and safe between threads."""

from __future__ import annotations

import threading
import time

import pytest

from routing.live_version import CompiledVersions, LiveVersion
from routing.models import RuleSetVersion, SLAVersion
from routing.rules import versions as rule_versions
from routing.rules.store import build_rules_snapshot
from routing.service_levels import versions as service_level_versions
from tests.factories import NOW


class Database:
    """Stands for the database: counts how often it is asked, and may be held up."""

    def __init__(self):
        self.version, self.questions = 1, 0
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.was_asked = threading.Event()

    def read(self):
        self.questions += 1
        version = self.version
        self.was_asked.set()
        assert self.may_answer.wait(10)
        return version


@pytest.fixture
def clock(monkeypatch):
    seconds = [100.0]
    monkeypatch.setattr("routing.live_version.time.monotonic", lambda: seconds[0])
    return seconds


@pytest.fixture
def database():
    return Database()


@pytest.fixture
def live(database):
    return LiveVersion(database.read)


def in_threads(count, function):
    threads = [threading.Thread(target=function) for _ in range(count)]
    for thread in threads:
        thread.start()
    return threads


def test_it_asks_at_most_once_a_second(clock, database, live):
    for seconds in (0, 0.5, 0.49):
        clock[0] += seconds
        assert live.get() == 1
    assert database.questions == 1
    clock[0] += 0.02
    live.get()
    assert database.questions == 2


def test_it_sees_a_new_version_after_a_second(clock, database, live):
    live.get()
    database.version = 2
    clock[0] += 0.99
    assert live.get() == 1
    clock[0] += 0.01
    assert live.get() == 2


def test_the_age_counts_from_the_question(clock, database):
    def slow():
        clock[0] += 0.7
        return database.read()

    live = LiveVersion(slow)
    live.get()
    clock[0] += 0.4
    live.get()
    assert database.questions == 2


def test_a_cleared_version_is_asked_for_at_once(clock, database, live):
    live.get()
    database.version = 2
    live.clear()
    assert live.get() == 2
    assert database.questions == 2


def test_none_is_a_version_and_is_remembered(clock, database, live):
    database.version = None
    assert live.get() is None
    assert live.get() is None
    assert database.questions == 1


def test_a_question_that_fails_is_asked_again(clock):
    answers = iter([ValueError("none yet"), 3])

    def read():
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    live = LiveVersion(read)
    with pytest.raises(ValueError, match="none yet"):
        live.get()
    assert live.get() == 3


def test_two_threads_ask_once(clock, database, live):
    seen = []
    database.may_answer.clear()
    threads = in_threads(2, lambda: seen.append(live.get()))
    assert database.was_asked.wait(10)
    time.sleep(0.05)  # the other one comes to the lock
    database.may_answer.set()
    for thread in threads:
        thread.join(10)
    assert seen == [1, 1]
    assert database.questions == 1


def test_a_version_read_before_it_was_cleared_is_not_remembered_after(clock, database, live):
    """One thread reads the old version, another publishes a new one and clears: the old answer comes too late."""
    database.may_answer.clear()
    (reader,) = in_threads(1, live.get)
    assert database.was_asked.wait(10)
    database.version = 2
    (publisher,) = in_threads(1, live.clear)
    database.may_answer.set()
    reader.join(10)
    publisher.join(10)
    assert live.get() == 2


def test_a_version_is_compiled_once_and_those_used_last_are_kept():
    compiled = []
    kept = CompiledVersions(lambda key: compiled.append(key) or f"version {key}", size=2)
    assert [kept.get(key) for key in (1, 2, 1)] == ["version 1", "version 2", "version 1"]
    assert compiled == [1, 2]
    kept.get(3)
    assert set(kept.values()) == {"version 1", "version 3"}
    kept.clear()
    assert kept.values() == ()
    kept.get(1)
    assert compiled == [1, 2, 3, 1]


def test_two_threads_compile_a_version_once(database):
    kept = CompiledVersions(lambda key: database.read(), size=2)
    database.may_answer.clear()
    threads = in_threads(2, lambda: kept.get(1))
    assert database.was_asked.wait(10)
    time.sleep(0.05)  # the other one comes to the lock
    database.may_answer.set()
    for thread in threads:
        thread.join(10)
    assert database.questions == 1


# What is live


def publish_other_rules():
    content = build_rules_snapshot() | {"rules": []}
    RuleSetVersion.objects.create(number=4, snapshot=content, created_at=NOW)


def publish_other_service_levels():
    SLAVersion.objects.create(number=1, snapshot={"calendars": [], "policies": []}, created_at=NOW)


@pytest.mark.parametrize(
    ("get", "clear", "publish_elsewhere"),
    [
        (rule_versions.live_rules, rule_versions.clear_rules_cache, publish_other_rules),
        (
            service_level_versions.live_service_levels,
            service_level_versions.clear_service_levels_cache,
            publish_other_service_levels,
        ),
    ],
)
def test_rules_and_service_levels_follow_another_process(
    company, clock, django_assert_num_queries, get, clear, publish_elsewhere
):
    clear()
    before = get()
    clock[0] += 0.9
    with django_assert_num_queries(0):
        assert get() is before
    clock[0] += 0.2
    with django_assert_num_queries(1):
        assert get() is before
    publish_elsewhere()
    assert get() is before
    clock[0] += 1.1
    assert get() is not before


def test_clearing_makes_each_read_its_version_anew(company):
    publish_other_service_levels()
    for get, clear in (
        (rule_versions.live_rules, rule_versions.clear_rules_cache),
        (service_level_versions.live_service_levels, service_level_versions.clear_service_levels_cache),
    ):
        clear()
        before = get()
        assert get() is before
        clear()
        assert get() is not before
