"""`manage.py index_search`: make the words of search for messages and customers that have none."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from inbox.queue.search_filling import FILLING_SECONDS, fill_search_words


class Command(BaseCommand):
    help = (
        "Makes the words by which search finds messages and customers, where there are none: after an upgrade that "
        "changes them. A periodic task does the same, more slowly. May be stopped and run again."
    )

    def handle(self, **options: Any) -> None:
        filled = 0
        while count := fill_search_words(FILLING_SECONDS):
            filled += count
            if self.stderr.isatty():
                self.stderr.write(f"\r{filled:,} rows", ending="")
                self.stderr.flush()
        self.stdout.write(f"{filled:,} messages and customers can be found now.")
