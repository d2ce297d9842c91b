"""Conversations from before Horseshoe that were brought in from files (`reports.history`)."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.models import BrandAccount
from inbox.models import Case


class ImportState(models.TextChoices):
    """The stage of an import. A person starts the check, the import and the undoing; a worker ends them."""

    CHECKING = "checking", "Being checked"
    CHECKED = "checked", "Checked"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    CANCELLED = "cancelled", "Stopped"
    FAILED = "failed", "Failed"
    UNDOING = "undoing", "Being undone"
    UNDONE = "undone", "Undone"


#: States in which a worker has something to do.
WORKING_STATES = (ImportState.CHECKING, ImportState.RUNNING, ImportState.UNDOING)


class HistoryImport(models.Model):
    """One file of past conversations, how far it has been read, and what it brought.

    There is one row for a file (by its digest), network and brand, so an import that was killed goes on where it stopped.
    """

    digest = models.CharField(max_length=64, help_text="SHA-256 of the file.")
    network = models.CharField(max_length=20)
    #: The brand account to which all conversations belong; "" when each names its own.
    brand = models.CharField(max_length=120, blank=True)
    #: The zone in which times without one are read; "" refuses them.
    time_zone = models.CharField(max_length=64, blank=True)
    file_name = models.CharField(max_length=200)
    file_size = models.BigIntegerField(default=0)
    state = models.CharField(max_length=10, choices=ImportState.choices)
    #: How far the file has been read: the number of the last line that is done, and the byte behind it.
    line = models.BigIntegerField(default=0)
    offset = models.BigIntegerField(default=0)
    #: What it brought, or of a check: what it would bring.
    conversations = models.PositiveIntegerField(default=0)
    messages = models.PositiveIntegerField(default=0)
    #: Conversations of the file that were here already, and those that could not be taken.
    known = models.PositiveIntegerField(default=0)
    rejected = models.PositiveIntegerField(default=0)
    #: Conversations that an undoing left, because somebody has worked on them since.
    kept = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=500, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    #: Until when the worker that has it may go on; each batch extends it.
    lease_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["digest", "network", "brand"], name="import_unique")
        ]
        indexes: ClassVar = [
            models.Index(fields=["id"], name="import_working", condition=Q(state__in=WORKING_STATES))
        ]

    def __str__(self) -> str:
        return f"{self.file_name} ({self.network})"

    @property
    def is_working(self) -> bool:
        return self.state in WORKING_STATES


class HistoryFilePart(models.Model):
    """A piece of an uploaded file, kept until its import is done: any worker can read it, whatever machine it is on."""

    history_import = models.ForeignKey(
        HistoryImport, on_delete=models.CASCADE, related_name="parts", db_index=False
    )
    number = models.PositiveIntegerField()
    content = models.BinaryField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["history_import", "number"], name="import_part_unique")
        ]

    def __str__(self) -> str:
        return f"Part {self.number} of {self.history_import_id}"


class ImportedConversation(models.Model):
    """A conversation that came from a file, and the case that it became."""

    history_import = models.ForeignKey(HistoryImport, on_delete=models.PROTECT, related_name="+")
    line = models.BigIntegerField()
    brand_account = models.ForeignKey(
        BrandAccount, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    thread = models.CharField(max_length=200)
    case = models.OneToOneField(Case, on_delete=models.CASCADE, related_name="imported")
    #: Messages that it had in the file.
    message_count = models.PositiveIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["brand_account", "thread"], name="imported_thread_unique")
        ]

    def __str__(self) -> str:
        return f"Conversation {self.thread}"


class ImportReject(models.Model):
    """A line of a file that could not be taken, and why."""

    history_import = models.ForeignKey(
        HistoryImport, on_delete=models.CASCADE, related_name="rejects", db_index=False
    )
    line = models.BigIntegerField()
    thread = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=300)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["history_import", "line"], name="import_reject_line")]

    def __str__(self) -> str:
        return f"Line {self.line}: {self.reason}"


class StagedRow(models.Model):
    """A row of a CSV file, kept until its conversation is complete: rows of one need not follow each other."""

    history_import = models.ForeignKey(
        HistoryImport, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    line = models.BigIntegerField()
    thread = models.CharField(max_length=400)
    #: The line of the first row of the same conversation; null until all rows are staged.
    first_line = models.BigIntegerField(null=True)
    row = models.JSONField()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["history_import", "first_line", "line"], name="import_staged"),
            models.Index(fields=["history_import", "thread", "line"], name="import_staged_thread"),
        ]

    def __str__(self) -> str:
        return f"Line {self.line}"
