"""The worker's part of files that take long: claim one, write it in parts, say that it is ready."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from inbox.notices.notify import notify_of_file
from postgres.bound_cursors import bound_cursor
from reports.exports.case_rows import export_columns, export_rows_outside
from reports.exports.csv_files import Cell, write_csv
from reports.exports.long_files import KEPT_FOR, count_erasures, delete_old_files, find_again
from reports.models import UNFINISHED, ExportFile, ExportPart, ExportState
from wording.times import company_zone

logger = logging.getLogger(__name__)

#: Bytes of a part, about: with each of them the progress moves.
PART_BYTES = 1 << 20
#: Longer than the database needs to sort the rows of the longest list.
LEASE = dt.timedelta(minutes=3)
_STORE_PART = "INSERT INTO reports_exportpart (export_file_id, number, content) VALUES (%s, %s, %s)"
#: A file whose worker has died so often is given up.
MOST_ATTEMPTS = 5


class Overtaken(Exception):
    """Somebody cancelled the file, erased a customer, or another worker has it."""


def write_next_file() -> bool:
    """Write one file that somebody asked for. Return whether there was one.

    One at a time, so that long files never take all workers.
    """
    now = timezone.now()
    delete_old_files(now)
    file = _claim(now)
    if file is None:
        return False
    try:
        _write(file)
    except Overtaken:
        logger.info("file %s was stopped", file.pk)
    except Exception:
        _own(file).update(lease_until=None)
        raise
    return True


def _claim(now: dt.datetime) -> ExportFile | None:
    """Claim the oldest file without a worker, and empty it."""
    if ExportFile.objects.filter(state__in=UNFINISHED, lease_until__gte=now).exists():
        return None
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=now)
    waiting = ExportFile.objects.filter(free, state__in=UNFINISHED).order_by("id")
    for pk in waiting.values_list("pk", flat=True)[:5]:
        with transaction.atomic():
            taken = ExportFile.objects.filter(free, pk=pk, state__in=UNFINISHED).update(
                state=ExportState.WRITING,
                attempt=F("attempt") + 1,
                lease_until=now + LEASE,
                rows=0,
                size=0,
                erasures=count_erasures(),
            )
            if taken:
                ExportPart.objects.filter(export_file=pk).delete()
        if taken:
            return ExportFile.objects.select_related("owner").get(pk=pk)
    return None


def _write(file: ExportFile) -> None:
    asked = find_again(file)
    if asked is None:
        _give_up(file, "You may not see this list any longer.")
        return
    if file.attempt > MOST_ATTEMPTS:
        _give_up(file, "Something went wrong here. The log of the worker says what.")
        return
    if not _own(file).update(reach=asked.reach):
        raise Overtaken
    with closing(export_rows_outside(asked.behind, file.owner, asked.chosen.period.zone)) as rows:
        written = _Rows(rows)
        for number, part in enumerate(_join(write_csv(export_columns(asked.behind), written))):
            with transaction.atomic():
                _note(
                    file, rows=written.count, size=F("size") + len(part), lease_until=timezone.now() + LEASE
                )
                _store_part(file.pk, number, part)
    _finish(file, written.count)


def _store_part(file_id: int, number: int, content: bytes) -> None:
    # With the content in its text, psycopg would remember a hundred of these statements.
    with bound_cursor() as cursor:
        cursor.execute(_STORE_PART, [file_id, number, content])


@transaction.atomic
def _finish(file: ExportFile, rows: int) -> None:
    now = timezone.now()
    expires_at = now + KEPT_FOR
    _note(file, state=ExportState.READY, finished_at=now, expires_at=expires_at, lease_until=None)
    day = f"{expires_at.astimezone(company_zone()):%-d %B}"
    text = f"Your file is ready: {rows:,} row{'' if rows == 1 else 's'}, until {day}. “{file.title}”"
    notify_of_file(file.owner_id, file.pk, text, key=f"file:{file.pk}:ready", now=now)


@transaction.atomic
def _give_up(file: ExportFile, problem: str) -> None:
    now = timezone.now()
    _note(file, state=ExportState.FAILED, problem=problem, finished_at=now, lease_until=None)
    ExportPart.objects.filter(export_file=file).delete()
    text = f"Your file could not be written: “{file.title}”. {problem}"
    notify_of_file(file.owner_id, file.pk, text, key=f"file:{file.pk}:failed", now=now)


def _own(file: ExportFile) -> QuerySet[ExportFile]:
    """Return the row of a file while this worker has it."""
    return ExportFile.objects.filter(pk=file.pk, state=ExportState.WRITING, attempt=file.attempt)


def _note(file: ExportFile, **values: object) -> None:
    """Store the progress of a file. Raises `Overtaken`."""
    if not _own(file).update(**values):
        raise Overtaken


class _Rows:
    """Counts rows while they are read."""

    def __init__(self, rows: Iterable[Sequence[Cell]]) -> None:
        self._rows = rows
        self.count = 0

    def __iter__(self) -> Iterator[Sequence[Cell]]:
        for row in self._rows:
            self.count += 1
            yield row


def _join(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield pieces joined to parts of about `PART_BYTES`."""
    part = bytearray()
    for piece in pieces:
        part += piece
        if len(part) >= PART_BYTES:
            yield bytes(part)
            part.clear()
    if part:
        yield bytes(part)
