"""`manage.py bench NAME`: one figure of the product against a floor of the same run."""

from __future__ import annotations

import argparse
import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config.bench import runner
from config.embedded.process import EmbeddedError


class Command(BaseCommand):
    help = (
        "Measure: ingest, queue, case, search, live, dequeue, bulk, reading, sla. `load` fills a scratch database and keeps it for the others "
        "(`drop` removes it). The last line printed is one JSON object."
    )
    requires_system_checks = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("name", choices=[*runner.BENCHES, "load", "drop", "fill"])
        parser.add_argument(
            "--cases", type=int, help="Cases in the scratch database (default 1,000,000; ingest: 0)."
        )
        parser.add_argument("--clients", type=int, default=8, help="Browsers at once (pages).")
        parser.add_argument("--listeners", type=int, default=500, help="Open pages (live).")
        parser.add_argument("--rounds", type=int, default=5, help="Rounds of floor and product in turn.")
        parser.add_argument("--messages", type=int, default=5000, help="Messages a round (ingest).")
        parser.add_argument("--json", action="store_true", help="Print nothing but the JSON object.")
        parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)

    def handle(self, *args: Any, **options: Any) -> None:
        def say(text: str) -> None:
            if not options["json"]:
                self.stdout.write(text)
                self.stdout.flush()

        try:
            if options["inside"]:
                result = runner.run_inside(options, say)
            else:
                result = runner.run_outside(options, say)
        except EmbeddedError as error:
            raise CommandError(str(error)) from error
        if result is not None:
            self.stdout.write(json.dumps(result))
