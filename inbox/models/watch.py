"""What a person wants to hear of a case: watches and reminders."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from inbox.models.case import Case


class Watch(models.Model):
    """A person watches a case until it is closed. `off`: they have chosen not to watch it."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="watches", db_index=False
    )
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="watches")
    since = models.DateTimeField()
    off = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["user", "case"], name="watch_once")]
        verbose_name_plural = "watches"

    def __str__(self) -> str:
        return f"{self.user_id} watches case {self.case_id}"


class Reminder(models.Model):
    """A note of a person to themselves about a case, for a time. `told_at`: when the notice of it was written."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="reminders", db_index=False
    )
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="+")
    note = models.CharField(max_length=200, blank=True)
    due_at = models.DateTimeField()
    created_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["due_at"], name="reminder_due", condition=Q(told_at__isnull=True)),
            models.Index(fields=["user", "due_at"], name="reminder_list"),
        ]

    def __str__(self) -> str:
        return f"Reminder of {self.user_id} on case {self.case_id}"
