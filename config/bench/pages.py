"""Benches of pages: queue, case and search, each against its floor, on a full and on a small database."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Membership, User
from config.bench.child import run_in_child
from config.bench.scratch import Scratch
from config.bench.web import median, percentile, serve_web, time_requests
from config.bench.words import vocabulary

Say = Callable[[str], None]
#: Requests per round, for the product and for the floor each.
REQUESTS = 240


def sign_in_agents(count: int) -> list[tuple[str, User]]:
    """Sign agents in; return the Cookie header and user of each.

    Several agents share a department, as in a company.
    """
    agents = User.objects.filter(username__startswith="agent").order_by("id")[:count]
    return [(session_cookie(agent), agent) for agent in agents]


def session_cookie(user: User) -> str:
    """Sign a person in; return the Cookie header."""
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return f"sessionid={client.cookies['sessionid'].value}"


def count_statements(path: str, user: User) -> int:
    """Count the SQL statements of one page, session and sign-in included."""
    client = Client(SERVER_NAME="localhost")
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    client.get(path)
    with CaptureQueriesContext(connection) as captured:
        response = client.get(path)
    if response.status_code != 200:
        raise SystemExit(f"{path} answered {response.status_code}")
    return len(captured)


def plan_requests(name: str, clients: int) -> dict[str, Any]:
    """Return the requests to send on the connected database.

    Keys: cookies, paths (of the page), floor (its paths) and statements (the SQL statements of one page).
    """
    who = sign_in_agents(clients)
    departments = dict(
        Membership.objects.filter(user__in=[user for _, user in who]).values_list(
            "user_id", "department__slug"
        )
    )
    if name == "queue":
        paths = [f"/queue/department/{departments[user.pk]}/" for _, user in who]
        floor = ["/floor/queue/"]
    elif name == "case":
        paths = [f"/cases/{_find_long_case(user)}/" for _, user in who]
        floor = [f"/floor{path.replace('/cases/', '/case/')}" for path in paths]
    else:
        queries = search_queries()
        paths = [f"/search/?q={query.replace(' ', '+')}" for query in queries]
        floor = [f"/floor{path}" for path in paths]
    return {
        **(_plan_views(clients) if name == "queue" else {}),
        "cookies": [cookie for cookie, _ in who],
        "paths": paths,
        "floor": floor,
        "statements": count_statements(paths[0], who[0][1]),
    }


def _plan_views(clients: int) -> dict[str, Any]:
    """Return the requests for saved views: of agents who have five each, whom the plain queue is not asked for."""
    from inbox.models import SavedView

    now, who = timezone.now(), sign_in_agents(2 * clients)[clients:]
    paths = []
    for _, user in who:
        department_id = Membership.objects.filter(user=user).values_list("department_id", flat=True)[0]
        views = [
            SavedView.objects.get_or_create(
                owner=user,
                name=name,
                defaults={"kind": "open", "query": query, "created_at": now, "changed_at": now},
            )[0]
            for name, query in (
                ("Here", f"department={department_id}&answer=missing"),
                ("Negative", "tone=negative&sort=due"),
                ("Waiting", "waiting=60&sort=waiting"),
                ("Overdue", "due=over&assignee=nobody"),
                ("Urgent", "priority=2&priority=1"),
            )
        ]
        paths.append(f"/views/{views[0].pk}/")
    statements = count_statements(paths[0], who[0][1])
    return {"view_cookies": [cookie for cookie, _ in who], "views": paths, "view_statements": statements}


def _find_long_case(user: User) -> int:
    from inbox.models import Case

    # `config.bench.fill` gives the newest open public cases thirty messages each.
    case = Case.objects.visible_to(user).open().filter(visibility="public").order_by("-id").first()
    if case is None:
        raise SystemExit("The scratch database holds no open public case for an agent.")
    return case.pk


def search_queries() -> list[str]:
    """Return twenty queries: common, middling and rare words, and pairs."""
    words = vocabulary()
    singles = [words[rank] for rank in (0, 3, 10, 30, 80, 200, 500, 1200, 3000, 6000, 12000, 25000)]
    pairs = [
        f"{words[a]} {words[b]}"
        for a, b in ((0, 5), (2, 40), (8, 300), (20, 900), (60, 2500), (1, 9000), (150, 160), (400, 7000))
    ]
    return singles + pairs


def measure(name: str, scratch: Scratch, cases: int, options: dict[str, Any], say: Say) -> dict[str, Any]:
    """Run one page bench from outside the web processes.

    Each round measures the floor, the product, and the product on 10,000 cases for comparison.
    """
    full = run_in_child(scratch, cases, options)
    small = run_in_child(scratch, 10_000, options)
    rounds: list[dict[str, float]] = []
    with (
        serve_web(scratch.environment(cases)) as ports,
        serve_web(scratch.environment(10_000)) as small_ports,
    ):
        for side, at in ((full, ports), (small, small_ports)):
            time_requests(at, side["paths"], side["cookies"], REQUESTS)
            time_requests(at, side["floor"], side["cookies"], REQUESTS // 2)
        for number in range(options["rounds"]):
            floor = time_requests(ports, full["floor"], full["cookies"], REQUESTS)
            product = time_requests(ports, full["paths"], full["cookies"], REQUESTS)
            less = time_requests(small_ports, small["paths"], small["cookies"], REQUESTS)
            rounds.append(_round_figures(floor, product, less))
            if name == "queue":
                views = time_requests(ports, full["views"], full["view_cookies"], REQUESTS)
                rounds[-1] |= {
                    "view_p50_ms": percentile(views, 0.5),
                    "view_ratio": percentile(views, 0.5) / percentile(product, 0.5),
                }
            say(
                f"round {number + 1}: " + ", ".join(f"{key} {value:.2f}" for key, value in rounds[-1].items())
            )
        alone = _measure_one_client(name, ports, full, options["rounds"]) if name == "search" else {}
    middle = {key: round(median([figures[key] for figures in rounds]), 2) for key in rounds[0]}
    return {
        "bench": name, "rows": cases, "clients": options["clients"], **middle, "statements": full["statements"],
        "rounds": len(rounds), "cpus": os.cpu_count(), **alone,
    }  # fmt: skip


def _round_figures(
    floor: Sequence[float], product: Sequence[float], less: Sequence[float]
) -> dict[str, float]:
    return {
        "p50_ms": percentile(product, 0.5),
        "p95_ms": percentile(product, 0.95),
        "floor_p50_ms": percentile(floor, 0.5),
        "floor_p95_ms": percentile(floor, 0.95),
        "floor_ratio": percentile(product, 0.95) / percentile(floor, 0.95),
        "growth": percentile(product, 0.5) / percentile(less, 0.5),
    }


def _measure_one_client(name: str, ports: Sequence[int], full: dict[str, Any], rounds: int) -> dict[str, Any]:
    """Measure searches of one client, every query in turn.

    The ratio compares the slowest query with the median query.
    """
    by_path: dict[str, list[float]] = {path: [] for path in full["paths"]}
    for _ in range(rounds):
        for path in by_path:
            by_path[path] += time_requests(ports, [path], full["cookies"][:1], 2)
    words = [median(values) for values in by_path.values()]
    everything = [value for values in by_path.values() for value in values]
    return {
        "one_client_p50_ms": round(percentile(everything, 0.5), 2),
        "one_client_p95_ms": round(percentile(everything, 0.95), 2),
        "worst_word_ratio": round(max(words) / median(words), 2),
    }
