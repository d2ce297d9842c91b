"""`manage.py stats [--json]`: count what is stored."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db.models import Count

from inbox.models import Case, Direction, Message, Quarantined, Reply, ReplyState


class Command(BaseCommand):
    help = "Print the numbers of messages, cases, quarantined items and replies."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="One JSON object.")

    def handle(self, *args: Any, **options: Any) -> None:
        numbers = collect_stats()
        if options["json"]:
            self.stdout.write(json.dumps(numbers))
            return
        for name, value in numbers.items():
            parts = value.items() if isinstance(value, dict) else ()
            words = ", ".join(f"{count} {state}" for state, count in parts) or str(value)
            self.stdout.write(f"{name}: {words}")


def collect_stats() -> dict[str, int | dict[str, int]]:
    """Count messages, cases and replies.

    Messages (inbound and outbound apart), cases, open, quarantined (not settled), and replies by state.
    """
    directions = _as_counts(Message.objects.values_list("direction").annotate(Count("id")).order_by())
    states = _as_counts(Reply.objects.values_list("state").annotate(Count("id")).order_by())
    return {
        "messages": sum(directions.values()),
        "inbound": directions.get(Direction.INBOUND, 0),
        "outbound": directions.get(Direction.OUTBOUND, 0),
        "cases": Case.objects.count(),
        "open": Case.objects.open().count(),
        "quarantined": Quarantined.objects.filter(resolved_at__isnull=True).count(),
        "replies": {state.value: states.get(state.value, 0) for state in ReplyState},
    }


def _as_counts(rows: Any) -> dict[str, int]:
    return dict(rows)
