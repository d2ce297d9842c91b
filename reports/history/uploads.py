"""An administrator's acts on an import: upload a file, import it, stop, undo, remove."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

from accounts.audit.recording import record_change
from accounts.models import AuditVerb, User
from reports.history.files import BadRequest, check_request
from reports.history.runs import NOTHING_DONE, begin_import
from reports.history.sources import PART_BYTES
from reports.history.working import fillers
from reports.models import HistoryFilePart, HistoryImport, ImportedConversation, ImportState, StagedRow

#: The largest file that the page takes; larger ones go to the command.
MOST_BYTES = 50_000_000
#: States in which an import can be undone: it has brought something, and nobody works on it.
_UNDOABLE = (ImportState.DONE, ImportState.CANCELLED, ImportState.FAILED)


def receive_file(
    pieces: Iterable[bytes], *, file_name: str, network: str, brand: str, time_zone: str, by: User
) -> HistoryImport:
    """Keep an uploaded file and let it be checked.

    The same file for the same network and brand is the same import again. Raises `BadRequest`.
    """
    brand = brand.strip().removeprefix("@")
    check_request(network=network, brand=brand, time_zone=time_zone, file_name=file_name)
    content = b"".join(pieces)
    if not content.strip():
        raise BadRequest("The file is empty.")
    if len(content) > MOST_BYTES:
        raise BadRequest(f"The file is larger than {MOST_BYTES // 1_000_000} MB. Use the command for it.")
    keys = {"digest": hashlib.sha256(content).hexdigest(), "network": network, "brand": brand}
    with transaction.atomic():
        values = {"state": ImportState.CHECKING, "created_at": timezone.now()}
        history_import, is_new = HistoryImport.objects.select_for_update().get_or_create(
            **keys, defaults=values
        )
        is_undone = history_import.state == ImportState.UNDONE
        if not is_new and (history_import.is_working or (history_import.conversations and not is_undone)):
            return history_import
        history_import.state, history_import.error, history_import.kept = ImportState.CHECKING, "", 0
        history_import.file_name, history_import.file_size = file_name[-200:], len(content)
        history_import.time_zone, history_import.by = time_zone, by
        history_import.finished_at = history_import.lease_until = None
        history_import.save()
        HistoryFilePart.objects.filter(history_import=history_import).delete()
        HistoryFilePart.objects.bulk_create(
            HistoryFilePart(
                history_import=history_import, number=number, content=content[at : at + PART_BYTES]
            )
            for number, at in enumerate(range(0, len(content), PART_BYTES))
        )
    return history_import


def may_start(history_import: HistoryImport) -> bool:
    """Return whether an import can begin, or go on: not where its check found nothing to bring."""
    stopped = (ImportState.CHECKED, ImportState.CANCELLED, ImportState.FAILED)
    is_empty = history_import.state == ImportState.CHECKED and not history_import.conversations
    return history_import.state in stopped and not is_empty and history_import.parts.exists()


def may_remove(history_import: HistoryImport) -> bool:
    """Return whether an import can be removed from the list: it has left nothing here."""
    return (
        not history_import.is_working
        and history_import.digest not in fillers
        and not ImportedConversation.objects.filter(history_import=history_import).exists()
    )


def may_undo(history_import: HistoryImport) -> bool:
    """Return whether an import can be undone. The past of a demo cannot: it was lived."""
    return (
        history_import.state in _UNDOABLE
        and history_import.conversations > 0
        and history_import.digest not in fillers
    )


@transaction.atomic
def start_import(pk: int, *, by: User) -> bool:
    """Let the workers import a checked file, or go on.

    Return whether they do now.
    """
    history_import = HistoryImport.objects.select_for_update(no_key=True).get(pk=pk)
    if not may_start(history_import):
        return False
    begin_import(history_import)
    record_change(AuditVerb.HISTORY_IMPORTED, history_import.file_name, by=by)
    return True


@transaction.atomic
def remove_import(pk: int) -> bool:
    """Delete an import that left nothing, with its file. Return whether it is gone."""
    history_import = HistoryImport.objects.select_for_update(no_key=True).get(pk=pk)
    if not may_remove(history_import):
        return False
    history_import.delete()
    return True


def stop_import(pk: int) -> bool:
    """Stop an import, or its check, behind the batch at hand. Return whether it ran."""
    checking = HistoryImport.objects.filter(pk=pk, state=ImportState.CHECKING)
    if checking.update(state=ImportState.CANCELLED, **NOTHING_DONE):
        return True
    running = HistoryImport.objects.filter(pk=pk, state=ImportState.RUNNING).exclude(digest__in=list(fillers))
    return bool(running.update(state=ImportState.CANCELLED, finished_at=timezone.now(), lease_until=None))


@transaction.atomic
def begin_undo(pk: int, *, by: User) -> bool:
    """Let the workers delete what an import brought. Return whether they do now."""
    history_import = HistoryImport.objects.select_for_update(no_key=True).get(pk=pk)
    if not may_undo(history_import):
        return False
    history_import.state, history_import.error, history_import.lease_until = ImportState.UNDOING, "", None
    history_import.save()
    StagedRow.objects.filter(history_import=history_import).delete()
    record_change(AuditVerb.HISTORY_UNDONE, history_import.file_name, by=by)
    return True
