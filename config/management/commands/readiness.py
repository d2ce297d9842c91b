"""`manage.py readiness`: what works and what does not, for whoever runs the servers."""

from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from config.health import readiness


class Command(BaseCommand):
    """Prints the report behind `/readyz` as JSON; exit status 1 when not ready."""

    help = "Report as JSON what works and what does not; exit status 1 when not ready."

    def handle(self, *_arguments: Any, **_options: Any) -> None:
        """Print the report."""
        report = readiness(timezone.now())
        self.stdout.write(json.dumps(report, indent=2))
        if not report["ready"]:
            sys.exit(1)
