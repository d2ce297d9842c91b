"""The progress of an import in words."""

from __future__ import annotations

from dataclasses import dataclass

from reports.history.working import fillers
from reports.models import HistoryImport, ImportState


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of an import: in words, and in percent."""

    words: str
    percent: int


def describe_filling() -> Progress | None:
    """Return how far the filling of the past is; None when nothing is being filled in. One small statement."""
    running = HistoryImport.objects.filter(state=ImportState.RUNNING).order_by("id").first()
    return describe_progress(running) if running is not None else None


def describe_progress(history_import: HistoryImport) -> Progress:
    """Return how far an import has come.

    By the bytes of its file; one that is made here has its number of conversations there.
    """
    is_made_here = history_import.digest in fillers
    done = history_import.conversations if is_made_here else history_import.offset
    share = min(done / history_import.file_size, 1.0) if history_import.file_size else 0.0
    words = f"{history_import.conversations:,} conversations so far"
    if is_made_here:
        words = f"{history_import.conversations:,} of {history_import.file_size:,} conversations so far"
    return Progress(words, int(100 * share))
