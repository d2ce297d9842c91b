"""The playbook as people edit it, and the numbered versions that cases walk through.

A case keeps the version with which it began: what it was asked can always be read again.
"""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models


class Playbook(models.Model):
    """The one row that is edited: a draft that asks nobody anything until it is published.

    `revision` grows with every change; whoever edits an older one is refused.
    """

    snapshot = models.JSONField()
    revision = models.PositiveIntegerField(default=1)
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    def __str__(self) -> str:
        return f"Playbook, revision {self.revision}"


class PlaybookVersion(models.Model):
    """An immutable snapshot of the tree, as JSON (see `routing.playbook`). The highest number is live."""

    number = models.PositiveIntegerField(unique=True)
    snapshot = models.JSONField()
    note = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        ordering: ClassVar = ["-number"]

    def __str__(self) -> str:
        return f"Playbook, version {self.number}"
