"""Retention of the texts of closed cases: the setting, deletions because of it, and erased customers."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from inbox.models.customer import Customer

#: The shortest and the longest time for which texts may be kept, in days.
SHORTEST_KEPT, LONGEST_KEPT = 30, 3_650


class RetentionSetting(models.Model):
    """For how many days after its closing a case keeps its texts; the newest row counts. The database keeps all rows.

    The database sets `set_at` itself, and nothing is deleted by a row that is younger than a day.
    """

    #: Null keeps them for ever.
    days = models.PositiveSmallIntegerField(null=True, blank=True)
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    set_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(days__isnull=True) | Q(days__range=(SHORTEST_KEPT, LONGEST_KEPT)),
                name="retention_neither_hasty_nor_endless",
            )
        ]

    def __str__(self) -> str:
        return f"{self.days} days" if self.days else "for ever"


class Erasure(models.Model):
    """An administrator has erased what was kept of a customer. The database erases nobody without one, and keeps it."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return f"Erasure of customer {self.customer_id}"


class RetentionRun(models.Model):
    """One round of deleting what was kept long enough: its progress, and in the end what it deleted."""

    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    #: Texts of cases that were closed before this are deleted.
    cutoff = models.DateTimeField()
    cases = models.PositiveIntegerField(default=0)
    messages = models.PositiveIntegerField(default=0)
    #: Items that could not be read, and previews of rules with examples.
    quarantined = models.PositiveIntegerField(default=0)
    previews = models.PositiveIntegerField(default=0)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["-started_at"], name="retention_newest")]

    def __str__(self) -> str:
        return f"{self.cases} cases closed before {self.cutoff:%Y-%m-%d}"
