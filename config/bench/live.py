"""Bench of the live stream: from the commit of a change to bytes on every open page, against a bare stream."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.test import Client
from django.utils import timezone

from accounts.models import Role, User
from config.bench.web import median, percentile, serve_web
from inbox.live.publish import CaseChange, publish_cases_on_commit
from inbox.models import Case

#: Changes per round, and the seconds between them: too far apart to be sent as one event.
CHANGES, SECONDS_APART = 10, 0.7
FLOOR = "config.bench.floors.live:application"


def measure(options: dict[str, Any], say: Callable[[str], None]) -> dict[str, Any]:
    """Measure floor and product in turn.

    Latencies are in milliseconds, over all listeners and changes.
    """
    cookie, cases = _sign_in_reader(), list(Case.objects.open().filter(visibility="public")[:CHANGES])
    listeners, rounds, lost = options["listeners"], [], 0
    environment = dict(os.environ)
    with serve_web(environment) as ports, serve_web(environment, FLOOR) as floor_ports:
        for number in range(options["rounds"]):
            floor, _ = asyncio.run(_measure_listeners(floor_ports, "", listeners, cases))
            product, missing = asyncio.run(_measure_listeners(ports, cookie, listeners, cases))
            lost += missing
            rounds.append(_round_figures(floor, product))
            say(f"round {number + 1}: {rounds[-1]}, lost {missing}")
    middle = {key: round(median([figures[key] for figures in rounds]), 2) for key in rounds[0]}
    return {"bench": "live", "listeners": listeners, **middle, "lost": lost, "rounds": len(rounds)}


def _round_figures(floor: list[float], product: list[float]) -> dict[str, float]:
    figures = {f"p{share}_ms": round(percentile(product, share / 100), 2) for share in (50, 95, 99)}
    floor_p95 = round(percentile(floor, 0.95), 2)
    return {**figures, "floor_p95_ms": floor_p95, "floor_ratio": round(figures["p95_ms"] / floor_p95, 2)}


def _sign_in_reader() -> str:
    user, _ = User.objects.get_or_create(
        username="reader", defaults={"email": "reader@example.com", "role": Role.ADMINISTRATOR}
    )
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return f"sessionid={client.cookies['sessionid'].value}"


async def _open_stream(port: int, cookie: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Open a live stream and wait for its first event."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(
        b"GET /live/ HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n"
        + (f"Cookie: {cookie}\r\n" if cookie else "").encode()
        + b"\r\n"
    )
    status = await reader.readline()
    if b" 200 " not in status:
        raise SystemExit(f"The live stream answered {status.decode().strip()}")
    await reader.readuntil(b"\n\n")
    return reader, writer


async def _measure_listeners(
    ports: list[int], cookie: str, listeners: int, cases: list[Case]
) -> tuple[list[float], int]:
    """Open the streams and commit the changes one by one.

    Returns the latencies in milliseconds over all listeners and changes, and how many changes were missed.
    """
    heard: list[list[float]] = [[] for _ in range(listeners)]
    opened = asyncio.Semaphore(50)
    ready = asyncio.Event()
    waiting = [listeners]

    async def page(number: int) -> None:
        async with opened:
            reader, writer = await _open_stream(ports[number % len(ports)], cookie)
        waiting[0] -= 1
        if not waiting[0]:
            ready.set()
        try:
            while line := await reader.readline():
                if line.startswith(b"event: cases"):
                    heard[number].append(time.monotonic())
        finally:
            writer.close()

    pages = [asyncio.create_task(page(number)) for number in range(listeners)]
    await asyncio.wait_for(ready.wait(), 60)
    await asyncio.sleep(1.5)
    commits = []
    for case in cases:
        commits.append(await asyncio.to_thread(_commit_change, case))
        await asyncio.sleep(SECONDS_APART)
    for task in pages:
        task.cancel()
    await asyncio.gather(*pages, return_exceptions=True)
    return _latencies(heard, commits)


def _latencies(heard: list[list[float]], commits: list[float]) -> tuple[list[float], int]:
    took, missing = [], 0
    for times in heard:
        for commit in commits:
            after = next((at for at in times if at >= commit), None)
            if after is None or after - commit > SECONDS_APART:
                missing += 1
            else:
                took.append((after - commit) * 1000)
    return took, missing


def _commit_change(case: Case) -> float:
    """Commit a change of the case; returns the moment of the commit (monotonic seconds)."""
    with transaction.atomic():
        Case.objects.filter(pk=case.pk).update(activity_at=timezone.now())
        transaction.on_commit(lambda: committed.append(time.monotonic()))
        change = CaseChange(case.pk, case.department_id, case.brand_account_id, case.visibility)
        committed: list[float] = []
        publish_cases_on_commit([change])
    return committed[0]
