"""What a load balancer is told."""

from __future__ import annotations

import datetime as dt
import json
import os
import socket

import pytest
import redis
from django.conf import settings
from django.core.management import call_command
from django.utils import timezone

from accounts.models import Health
from config import celery, worker_alive
from config.celery import app
from config.embedded.data_folder import Home
from config.health import HOST_KEY_PREFIX, QUEUE_KEY_PREFIX, QUEUES, readiness, ready_answer
from config.supervisor import Restarts
from reports.models import ChangedCase
from tests.factories import BrandAccountFactory, StreamFactory

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def workers():
    """A worker for every queue, as Celery's heart reports them."""
    client = redis.Redis.from_url(settings.REDIS_URL)
    keys = [f"{QUEUE_KEY_PREFIX}{queue}" for queue in QUEUES]
    for key in keys:
        client.set(key, os.getpid(), ex=60)
    yield client
    client.delete(*keys)


@pytest.fixture(autouse=True)
def _a_new_answer():
    ready_answer.forget()


def test_alive_needs_nothing(client):
    response = client.get("/healthz", headers={"host": "a-name-nobody-configured"})

    assert (response.status_code, response.content) == (200, b"ok\n")


def test_ready_when_database_broker_and_workers_are(client, workers):
    StreamFactory(next_poll_at=timezone.now())

    response = client.get("/readyz")
    assert (response.status_code, response.json()) == (200, {"ready": True})


def test_strangers_hear_no_more_than_that_something_is_missing(client, workers, caplog):
    workers.delete(f"{QUEUE_KEY_PREFIX}send")
    BrandAccountFactory(health=Health.REAUTHORISE)

    response = client.get("/readyz")

    assert (response.status_code, response.json()) == (503, {"ready": False})
    assert "'send': False" in caplog.text


def test_whoever_runs_the_servers_hears_everything(workers, capsys):
    BrandAccountFactory(health=Health.REAUTHORISE)
    workers.delete(f"{QUEUE_KEY_PREFIX}send")
    with pytest.raises(SystemExit):
        call_command("readiness")
    report = json.loads(capsys.readouterr().out)
    assert (report["database"], report["broker"]) == ("ok", "ok")
    assert report["streams"]["brand_accounts_unwell"] == 1
    assert report["workers"] == {queue: queue != "send" for queue in QUEUES}


def test_the_broker_is_asked_for_no_more_than_the_keys_of_its_queues(workers):
    before = workers.info("commandstats")
    readiness(timezone.now())
    after = workers.info("commandstats")

    assert after.get("cmdstat_scan") == before.get("cmdstat_scan")
    assert after["cmdstat_mget"]["calls"] == before.get("cmdstat_mget", {"calls": 0})["calls"] + 1


def test_asking_often_costs_once_a_second(client, workers, django_assert_num_queries):
    client.get("/readyz")
    with django_assert_num_queries(0):
        for _ in range(5):
            assert client.get("/readyz").status_code == 200


def test_not_ready_when_nobody_polls(workers):
    now = timezone.now()
    StreamFactory(next_poll_at=now - 6 * MINUTE)

    report = readiness(now)

    assert not report["ready"]
    assert report["streams"]["oldest_unpolled_seconds"] == 360.0


def test_a_stream_that_waits_for_a_person_does_not_count(workers):
    now = timezone.now()
    held = BrandAccountFactory(health=Health.REAUTHORISE)
    StreamFactory(brand_account=held, next_poll_at=now - 60 * MINUTE)

    report = readiness(now)

    assert report["ready"]
    assert report["streams"]["brand_accounts_unwell"] == 1


def test_not_ready_without_a_broker(client, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    assert client.get("/readyz").status_code == 503
    assert readiness(timezone.now())["broker"].startswith("failed")


def test_a_worker_says_which_queues_it_serves_and_that_its_host_has_one(monkeypatch):
    client = redis.Redis.from_url(settings.REDIS_URL)
    keys = [f"{QUEUE_KEY_PREFIX}poll", f"{HOST_KEY_PREFIX}{socket.gethostname()}"]
    client.delete(*keys)
    assert worker_alive.main() == 1
    monkeypatch.setattr(type(app.amqp.queues), "consume_from", property(lambda _: {"poll": None}))

    celery._report_alive()

    assert [0 < client.ttl(key) <= 15 for key in keys] == [True, True]
    assert worker_alive.main() == 0
    client.delete(*keys)


@pytest.mark.parametrize(("times", "ready"), [(4, True), (5, False)])
def test_a_process_that_keeps_dying_makes_the_installation_unready(
    client, workers, tmp_path, monkeypatch, caplog, times, ready
):
    monkeypatch.setenv("HORSESHOE_HOME", str(tmp_path))
    Home.from_environment().note_restarts({"beat": Restarts(times, "ended with status 1", 8.0)})
    response = client.get("/readyz")
    assert (response.status_code == 200, response.json()) == (ready, {"ready": ready})
    assert ready or f"'beat': {{'times': {times}, 'how': 'ended with status 1'" in caplog.text


def test_no_note_and_a_broken_note_say_nothing(tmp_path):
    home = Home(tmp_path)
    assert home.read_restarts() == {}
    home.note_restarts({"beat": Restarts(2, "ended with status 1", 1.0)})
    assert home.read_restarts() == {"beat": {"times": 2, "how": "ended with status 1", "pause": 1.0}}
    home.note_restarts({})
    assert home.read_restarts() == {}
    (tmp_path / "restarts.json").write_text("{")
    assert home.read_restarts() == {}


def test_says_how_far_reports_are_behind(workers):
    now = timezone.now()
    ChangedCase.objects.create(case_id=1, at=now - 2 * MINUTE)

    report = readiness(now)

    assert report["ready"]
    assert report["streams"]["reports_behind_seconds"] == 120.0
