"""People who follow a case that somebody else works on."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

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
