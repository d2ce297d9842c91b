"""`manage.py rollups`: refresh, rebuild and compare what reports keep for speed."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand

from inbox.models import Case
from reports.rollups.building import begin_anew, build_next
from reports.rollups.checking import Difference, check_rollups
from reports.rollups.refreshing import refresh_changed_cases
from reports.rollups.state import read_status

#: Differences that are printed; all are counted.
_SHOWN = 20


class Command(BaseCommand):
    help = (
        "Refreshes the roll-ups of the reports. --rebuild makes them anew (until it is done, pages of reports show its "
        "progress instead of numbers); --check compares them with the rows that they are made from, prints differences "
        "and ends with exit code 1 when there are any."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--rebuild", action="store_true", help="Make all roll-ups anew.")
        parser.add_argument("--check", action="store_true", help="Compare; exit code 1 if anything differs.")
        parser.add_argument(
            "--json", action="store_true", help="Print one JSON object at the end, and nothing else."
        )

    def handle(self, **options: Any) -> None:
        def say(text: str) -> None:
            if not options["json"]:
                self.stdout.write(text)
                self.stdout.flush()

        if options["rebuild"]:
            begin_anew()
        _build(say)
        refreshed = _refresh()
        say(f"{refreshed:,} changes refreshed.")
        result: dict[str, Any] = {"refreshed": refreshed}
        differences: list[Difference] = []
        if options["check"]:
            cases, differences = _check(say)
            result |= {"cases": cases, "differences": len(differences)}
            result["examples"] = [f"{each.what}: {each.row}" for each in differences[:_SHOWN]]
        if options["json"]:
            self.stdout.write(json.dumps(result))
        if differences:
            raise SystemExit(1)


def _build(say: Callable[[str], None]) -> None:
    shown = -1
    while build_next(waits=True):
        if (percent := int(100 * read_status().progress)) != shown:
            say(f"{percent}% built")
            shown = percent


def _refresh() -> int:
    refreshed = 0
    # None: a periodic task or a page is at work on the same; it is done in a moment.
    while (count := refresh_changed_cases()) != 0:
        refreshed += count or 0
    return refreshed


def _check(say: Callable[[str], None]) -> tuple[int, list[Difference]]:
    total = max(Case.objects.count(), 1)
    cases, shown, differences = 0, -1, []
    for part in check_rollups():
        cases += part.cases
        differences += part.differences
        if (percent := min(100 * cases // total, 100)) != shown:
            say(f"{percent}% compared")
            shown = percent
    for difference in differences[:_SHOWN]:
        say(f"{difference.what}: {difference.row}")
    say(f"{len(differences):,} differences in {cases:,} cases.")
    return cases, differences
