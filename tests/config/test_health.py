"""What a load balancer is told."""

from __future__ import annotations

import datetime as dt
import os

import pytest
import redis
from django.conf import settings
from django.utils import timezone

from accounts.models import Health
from config.health import WORKER_KEY_PREFIX, readiness
from tests.factories import BrandAccountFactory, StreamFactory

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def workers():
    """A worker for every queue, as Celery's heart reports them."""
    client = redis.Redis.from_url(settings.REDIS_URL)
    key = f"{WORKER_KEY_PREFIX}{os.getpid()}@test"
    client.set(key, "default,poll,send", ex=60)
    yield client
    client.delete(key)


def test_alive_needs_nothing(client):
    response = client.get("/healthz", headers={"host": "a-name-nobody-configured"})

    assert (response.status_code, response.content) == (200, b"ok\n")


def test_ready_when_database_broker_and_workers_are(client, workers):
    StreamFactory(next_poll_at=timezone.now())

    response = client.get("/readyz")

    assert response.status_code == 200
    body = response.json()
    assert (body["database"], body["broker"]) == ("ok", "ok")
    assert body["streams"]["oldest_unpolled_seconds"] < 60


def test_not_ready_without_a_worker_that_sends(client, workers):
    workers.set(f"{WORKER_KEY_PREFIX}{os.getpid()}@test", "poll", ex=60)

    response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json()["workers"]["send"] == 0


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

    response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json()["broker"].startswith("failed")
