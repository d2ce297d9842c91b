"""Undoing an import: everything that it brought goes, but for conversations on which somebody has worked since.

The application's role cannot delete history. A function of the database does, for cases of an import that is being undone,
and only for those that are as the import left them.
"""

from __future__ import annotations

from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from reports.history.brands import delete_unused_archived_accounts
from reports.models import (
    HistoryFilePart,
    HistoryImport,
    ImportedConversation,
    ImportReject,
    ImportState,
    StagedRow,
)

#: Conversations that go in one transaction.
_AT_A_TIME = 500


@transaction.atomic
def undo_some(history_import: HistoryImport) -> bool:
    """Delete some of what an import brought. Return whether more is left."""
    locked = HistoryImport.objects.select_for_update(no_key=True).get(pk=history_import.pk)
    if locked.state != ImportState.UNDOING:
        return False
    with connection.cursor() as cursor:
        cursor.execute("SELECT cases, messages FROM reports_undo_import(%s, %s)", [locked.pk, _AT_A_TIME])
        cases, messages = cursor.fetchone()
    if cases:
        HistoryImport.objects.filter(pk=locked.pk).update(
            conversations=F("conversations") - cases, messages=F("messages") - messages
        )
        return True
    locked.kept = ImportedConversation.objects.filter(history_import=locked).count()
    locked.state, locked.finished_at, locked.lease_until = ImportState.UNDONE, timezone.now(), None
    locked.line = locked.offset = 0
    locked.save()
    for model in (HistoryFilePart, ImportReject, StagedRow):
        model.objects.filter(history_import=locked).delete()
    delete_unused_archived_accounts(locked.network)
    return False
