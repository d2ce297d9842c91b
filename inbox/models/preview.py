"""Previews of a draft of the rules on past messages: their progress and results."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.models import User


class PreviewState(models.TextChoices):
    """The states of a preview. Waiting and running can be cancelled; the others are final."""

    WAITING = "waiting", "Waiting for a worker"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    CANCELLED = "cancelled", "Stopped"
    FAILED = "failed", "Failed"


class RulePreviewQuerySet(models.QuerySet["RulePreview"]):
    def visible_to(self, user: User) -> RulePreviewQuerySet:
        """Return the user's own previews.

        The examples in a preview are messages that its owner may read; others may not.
        """
        return self.filter(by=user) if user.is_active else self.none()


class RulePreview(models.Model):
    """A draft of rules tried on inbound messages or on a file.

    `content` (a snapshot) is compared with version `live`, on the messages since `since` or on a file. The row holds
    everything that a worker needs to continue, written together with the result so far. `cursor` is the beginning of
    the next chunk, {"at", "id"} for messages and {} for files. `result`: see `inbox.previews.run`.
    """

    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    content = models.JSONField()
    revision = models.PositiveIntegerField(help_text="Of the draft that it was made from.")
    live = models.PositiveIntegerField()
    since = models.DateTimeField()
    file_name = models.CharField(max_length=200, blank=True)
    file = models.BinaryField(null=True)
    state = models.CharField(max_length=10, choices=PreviewState.choices, default=PreviewState.WAITING)
    total = models.PositiveIntegerField(null=True)
    done = models.PositiveIntegerField(default=0)
    cursor = models.JSONField(default=dict)
    result = models.JSONField(default=dict)
    error = models.CharField(max_length=300, blank=True)
    lease_token = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    objects = RulePreviewQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [
            models.Index(fields=["id"], name="preview_due", condition=Q(state__in=["waiting", "running"]))
        ]

    def __str__(self) -> str:
        return f"Preview {self.pk}"

    @property
    def is_over(self) -> bool:
        """True when the state is final."""
        return self.state not in (PreviewState.WAITING, PreviewState.RUNNING)

    @property
    def percent(self) -> int:
        """The finished share, 0 to 100."""
        if self.state == PreviewState.DONE:
            return 100
        return min(99, self.done * 100 // self.total) if self.total else 0
