"""The list of benches, and their two parts.

The outer part starts servers and fills databases; the inner part works on one database in a child process.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from config.bench.child import run_in_child
from config.bench.scratch import open_scratch
from config.embedded.data_folder import Home

BENCHES = (
    "ingest",
    "queue",
    "case",
    "search",
    "live",
    "dequeue",
    "bulk",
    "reading",
    "sla",
    "rules",
    "preview",
    "dashboard",
)
_WITHOUT_DATABASE = ("reading", "sla", "rules")
#: Default numbers of cases of the benches that run only in a child process.
_CASES = {"preview": 0, "ingest": 0, "dequeue": 100_000, "bulk": 60_000, "live": 10_000}
MILLION = 1_000_000
Say = Callable[[str], None]


def run_outside(options: dict[str, Any], say: Say) -> dict[str, Any] | None:
    """Run a bench; returns the JSON object to print last, None for `drop`."""
    name, cases = options["name"], options["cases"]
    if name == "drop":
        shutil.rmtree(Path(Home.from_environment().path) / "bench", ignore_errors=True)
        say("The scratch database is gone.")
        return None
    if name in _WITHOUT_DATABASE:
        measured: dict[str, Any] = import_module(f"config.bench.{name}").measure(options, say)
        return measured
    with open_scratch(keep=name == "load") as space:
        if name in _CASES:
            case_count = cases or _CASES[name]
            space.fill(case_count)
            return run_in_child(space, case_count, options)
        cases = cases or MILLION
        if name not in ("load", "dashboard"):
            space.fill(10_000)
        space.fill(cases)
        if name == "load":
            return {"bench": "load", "rows": cases}
        from config.bench import dashboard, pages

        if name == "dashboard":
            return dashboard.measure(space, cases, options, say)
        return pages.measure(name, space, cases, options, say)


def run_inside(options: dict[str, Any], say: Say) -> dict[str, Any] | None:
    """Run the part of a bench that works on one database.

    It runs in a child process whose environment names the database. Returns the JSON object, None for `fill`.
    """
    if options["name"] == "fill":
        from config.bench.fill import fill_database

        fill_database(options["cases"], say)
        return None
    if options["name"] == "ingest":
        from config.bench import ingest

        return ingest.measure(options, say)
    if options["name"] == "preview":
        from config.bench import preview

        return preview.measure(options, say)
    if options["name"] == "dequeue":
        from config.bench import dequeue

        return dequeue.measure(options, say)
    if options["name"] == "bulk":
        from config.bench import bulk

        return bulk.measure(options, say)
    if options["name"] == "live":
        from config.bench import live

        return live.measure(options, say)
    from config.bench import dashboard, pages

    if options["name"] == "dashboard":
        return dashboard.plan_requests(options["clients"], options["rounds"])
    return pages.plan_requests(options["name"], options["clients"])
