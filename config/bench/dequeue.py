"""Bench of "take next": several agents take cases from one queue at once.

It measures takes a second, and whether any case was taken twice. The floor is the same queue emptied by bare
SKIP LOCKED statements, without history, custody or live updates; a trigger keeps the counts in both.
"""

from __future__ import annotations

import multiprocessing
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.synchronize import Barrier
from typing import Any

import django
from django.db import connection
from django.utils import timezone

AGENTS, CASES = 8, 2_000
#: Takes of each agent before the first round.
WARM_UP_TAKES = 10
#: Set in each agent's process: all agents wait here for one another.
_all_ready: Barrier

_FREE_CASES = """
UPDATE inbox_case SET assignee_id = NULL, version = 1, status = 'new' WHERE id IN (
  SELECT id FROM inbox_case WHERE closed_at IS NULL AND NOT historical AND waiting_since IS NOT NULL AND department_id = %s
  ORDER BY id LIMIT %s)
"""
_TAKE_CASE = """
UPDATE inbox_case SET assignee_id = %s, version = version + 1 WHERE id = (
  SELECT id FROM inbox_case WHERE department_id = %s AND closed_at IS NULL AND assignee_id IS NULL
    AND waiting_since IS NOT NULL AND NOT historical
  ORDER BY priority DESC, waiting_since, id LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED)
RETURNING id
"""


def measure(options: dict[str, Any], say: Callable[[str], None]) -> dict[str, Any]:
    """Measure floor and product in turn.

    In each round every agent takes cases until the round's cases are gone.
    """
    from accounts.models import Membership, Role

    memberships = Membership.objects.filter(user__role=Role.AGENT).order_by("department_id", "user_id")
    department = memberships.values_list("department_id", flat=True)[0]
    agents = list(memberships.filter(department=department).values_list("user_id", flat=True)[:AGENTS])
    each = CASES // len(agents)
    floor: list[float] = []
    product: list[float] = []
    took: list[float] = []
    twice = 0
    # Forked children would share this process's database connection, and close it.
    spawn = multiprocessing.get_context("spawn")
    ready = spawn.Barrier(len(agents))
    with ProcessPoolExecutor(len(agents), spawn, initializer=_start_agent_process, initargs=(ready,)) as pool:
        _prepare_cases(department)
        list(pool.map(_warm_up, agents, [department] * len(agents)))
        for round_number in range(options["rounds"]):
            for figures, work in ((floor, _take_by_floor), (product, _take_by_product)):
                _prepare_cases(department)
                started = time.monotonic()
                parts = list(pool.map(work, agents, [department] * len(agents), [each] * len(agents)))
                seconds = time.monotonic() - started
                case_ids = [pk for part, _ in parts for pk in part]
                figures.append(len(case_ids) / seconds)
                if work is _take_by_product:
                    twice += len(case_ids) - len(set(case_ids))
                    took += [seconds_of_take for _, times in parts for seconds_of_take in times]
            say(f"round {round_number + 1}: floor {floor[-1]:.0f}/s, take next {product[-1]:.0f}/s")
    return {
        "bench": "dequeue",
        "agents": len(agents),
        **_summarise(floor, product, took),
        "taken_twice": twice,
    }


def _summarise(floor: list[float], product: list[float], took: list[float]) -> dict[str, Any]:
    """Return the figures that the bench prints.

    `floor` and `product` hold the takes a second of each round, `took` the seconds of each take.
    """
    took = sorted(took)
    return {
        "per_s": round(statistics.median(product)),
        "floor_per_s": round(statistics.median(floor)),
        "floor_ratio": round(statistics.median(p / f for p, f in zip(product, floor, strict=True)), 3),
        "p50_ms": round(1000 * took[len(took) // 2], 2),
        "p95_ms": round(1000 * took[int(len(took) * 0.95)], 2),
    }


def _prepare_cases(department: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE inbox_case SET assignee_id = %s WHERE department_id = %s AND assignee_id IS NULL "
                       "AND closed_at IS NULL", [_first_user_id(), department])  # fmt: skip
        cursor.execute(_FREE_CASES, [department, CASES])
        cursor.execute("DELETE FROM inbox_casecount WHERE delta = 0")
        cursor.execute("VACUUM ANALYZE inbox_case")


def _first_user_id() -> int:
    from accounts.models import User

    return User.objects.order_by("pk").values_list("pk", flat=True)[0]


def _start_agent_process(ready: Barrier) -> None:
    global _all_ready
    django.setup()
    _all_ready = ready


def _warm_up(agent: int, department: int) -> None:
    """Load code, connect and plan statements before anything is timed."""
    _all_ready.wait()
    _take_by_product(agent, department, WARM_UP_TAKES)
    _take_by_floor(agent, department, WARM_UP_TAKES)
    _all_ready.wait()


def _take_by_floor(agent: int, department: int, most: int) -> tuple[list[int], list[float]]:
    case_ids: list[int] = []
    with connection.cursor() as cursor:
        while len(case_ids) < most:
            cursor.execute(_TAKE_CASE, [agent, department])
            row = cursor.fetchone()
            if row is None:
                break
            case_ids.append(row[0])
    return case_ids, []


def _take_by_product(agent: int, department: int, most: int) -> tuple[list[int], list[float]]:
    from accounts.models import User
    from inbox.assignment.take_next import take_next_case

    me = User.objects.get(pk=agent)
    case_ids: list[int] = []
    times: list[float] = []
    while len(case_ids) < most:
        started = time.monotonic()
        case = take_next_case(me, now=timezone.now())
        if case is None:
            break
        times.append(time.monotonic() - started)
        case_ids.append(case.pk)
    return case_ids, times
