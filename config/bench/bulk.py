"""Bench of an act on many cases: ten thousand are resolved while messages come in, then the act is undone.

The floor closes the same cases by one UPDATE and writes their events by one INSERT, without rights, custody, clocks,
progress or a way back; a trigger keeps the counts in both.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from multiprocessing.synchronize import Event
from typing import Any

import django
from django.db import connection, transaction
from django.utils import timezone

from config.bench.web import median

CASES = 10_000
#: Seconds in which messages come in alone, for comparison.
ALONE_SECONDS = 8.0
_CLOSE = """
UPDATE inbox_case SET status = 'resolved', closed_at = %(now)s, waiting_since = NULL, version = version + 1
WHERE id = ANY(%(ids)s)
"""
_RECORD = """
INSERT INTO inbox_caseevent (case_id, at, verb, data) SELECT id, %(now)s, 'resolved', '{"version": 2}' FROM unnest(%(ids)s::bigint[]) AS c(id)
"""
_REOPEN = "UPDATE inbox_case SET status = 'open', closed_at = NULL, waiting_since = opened_at WHERE id = ANY(%(ids)s)"
#: In the process that stores messages: it says that it has begun, and does so until it is enough.
_begun: Event
_enough: Event


def measure(options: dict[str, Any], say: Callable[[str], None]) -> dict[str, Any]:
    """Measure floor, intake alone and the act with intake, in turn."""
    from accounts.models import BrandAccount, BrandAccountGrant, Role, User
    from config.bench.ingest import prepare_stream
    from inbox.models import Case

    person, _ = User.objects.get_or_create(username="bulk", defaults={"role": Role.COMMUNITY})
    for brand in BrandAccount.objects.all():
        BrandAccountGrant.objects.get_or_create(user=person, brand_account=brand)
    ids = list(Case.objects.visible_to(person).open().order_by("pk").values_list("pk", flat=True)[:CASES])
    stream_id = prepare_stream().pk
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    spawn = multiprocessing.get_context("spawn")
    begun, enough = spawn.Event(), spawn.Event()
    rounds = []
    with ProcessPoolExecutor(1, spawn, initializer=_start_intake, initargs=(begun, enough)) as pool:
        for number in range(options["rounds"]):
            rounds.append(_measure_round(pool, begun, enough, stream_id, person.pk, ids))
            say(
                f"round {number + 1}: " + ", ".join(f"{key} {value:.2f}" for key, value in rounds[-1].items())
            )
    middle = {key: round(median([each[key] for each in rounds]), 2) for key in rounds[0]}
    return {"bench": "bulk", "cases": len(ids), **middle, "rounds": len(rounds)}


def _measure_round(
    pool: ProcessPoolExecutor, begun: Event, enough: Event, stream_id: int, person_id: int, ids: list[int]
) -> dict[str, float]:
    floor = _measure_floor(ids)
    with _intake(pool, begun, enough, stream_id) as alone:
        time.sleep(ALONE_SECONDS)
    with _intake(pool, begun, enough, stream_id) as beside:
        act_id, product = _measure_act(person_id, ids)
    intake_alone, intake_beside = alone.result(), beside.result()
    return {
        "seconds": product, "floor_seconds": floor, "floor_ratio": product / floor, "undo_seconds": _measure_undo(act_id),
        "intake_per_s": intake_beside, "intake_alone_per_s": intake_alone, "intake_share": intake_beside / intake_alone,
    }  # fmt: skip


@contextmanager
def _intake(
    pool: ProcessPoolExecutor, begun: Event, enough: Event, stream_id: int
) -> Iterator[Future[float]]:
    """Let another process store messages meanwhile."""
    begun.clear()
    enough.clear()
    taking = pool.submit(_take_in, stream_id)
    begun.wait(120)
    yield taking
    enough.set()
    wait([taking])


def _measure_floor(ids: list[int]) -> float:
    started = time.monotonic()
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in (_CLOSE, _RECORD):
            cursor.execute(statement, {"ids": ids, "now": timezone.now()})
    seconds = time.monotonic() - started
    with connection.cursor() as cursor:
        cursor.execute(_REOPEN, {"ids": ids})
        cursor.execute("VACUUM ANALYZE inbox_case")
    return seconds


def _measure_act(person_id: int, ids: list[int]) -> tuple[int, float]:
    from accounts.models import User
    from inbox.bulk import acts, work
    from inbox.models import BulkVerb

    started = time.monotonic()
    person = User.objects.get(pk=person_id)
    act = acts.begin_act(person, BulkVerb.RESOLVE, {}, acts.Chosen(ids), timezone.now())
    while work.work_on_act(act.pk):
        pass
    seconds = time.monotonic() - started
    act.refresh_from_db()
    if act.done != len(ids):
        raise RuntimeError(f"{act.done} of {len(ids)} cases were resolved.")
    return act.pk, seconds


def _measure_undo(act_id: int) -> float:
    from inbox.bulk import acts, work
    from inbox.models import BulkAct

    act = BulkAct.objects.get(pk=act_id)
    started = time.monotonic()
    acts.begin_undo(act, timezone.now())
    while work.work_on_act(act_id):
        pass
    seconds = time.monotonic() - started
    act.refresh_from_db()
    if act.undone != act.done:
        raise RuntimeError(f"{act.undone} of {act.done} cases were put back.")
    return seconds


def _start_intake(begun: Event, enough: Event) -> None:
    global _begun, _enough
    django.setup()
    _begun, _enough = begun, enough


def _take_in(stream_id: int) -> float:
    """Store messages until it is enough; return how many a second."""
    from accounts.models import Stream
    from config.bench.ingest import SECRETS, lease_stream, serve_wire
    from config.bench.wire import BRAND_ID, PAGE_SIZE
    from inbox.ingest.page import store_page
    from networks.base import Credentials
    from networks.registry import build_connector

    stream = Stream.objects.get(pk=stream_id)
    token, messages = lease_stream(stream), 0
    cursor: Any = {}
    with serve_wire() as port:
        network = build_connector(Credentials("x", BRAND_ID, SECRETS), api_url=f"http://127.0.0.1:{port}")
        started = time.monotonic()
        _begun.set()
        while not _enough.is_set():
            page = network.poll("mentions", cursor, PAGE_SIZE)
            messages += store_page(stream, token, page, timezone.now()).stored
            cursor = page.next_cursor
        return messages / (time.monotonic() - started)
