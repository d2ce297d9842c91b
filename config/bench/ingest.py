"""Bench of ingest: from pages on the wire to routed cases, in one process, against raw psycopg."""

from __future__ import annotations

import dataclasses
import datetime as dt
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import BrandAccount, Department, Stream
from config.bench.fill import DEPARTMENTS
from config.bench.floors import ingest as ingest_floor
from config.bench.web import median
from config.bench.wire import BRAND_ID, PAGE_COUNT, PAGE_SIZE
from config.embedded.data_folder import CHECKOUT
from config.garbage_collection import freeze_loaded_objects
from inbox.ingest.page import store_page
from networks.base import Connector, Credentials, PollResult
from networks.registry import build_connector
from reports.rollups.refreshing import refresh_for
from routing.models import Rule, SLAVersion
from routing.rules import versions
from routing.service_levels.editing import install_starter_service_levels
from routing.service_levels.starter import starter_calendars, starter_policies

RULES = 50
#: Seconds in which everything that changed is refreshed.
_LONG = 600.0
SECRETS = dict.fromkeys(("consumer_key", "consumer_secret", "access_token", "access_token_secret"), "bench")


def measure(options: dict[str, Any], say: Callable[[str], None]) -> dict[str, Any]:
    """Measure floor and product in turn, on one growing database."""
    stream = prepare_stream()
    pages = max(options["messages"] // PAGE_SIZE, PAGE_COUNT)
    rounds = []
    with serve_wire() as port:
        network = build_connector(Credentials("x", BRAND_ID, SECRETS), api_url=f"http://127.0.0.1:{port}")
        _measure_product(network, stream, PAGE_COUNT)
        _measure_floor(port, stream, PAGE_COUNT)
        with connection.cursor() as cursor:
            # Autovacuum would do this within a minute; until then Postgres plans for empty tables.
            cursor.execute("ANALYZE")
        # The worker processes that ingest do the same.
        freeze_loaded_objects()
        for number in range(options["rounds"]):
            floor = _measure_floor(port, stream, pages)
            refresh_for(_LONG)
            product, refresh = _measure_product(network, stream, pages), _measure_refresh(pages)
            rounds.append(
                {
                    "messages_per_s": product.rate, "floor_messages_per_s": floor.rate,
                    "floor_ratio": product.rate / floor.rate,
                    "processor_us": product.processor_us, "floor_processor_us": floor.processor_us,
                    "processor_ratio": floor.processor_us / product.processor_us,
                    "refresh_messages_per_s": refresh.rate, "refresh_processor_us": refresh.processor_us,
                    "refresh_share": refresh.processor_us / product.processor_us,
                }
            )  # fmt: skip
            say(
                f"round {number + 1}: " + ", ".join(f"{key} {value:.2f}" for key, value in rounds[-1].items())
            )
        of_one, of_hundred = _count_statements(network, stream)
    middle = {key: round(median([one_round[key] for one_round in rounds]), 2) for key in rounds[0]}
    return {
        "bench": "ingest", **middle, "statements_per_page": of_hundred, "statements_per_page_of_one": of_one,
        "messages": pages * PAGE_SIZE * len(rounds), "rules": Rule.objects.filter(enabled=True).count(),
        "rounds": len(rounds),
    }  # fmt: skip


def prepare_stream() -> Stream:
    """Return a stream of mentions whose messages are routed by fifty rules."""
    now = timezone.now()
    departments = {
        slug: Department.objects.get_or_create(slug=slug, defaults={"name": slug.title(), "position": n})[0]
        for n, slug in enumerate(DEPARTMENTS)
    }
    if not Rule.objects.exists():
        versions.install_starter_rules(departments, "service", now=now)
    if not SLAVersion.objects.exists():
        install_starter_service_levels(starter_calendars("Europe/Berlin"), starter_policies(), {}, None, now)
    _pad_rules(departments["service"])
    versions.publish_rules(None, "bench", now)
    versions.clear_rules_cache()
    connected = now.replace(year=2020)
    brand, _ = BrandAccount.objects.update_or_create(
        network="x", remote_id=BRAND_ID, defaults={"handle": "brand1", "connected_at": connected}
    )
    stream, _ = Stream.objects.get_or_create(
        brand_account=brand, kind="mentions", defaults={"next_poll_at": now}
    )
    return stream


def _pad_rules(department: Department) -> None:
    """Leave exactly `RULES` rules enabled.

    The starter rules, and word rules of the same kind up to that number.
    """
    for extra in Rule.objects.filter(enabled=True)[RULES:]:
        Rule.objects.filter(pk=extra.pk).update(enabled=False)
    have = Rule.objects.filter(enabled=True).count()
    Rule.objects.bulk_create(
        Rule(
            key=uuid.uuid4(), position=1000 + n, name=f"Padding {n}", department=department,
            condition={"any": [{"field": "words", "any": [f"padding {n} {m}" for m in range(12)]}]},
        )
        for n in range(RULES - have)
    )  # fmt: skip


@contextmanager
def serve_wire() -> Iterator[int]:
    """Serve pages of mentions from another process; its port."""
    command = [sys.executable, "-m", "config.bench.wire"]
    with subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield int(process.stdout.readline() if process.stdout else 0)
        finally:
            process.terminate()


class _Speed(NamedTuple):
    """Messages per second, and the processor time of one message in microseconds, that of Postgres included."""

    rate: float
    processor_us: float


def _measure_floor(port: int, stream: Stream, pages: int) -> _Speed:
    dsn = {**connection.get_connection_params()}
    dsn = {key: dsn[key] for key in ("dbname", "user", "password", "host", "port") if dsn.get(key)}
    service = Department.objects.get(slug="service")
    ids = {"brand": stream.brand_account_id, "department": service.pk, "stream": stream.pk}
    tokens = [f"p{number % PAGE_COUNT}" for number in range(pages)]
    started = time.perf_counter()
    messages, seconds = ingest_floor.fetch_and_store_pages(port, dsn, ids, tokens, timezone.now())
    return _Speed(messages / (time.perf_counter() - started), 1e6 * seconds / messages)


def _measure_product(network: Connector, stream: Stream, pages: int) -> _Speed:
    token = lease_stream(stream)
    cursor: Any = {}
    backend = connection.connection.info.backend_pid
    messages, started = 0, time.perf_counter()
    began = ingest_floor.read_processor_seconds(backend)
    for _ in range(pages):
        page = network.poll("mentions", cursor, PAGE_SIZE)
        messages += store_page(stream, token, page, timezone.now()).stored
        cursor = page.next_cursor
    seconds = ingest_floor.read_processor_seconds(backend) - began
    return _Speed(messages / (time.perf_counter() - started), 1e6 * seconds / messages)


def _measure_refresh(pages: int) -> _Speed:
    """Refresh what reports keep of the messages that were just stored."""
    backend = connection.connection.info.backend_pid
    started, began = time.perf_counter(), ingest_floor.read_processor_seconds(backend)
    refresh_for(_LONG)
    seconds = ingest_floor.read_processor_seconds(backend) - began
    messages = pages * PAGE_SIZE
    return _Speed(messages / (time.perf_counter() - started), 1e6 * seconds / messages)


def lease_stream(stream: Stream) -> uuid.UUID:
    """Lease a stream for an hour; return the token."""
    token = uuid.uuid4()
    until = timezone.now() + dt.timedelta(hours=1)
    Stream.objects.filter(pk=stream.pk).update(lease_token=token, lease_until=until)
    stream.refresh_from_db()
    return token


def _count_statements(network: Connector, stream: Stream) -> tuple[int, int]:
    """Count the SQL statements of two pages.

    The first page has one message, the second a hundred. BEGIN and COMMIT are included.
    """
    token = lease_stream(stream)

    def count(page: PollResult) -> int:
        # Check for a newer rule-set version now: it is due every few seconds, not once a page.
        versions.live_rules()
        with CaptureQueriesContext(connection) as captured:
            store_page(stream, token, page, timezone.now())
        return len(captured)

    page = network.poll("mentions", {}, PAGE_SIZE)
    other = network.poll("mentions", {}, PAGE_SIZE)
    return count(dataclasses.replace(page, messages=page.messages[:1])), count(other)
