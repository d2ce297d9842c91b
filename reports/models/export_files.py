"""Files that take long: the rows behind a number, written in the background for the person who asked."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q


class ExportState(models.TextChoices):
    WAITING = "waiting", "Waiting"
    WRITING = "writing", "Being written"
    READY = "ready", "Ready"
    CANCELLED = "cancelled", "Cancelled"
    FAILED = "failed", "Failed"
    DELETED = "deleted", "Deleted"


#: States in which a worker has something to do.
UNFINISHED = (ExportState.WAITING, ExportState.WRITING)


class ExportFile(models.Model):
    """One file for one person: what was asked for, and how far it is written."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    title = models.CharField(max_length=200)
    file_name = models.CharField(max_length=200)
    #: The query string of the list; with `asked_at` as its present it names the same rows again.
    query = models.TextField()
    digest = models.CharField(max_length=64, help_text="SHA-256 of the query string.")
    asked_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=ExportState.choices, default=ExportState.WAITING)
    #: Rows of the list when it was asked for; rows and bytes that are written.
    total = models.PositiveIntegerField()
    rows = models.PositiveIntegerField(default=0)
    size = models.BigIntegerField(default=0)
    #: What its owner might see when it was written (`reports.exports.long_files`).
    reach = models.CharField(max_length=64, blank=True)
    #: Customers that had been erased when it was begun: a file that is older than an erasure is not given out.
    erasures = models.PositiveIntegerField(default=0)
    #: How often it was begun. A worker that has been overtaken stops at its next part.
    attempt = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    #: Until when it is kept; null until it is ready.
    expires_at = models.DateTimeField(null=True, blank=True)
    #: Why there is no file, in words for its owner.
    problem = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["owner", "digest"], condition=Q(state__in=UNFINISHED), name="export_file_once"
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["id"], name="export_file_unfinished", condition=Q(state__in=UNFINISHED)),
            models.Index(fields=["expires_at"], name="export_file_ready", condition=Q(state="ready")),
            models.Index(fields=["asked_at"], name="export_file_asked"),
        ]

    def __str__(self) -> str:
        return self.file_name

    @property
    def is_unfinished(self) -> bool:
        return self.state in UNFINISHED

    @property
    def percent(self) -> int:
        """The share that is written; 100 only when it is ready."""
        if self.state == ExportState.READY:
            return 100
        return min(100 * self.rows // self.total, 99) if self.total else 0


class ExportPart(models.Model):
    """A piece of a file, in the database: any worker can write it, and any server can send it."""

    export_file = models.ForeignKey(
        ExportFile, on_delete=models.CASCADE, related_name="parts", db_index=False
    )
    number = models.PositiveIntegerField()
    content = models.BinaryField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["export_file", "number"], name="export_part_unique")
        ]

    def __str__(self) -> str:
        return f"Part {self.number} of {self.export_file_id}"
