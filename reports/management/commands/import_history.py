"""`manage.py import_history`: past conversations from a file."""

from __future__ import annotations

import argparse
import contextlib
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from networks.registry import CONNECTORS
from reports.history import runs
from reports.history.batches import Context, Reject, Study
from reports.history.conversations import Rejected
from reports.history.files import BadRequest, check_request, read_on
from reports.history.json_lines import Found
from reports.history.sources import digest_of, path_opener, read_pieces
from reports.models import HistoryImport, ImportReject, ImportState
from routing.files.csv import BadTable
from routing.refusals import RuleSetError

#: Rejected lines that are printed; the rest is on the page of the import.
_MOST_REJECTS = 10_000
_SHOWN_REJECTS = 20


class Command(BaseCommand):
    help = (
        "Bring past conversations from a file (docs/history.md): JSON with one conversation a line, or CSV with one message "
        "a row. Each becomes a closed case that counts in reports when asked for, never in service levels. Running it "
        "again, also after it was killed, goes on where it stopped and brings nothing twice."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="A file that ends in .jsonl or .csv.")
        parser.add_argument(
            "--network", required=True, metavar="NAME", help="x, facebook, or any other short name."
        )
        parser.add_argument(
            "--brand", default="", metavar="HANDLE",
            help="The brand account of all conversations, whatever brand they name. One that is not connected is archived.",
        )  # fmt: skip
        parser.add_argument(
            "--time-zone", default="", metavar="ZONE",
            help="The zone of times that name none, such as Europe/Berlin. Without it they are refused.",
        )  # fmt: skip
        parser.add_argument("--dry-run", action="store_true", help="Check the file and store nothing.")
        parser.add_argument("--json", action="store_true", help="Print one JSON object.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Import and print what came of it. Raises `CommandError` for a file that cannot be read at all."""
        path: Path = options["file"]
        brand = options["brand"].strip().removeprefix("@")
        request = {"network": options["network"], "brand": brand, "time_zone": options["time_zone"]}
        opener = path_opener(path)
        try:
            check_request(**request, file_name=path.name)
            digest, size = digest_of(read_pieces(opener))
        except (BadRequest, OSError) as error:
            raise CommandError(str(error)) from error
        if request["network"] not in CONNECTORS and not options["json"]:
            self.stderr.write(
                f"Horseshoe fetches nothing from “{request['network']}”: its accounts are kept for their history only."
            )
        values = {"digest": digest, **request, "file_name": path.name[:200], "file_size": size}
        begun = time.monotonic()
        with self._in_words_of_a_person():
            result = self._check(values, opener) if options["dry_run"] else self._import(values, opener)
        result["seconds"] = round(time.monotonic() - begun, 2)
        result["messages_per_second"] = round(result["messages"] / max(result["seconds"], 0.01))
        self._print(result, as_json=options["json"])

    @contextlib.contextmanager
    def _in_words_of_a_person(self) -> Iterator[None]:
        try:
            yield
        except (Rejected, BadTable, RuleSetError, runs.Stopped, LookupError) as error:
            raise CommandError(str(error)) from error

    def _import(self, values: dict[str, Any], opener: Any) -> dict[str, Any]:
        keys = {name: values[name] for name in ("digest", "network", "brand")}
        history_import, _ = HistoryImport.objects.get_or_create(
            **keys, defaults={**values, "state": ImportState.CANCELLED, "created_at": timezone.now()}
        )
        history_import.time_zone = values["time_zone"]
        runs.begin_import(history_import)
        context = runs.build_context(history_import)
        clock = _Clock()

        def show_progress(tally: runs.RunCounts) -> bool:
            if clock.is_due():
                self.stderr.write(
                    f"line {history_import.line:,}: {tally.conversations:,} new conversations, {tally.messages:,} messages"
                )
            return True

        try:
            entries = read_on(history_import, opener)
            tally, _ = runs.import_batches(history_import, entries, context, goes_on=show_progress)
        except (Rejected, BadTable, RuleSetError, LookupError) as error:
            runs.end_import(history_import, error=str(error))
            raise
        runs.end_import(history_import)
        rejects = ImportReject.objects.filter(history_import=history_import).order_by("line", "id")[
            :_MOST_REJECTS
        ]
        listed = [Reject(reject.line, reject.thread, reject.reason) for reject in rejects]
        return _result(tally, listed, history_import.rejected, context) | {"import": history_import.pk}

    def _check(self, values: dict[str, Any], opener: Any) -> dict[str, Any]:
        """Check a file: whatever the check stores is rolled back."""
        rejects: list[Reject] = []

        def keep_rejects(study: Study, _: Found) -> None:
            rejects.extend(study.rejects[: _MOST_REJECTS - len(rejects)])

        with transaction.atomic():
            digest = f"check {timezone.now().isoformat()}"
            history_import = HistoryImport.objects.create(
                **values | {"digest": digest}, state=ImportState.CHECKING, created_at=timezone.now()
            )
            context = runs.build_context(history_import, checks_only=True)
            tally = runs.check_file(read_on(history_import, opener), context, keep_rejects)
            transaction.set_rollback(True)
        return _result(tally, rejects, tally.rejected, context) | {"dry_run": True}

    def _print(self, result: dict[str, Any], *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(result, ensure_ascii=False))
            return
        would = "would be " if "dry_run" in result else ""
        self.stdout.write(
            f"{result['conversations']:,} conversations with {result['messages']:,} messages {would}new, {result['known']:,} "
            f"here already, {result['rejected']:,} rejected; {result['seconds']:,} s, "
            f"{result['messages_per_second']:,} messages/s."
        )
        if brands := result["archived_accounts"]:
            self.stdout.write(f"Archived accounts {would}made for: {', '.join(brands)}.")
        for reject in result["rejects"][:_SHOWN_REJECTS]:
            self.stdout.write(f"line {reject['line']}: {reject['reason']}")
        if (left := result["rejected"] - _SHOWN_REJECTS) > 0:
            self.stdout.write(f"… and {left:,} more lines: see --json, or the import's page.")


def _result(tally: runs.RunCounts, rejects: list[Reject], rejected: int, context: Context) -> dict[str, Any]:
    return {
        "conversations": tally.conversations,
        "messages": tally.messages,
        "known": tally.known,
        "rejected": rejected,
        "archived_accounts": context.brands.created,
        "rejects": [
            {"line": reject.line, "thread": reject.thread, "reason": reject.reason} for reject in rejects
        ],
    }


class _Clock:
    """Says every two seconds that something is due."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def is_due(self) -> bool:
        if (now := time.monotonic()) - self._last < 2:
            return False
        self._last = now
        return True
