"""The playbook that people edit, and the numbered versions that cases use.

A case keeps the version with which it began, so that its questions can always be read again.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models

from routing.models.versions import Version


class Playbook(models.Model):
    """The single row that people edit: a draft of the playbook.

    No case uses it until it is published. `revision` grows with every change; an edit of an older revision is
    refused.
    """

    snapshot = models.JSONField()
    revision = models.PositiveIntegerField(default=1)
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    def __str__(self) -> str:
        return f"Playbook, revision {self.revision}"


class PlaybookVersion(Version):
    """A published tree of the playbook (see `routing.playbook.tree`)."""

    def __str__(self) -> str:
        return f"Playbook, version {self.number}"
