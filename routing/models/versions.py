"""Base model of all numbered versions."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models


class Version(models.Model):
    """An immutable snapshot as JSON. The version with the highest number is live.

    `created_by` is None for the system.
    """

    number = models.PositiveIntegerField(unique=True)
    snapshot = models.JSONField()
    note = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        abstract = True
        ordering: ClassVar = ["-number"]
