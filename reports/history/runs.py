"""An import from its beginning to its end, batch by batch.

Each batch is one transaction with its progress, so whoever is killed leaves whole batches, and the next one goes on behind
the last. Two that run at once do not disturb each other: the row of the import is locked, and one finds that the other
has gone on.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from accounts.models import Department
from inbox.ingest.header import PageDepartment
from postgres.retries import retry_when_database_busy
from reports.history.batches import Context, Reject, Study, store_drafts, study_batch
from reports.history.brands import Brands
from reports.history.conversations import Reading
from reports.history.json_lines import Found
from reports.history.tables import copy_into
from reports.models import HistoryImport, ImportReject, ImportState, StagedRow

#: Messages, and lines, of one batch: a second or two of work.
BATCH_MESSAGES, BATCH_LINES = 2_000, 1_000
#: How long a worker has an import without a word from it.
LEASE = dt.timedelta(seconds=90)
_ATTEMPTS = 3
#: The columns of an import of which nothing is done yet: a check that was stopped leaves no progress.
NOTHING_DONE = dict.fromkeys(("line", "offset", "conversations", "messages", "known", "rejected"), 0)


class Stopped(Exception):
    """The import is not ours any more: it was cancelled, or another process goes on with it. The text says so."""


@dataclass(slots=True)
class RunCounts:
    """The outcome of one run."""

    conversations: int = 0
    messages: int = 0
    known: int = 0
    rejected: int = 0

    def add(self, study: Study) -> None:
        """Add what was done with a batch."""
        self.conversations += len(study.drafts)
        self.messages += study.messages
        self.known += study.known
        self.rejected += len(study.rejects)


def begin_import(history_import: HistoryImport) -> None:
    """Let an import run.

    One that is done or was undone is read from its beginning again, and brings what is missing; any other goes on where it
    stopped.
    """
    if history_import.state != ImportState.RUNNING:
        with transaction.atomic():
            if history_import.state not in (ImportState.CANCELLED, ImportState.FAILED):
                read_from_beginning(history_import)
            history_import.state, history_import.error = ImportState.RUNNING, ""
            history_import.finished_at = history_import.lease_until = None
            history_import.save()


def read_from_beginning(history_import: HistoryImport) -> None:
    """Forget how far a file was read. What it brought stays."""
    ImportReject.objects.filter(history_import=history_import).delete()
    StagedRow.objects.filter(history_import=history_import).delete()
    history_import.line = history_import.offset = history_import.known = history_import.rejected = 0
    if history_import.state in (ImportState.CHECKED, ImportState.CHECKING):
        history_import.conversations = history_import.messages = 0


def build_context(history_import: HistoryImport, *, checks_only: bool = False) -> Context:
    """Return what all batches of an import have in common."""
    now = timezone.now()
    departments = tuple(
        PageDepartment(department.pk, department.slug, department.name, department.is_open)
        for department in Department.objects.order_by("position", "id")
    )
    zone = ZoneInfo(history_import.time_zone) if history_import.time_zone else None
    return Context(
        import_id=history_import.pk,
        brand=history_import.brand,
        brands=Brands(history_import.network, departments, now, creates=not checks_only),
        reading=Reading(zone, now),
        seen={} if checks_only else None,
    )


def cut_batches(entries: Iterator[Found]) -> Iterator[list[Found]]:
    """Cut what a file has into batches of about as many messages."""
    for first in entries:
        batch, messages = [first], _count_messages(first)
        while messages < BATCH_MESSAGES and len(batch) < BATCH_LINES:
            following = next(entries, None)
            if following is None:
                break
            batch.append(following)
            messages += _count_messages(following)
        yield batch


def _count_messages(entry: Found) -> int:
    document = entry.document
    messages = document.get("messages") if isinstance(document, dict) else None
    return len(messages) if isinstance(messages, list) else 1


def check_file(
    entries: Iterator[Found], context: Context, on_batch: Callable[[Study, Found], None]
) -> RunCounts:
    """Read a file without storing anything of it."""
    tally = RunCounts()
    for batch in cut_batches(entries):
        study = study_batch(batch, context)
        tally.add(study)
        on_batch(study, batch[-1])
    return tally


def import_batches(
    history_import: HistoryImport,
    entries: Iterator[Found],
    context: Context,
    *,
    goes_on: Callable[[RunCounts], bool],
) -> tuple[RunCounts, bool]:
    """Store what a file has, batch by batch.

    After each, `goes_on` is asked. Returns what was done and whether the file is at its end. Raises `Stopped` and `RuleSetError`.
    """
    tally = RunCounts()
    for batch in cut_batches(entries):
        tally.add(_import_batch(history_import, batch, context))
        if not goes_on(tally):
            return tally, False
    return tally, True


def end_import(history_import: HistoryImport, *, error: str = "") -> None:
    """Note that an import is done, or why it is not."""
    running = HistoryImport.objects.filter(pk=history_import.pk, state=ImportState.RUNNING)
    running.update(
        state=ImportState.FAILED if error else ImportState.DONE,
        error=error[:500],
        finished_at=timezone.now(),
        lease_until=None,
    )
    if not error:
        StagedRow.objects.filter(history_import=history_import).delete()
    history_import.refresh_from_db()


def _import_batch(history_import: HistoryImport, batch: list[Found], context: Context) -> Study:
    for attempt in itertools.count(1):
        try:
            return _store_batch(history_import, batch, context)
        except IntegrityError:
            # One of its messages was fetched from the network at this very moment: now it is known.
            if attempt == _ATTEMPTS:
                raise
    raise AssertionError("unreachable")


@retry_when_database_busy
def _store_batch(history_import: HistoryImport, batch: list[Found], context: Context) -> Study:
    last = batch[-1]
    with transaction.atomic():
        _lock(history_import)
        study = study_batch(batch, context)
        store_drafts(study, context)
        store_rejects(history_import.pk, study.rejects)
        HistoryImport.objects.filter(pk=history_import.pk).update(
            line=last.line,
            offset=last.offset,
            conversations=F("conversations") + len(study.drafts),
            messages=F("messages") + study.messages,
            known=F("known") + study.known,
            rejected=F("rejected") + len(study.rejects),
            lease_until=timezone.now() + LEASE,
        )
    history_import.line, history_import.offset = last.line, last.offset
    return study


def _lock(history_import: HistoryImport) -> None:
    """Lock the row of an import that is still ours."""
    stored = HistoryImport.objects.select_for_update(no_key=True).get(pk=history_import.pk)
    if stored.state != ImportState.RUNNING:
        raise Stopped("It was stopped. What it had brought by then is kept; the same file goes on there.")
    if (stored.line, stored.offset) != (history_import.line, history_import.offset):
        raise Stopped("Another process goes on with the same file.")


def store_rejects(import_id: int, rejects: list[Reject]) -> None:
    """Store the lines that were not taken."""
    columns = ("history_import_id", "line", "thread", "reason")
    rows = [(import_id, reject.line, reject.thread, reject.reason) for reject in rejects]
    if rows:
        copy_into("reports_importreject", columns, rows)
