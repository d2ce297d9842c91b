"""Bench of the boards of reports: several periods and numbers of clients, against a bare page of the same run."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

from django.urls import reverse
from django.utils import timezone

from accounts.models import Department, Membership, Role, User
from config.bench.child import run_in_child
from config.bench.pages import count_statements, session_cookie, sign_in_agents
from config.bench.scratch import Scratch
from config.bench.web import median, percentile, serve_web, time_requests
from reports.dashboards.boards import BOARDS

#: The periods of the page of responses; the other boards are measured over the first two.
PERIODS = ("last-8-weeks", "last-52-weeks", "last-12-months")
#: Requests of a round, for each board and period, and for the bare page. With many boards more take an hour at full size.
REQUESTS = 32
_FLOOR = "/floor/bare/"


def measure(
    scratch: Scratch, cases: int, options: dict[str, Any], say: Callable[[str], None]
) -> dict[str, Any]:
    """Run the bench from outside the web processes.

    The roll-ups are built before, and that is timed, too.
    """
    started = time.monotonic()
    scratch.run_command(cases, "rollups", *(["--json"] if options["json"] else []))
    built = time.monotonic() - started
    plan = run_in_child(scratch, cases, options)
    measured: dict[str, Any] = {}
    with serve_web(scratch.environment(cases)) as ports:
        for clients in (1, options["clients"]):
            cookies = plan["cookies"][:clients]
            rounds = [_measure_round(ports, cookies, say) for _ in range(options["rounds"])]
            for name in rounds[0]:
                measured[f"{name}_{clients}"] = round(median([one_round[name] for one_round in rounds]), 2)
            say(
                ", ".join(
                    f"{name} {value}" for name, value in measured.items() if name.endswith(f"_{clients}")
                )
            )
    return {
        "bench": "dashboard", "rows": cases, "clients": options["clients"], **measured, **plan["exact"],
        "statements": plan["statements"], "build_s": round(built, 1), "rounds": options["rounds"], "cpus": os.cpu_count(),
    }  # fmt: skip


def _measure_round(ports: list[int], cookies: list[str], say: Callable[[str], None]) -> dict[str, float]:
    for path in (_FLOOR, *PATHS.values()):
        time_requests(ports, [path], cookies, len(cookies) * 2)
    bare = percentile(time_requests(ports, [_FLOOR], cookies, REQUESTS), 0.95)
    figures = {"floor_p95_ms": bare}
    for name, path in PATHS.items():
        took = time_requests(ports, [path], cookies, REQUESTS)
        figures[f"p95_ms_{name}"] = percentile(took, 0.95)
        figures[f"ratio_{name}"] = percentile(took, 0.95) / bare
        say(f"{name}: {len(cookies)} clients, {figures[f'ratio_{name}']:.1f} times a bare page")
    return figures


def _list_paths() -> dict[str, str]:
    """Return the addresses by the name of their figures; a new board comes of itself."""
    paths = {}
    for board in BOARDS.values():
        periods = PERIODS if board.name == "response" else PERIODS[:2]
        for period in periods:
            name = f"{board.name}_{period.removeprefix('last-')}".replace("-", "_")
            paths[name] = f"{reverse(board.url_name)}?period={period}"
    return paths


PATHS = _list_paths()


def plan_requests(clients: int, rounds: int) -> dict[str, Any]:
    """Return the people who ask, and how long exact numbers take.

    A manager of three departments, an administrator, and agents.
    """
    people = [_create_manager(), _create_administrator()]
    cookies = [session_cookie(user) for user in people] + [cookie for cookie, _ in sign_in_agents(clients)]
    return {
        "cookies": cookies[:clients],
        "statements": {name: count_statements(path, people[0]) for name, path in PATHS.items()},
        "exact": _time_exact(people[1], rounds),
    }


def _create_manager() -> User:
    user, is_new = User.objects.get_or_create(
        username="bench-manager", defaults={"email": "manager@example.com", "role": Role.MANAGER}
    )
    if is_new:
        departments = Department.objects.filter(slug__in=("service", "billing", "sales"))
        Membership.objects.bulk_create(
            Membership(user=user, department=department) for department in departments
        )
    return user


def _create_administrator() -> User:
    return User.objects.get_or_create(
        username="bench-administrator",
        defaults={"email": "administrator@example.com", "role": Role.ADMINISTRATOR},
    )[0]


def _time_exact(user: User, rounds: int) -> dict[str, float]:
    """Time the numbers of 30 days: from facts, filtered, and from rows."""
    from reports.filters import Filters
    from reports.measures import exchanges, first_responses
    from reports.periods import read_period
    from reports.rollups import responses
    from routing.models import Priority
    from wording.times import company_zone

    now = timezone.now()
    period = read_period({"period": "last-30-days"}, now, company_zone())
    took: dict[str, list[float]] = {"exact_30_days_ms": [], "filtered_30_days_ms": [], "rows_30_days_ms": []}
    of_facts, every = Filters(), Filters(priorities=tuple(Priority.values))
    for _ in range(rounds):
        for name, module_of_rate, module_of_first, filters in (
            ("exact_30_days_ms", responses, responses, of_facts),
            ("filtered_30_days_ms", responses, responses, every),
            ("rows_30_days_ms", exchanges, first_responses, of_facts),
        ):
            started = time.perf_counter()
            module_of_rate.response_cohorts(user, period, filters, promised=now - now, now=now)
            module_of_first.first_response_times(user, period, filters, now=now)
            took[name].append((time.perf_counter() - started) * 1000)
    return {name: round(median(values), 1) for name, values in took.items()}
