"""`manage.py reread [--since DAY] [--after ID] [--dry-run] [--json]`: read stored messages again."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from inbox.decisions.reread import REREAD_FIELDS, RereadProgress, reread_messages
from inbox.management.moments import parse_moment


class Command(BaseCommand):
    help = (
        "Reads the customers' stored messages again (language, tone, urgency, needs an answer, spam, thanks), after what reads "
        "them has changed. What people corrected stays, and so do cases; nobody is notified. May be stopped and "
        "run again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--since", help="A day or time (UTC): only what was received from then on.")
        parser.add_argument("--after", type=int, default=0, help="Go on behind the message with this id.")
        parser.add_argument("--dry-run", action="store_true", help="Say what would change, change nothing.")
        parser.add_argument("--json", action="store_true", help="Print one JSON object.")

    def handle(self, **options: Any) -> None:
        since, dry = parse_moment(options["since"]), options["dry_run"]
        progress = RereadProgress(0, options["after"])
        try:
            for progress in reread_messages(since, after=options["after"], change=not dry):
                self._show_progress(progress)
        except BaseException:
            self.stderr.write(f"\nStopped. What was read is kept; go on with --after {progress.after}.")
            raise
        fields = {name: progress.fields[name] for name in REREAD_FIELDS}
        if options["json"]:
            numbers = {"read": progress.read, "changed": progress.changed, "fields": fields, "dry_run": dry}
            self.stdout.write(json.dumps(numbers))
            return
        counts = ", ".join(f"{name} {count:,}" for name, count in fields.items())
        verb = "would change" if dry else "changed"
        self.stdout.write(f"{progress.read:,} messages read again, {progress.changed:,} {verb}: {counts}.")

    def _show_progress(self, progress: RereadProgress) -> None:
        if self.stderr.isatty():
            self.stderr.write(f"\r{progress.read:,} of {progress.total:,}", ending="")
            self.stderr.flush()
