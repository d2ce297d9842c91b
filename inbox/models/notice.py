"""What a person is told about a case, apart from what the case's history says to everybody."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from inbox.models.case import Case


class NoticeKind(models.TextChoices):
    DUE_SOON = "due_soon", "Due soon"
    BREACHED = "breached", "Promise missed"
    ASSIGNED = "assigned", "Assigned to you"
    BOUNCED = "bounced", "Came back"
    PING_PONG = "ping_pong", "Sent to and fro"
    SOLVED = "solved", "Solved"
    DISMISSED = "dismissed", "Dismissed"


class Notice(models.Model):
    """One line for one person, who reads it once. `key` makes telling idempotent: the same thing is told once."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notices", db_index=False
    )
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=12, choices=NoticeKind.choices)
    text = models.CharField(max_length=300)
    key = models.CharField(max_length=120)
    at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["user", "key"], name="notice_once")]
        indexes: ClassVar = [
            models.Index(F("user"), F("at").desc(), F("id").desc(), name="notice_newest"),
            models.Index(fields=["user"], name="notice_unread", condition=Q(read_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} for {self.user_id}"
