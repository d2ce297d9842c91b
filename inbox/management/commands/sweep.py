"""`manage.py sweep [--check] [--json]`: find and repair orphaned cases."""

from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from inbox.assignment import orphaned_cases


class Command(BaseCommand):
    help = (
        "Look at every open case: each is with somebody who is active and may see it, or in the queue of an open "
        "department in which somebody may. What is not is put right. Exits 1 when a case remains stranded."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="Only look, change nothing.")
        parser.add_argument("--json", action="store_true", help="One JSON object.")

    def handle(self, *args: Any, **options: Any) -> None:
        report = orphaned_cases.sweep_open_cases(timezone.now(), repair=not options["check"])
        numbers = {
            "open": report.open_cases,
            "in_limbo": report.found,
            "returned": report.returned,
            "moved": report.moved,
            "remaining": report.remaining,
        }
        if options["json"]:
            cases = [{"case": pk, "what": outcome} for pk, outcome in report.cases]
            self.stdout.write(json.dumps({**numbers, "cases": cases}))
        else:
            self.stdout.write(", ".join(f"{name.replace('_', ' ')}: {n}" for name, n in numbers.items()))
            for pk, outcome in report.cases:
                self.stdout.write(f"  case {pk}: {outcome}")
        if report.remaining:
            sys.exit(1)
