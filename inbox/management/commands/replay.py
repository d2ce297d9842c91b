"""`manage.py replay`: make every routing decision again from what is stored; print those that differ."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from inbox.decisions.replay import ReplayCounts, ReplayDifference, replay_decisions
from inbox.management.moments import parse_moment

#: At most this many differences are printed.
_SHOWN = 100


class Command(BaseCommand):
    help = (
        "Makes stored routing decisions again, each with its own version of the rules and the facts of that moment, and "
        "prints those that differ. Changes nothing. Ends with status 1 when one differs."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--since", help="A day or time (UTC): only what was decided from then on.")
        parser.add_argument("--json", action="store_true", help="Print one JSON object.")

    def handle(self, **options: Any) -> None:
        outcome = ReplayCounts()
        shown: list[ReplayDifference] = []
        for difference in replay_decisions(parse_moment(options["since"]), outcome):
            if len(shown) < _SHOWN:
                shown.append(difference)
        if options["json"]:
            differences = [
                {"message": difference.message_id, "version": difference.version, "why": difference.why}
                for difference in shown
            ]
            self.stdout.write(
                json.dumps(
                    {
                        "replayed": outcome.replayed,
                        "differences": outcome.differences,
                        "without_trace": outcome.without_trace,
                        "found": differences,
                    }
                )
            )
        else:
            for difference in shown:
                self.stdout.write(
                    f"message {difference.message_id}, version {difference.version}: {difference.why}"
                )
            self.stdout.write(
                f"{outcome.replayed} decisions made again, {outcome.differences} differ; {outcome.without_trace} are "
                "older than the record of facts."
            )
        if outcome.differences:
            raise SystemExit(1)
