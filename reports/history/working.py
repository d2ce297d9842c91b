"""The work on imports that people asked for on the page: check a file, import it, undo it; a slice at a time.

A worker claims an import by its lease and gives it back after some seconds, so that a long one holds nobody up. A worker that
dies loses its lease, and the next one goes on behind the last batch.
"""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Callable

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from reports.history import runs
from reports.history.batches import Study
from reports.history.conversations import Rejected
from reports.history.files import read_on
from reports.history.json_lines import Found
from reports.history.sources import parts_opener
from reports.history.undoing import undo_some
from reports.models import WORKING_STATES, HistoryFilePart, HistoryImport, ImportState
from routing.files.csv import BadTable
from routing.refusals import RuleSetError

logger = logging.getLogger(__name__)

#: Pasts that are made and not read from a file: the digest of the row, and what does a piece and tells whether more is left.
fillers: dict[str, Callable[[], bool]] = {}


def work_on_imports(seconds: float) -> bool:
    """Go on with one import for about so many seconds. Return whether there was one."""
    history_import = _claim(timezone.now())
    if history_import is None:
        return False
    deadline = time.monotonic() + seconds
    try:
        _WORK[ImportState(history_import.state)](history_import, deadline)
    except runs.Stopped:
        logger.info("import %s was stopped", history_import.pk)
    except (Rejected, BadTable, RuleSetError, LookupError) as error:
        _fail(history_import, str(error))
    except Exception:
        _fail(history_import, "Something went wrong here. The log of the worker says what.")
        raise
    HistoryImport.objects.filter(pk=history_import.pk).update(lease_until=None)
    return True


def _claim(now: dt.datetime) -> HistoryImport | None:
    """Claim an import that has work and no worker."""
    has_file = Exists(HistoryFilePart.objects.filter(history_import=OuterRef("pk")))
    mine = Q(digest__in=list(fillers)) | Q(has_file) | Q(state=ImportState.UNDOING)
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=now)
    waiting = HistoryImport.objects.filter(mine, free, state__in=WORKING_STATES).order_by("id")
    for pk in waiting.values_list("pk", flat=True)[:5]:
        if HistoryImport.objects.filter(free, pk=pk).update(lease_until=now + runs.LEASE):
            return HistoryImport.objects.get(pk=pk)
    return None


def _check(history_import: HistoryImport, deadline: float) -> None:
    """Check a whole file: what a check has seen is not stored."""
    runs.read_from_beginning(history_import)
    history_import.save()
    checking = HistoryImport.objects.filter(pk=history_import.pk, state=ImportState.CHECKING)
    counts = runs.RunCounts()

    def note(study: Study, last: Found) -> None:
        counts.add(study)
        runs.store_rejects(history_import.pk, study.rejects)
        if not checking.update(
            conversations=counts.conversations,
            messages=counts.messages,
            known=counts.known,
            rejected=counts.rejected,
            offset=last.offset,
            lease_until=timezone.now() + runs.LEASE,
        ):
            raise runs.Stopped("It was stopped.")

    context = runs.build_context(history_import, checks_only=True)
    entries = read_on(
        history_import, parts_opener(history_import.pk), lambda _: _extend_lease(history_import)
    )
    runs.check_file(entries, context, note)
    checking.update(state=ImportState.CHECKED, finished_at=timezone.now())


def _import(history_import: HistoryImport, deadline: float) -> None:
    if filler := fillers.get(history_import.digest):
        while filler() and time.monotonic() < deadline:
            pass
        return
    opener = parts_opener(history_import.pk)
    entries = read_on(history_import, opener, lambda _: _extend_lease(history_import))
    context = runs.build_context(history_import)
    _, is_done = runs.import_batches(
        history_import, entries, context, goes_on=lambda _: time.monotonic() < deadline
    )
    if is_done:
        runs.end_import(history_import)
        HistoryFilePart.objects.filter(history_import=history_import).delete()


def _undo(history_import: HistoryImport, deadline: float) -> None:
    while undo_some(history_import) and time.monotonic() < deadline:
        _extend_lease(history_import)


def _extend_lease(history_import: HistoryImport) -> None:
    HistoryImport.objects.filter(pk=history_import.pk).update(lease_until=timezone.now() + runs.LEASE)


def _fail(history_import: HistoryImport, error: str) -> None:
    logger.warning("import %s failed: %s", history_import.pk, error)
    checking = HistoryImport.objects.filter(pk=history_import.pk, state=ImportState.CHECKING)
    checking.update(**runs.NOTHING_DONE)
    HistoryImport.objects.filter(pk=history_import.pk, state__in=WORKING_STATES).update(
        state=ImportState.FAILED, error=error[:500], finished_at=timezone.now(), lease_until=None
    )


_WORK: dict[ImportState, Callable[[HistoryImport, float], None]] = {
    ImportState.CHECKING: _check,
    ImportState.RUNNING: _import,
    ImportState.UNDOING: _undo,
}
