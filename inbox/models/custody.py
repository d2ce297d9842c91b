"""The departments that held a case."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models import Department
from inbox.models.case import Case


class Custody(models.Model):
    """A department has a case from `sent_at` until `left_at`; `accepted_at` is the time when one of its people first
    acted.

    The intervals of a case follow each other without a gap, and their sum is its lifetime.
    """

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="custodies", db_index=False)
    department = models.ForeignKey(Department, on_delete=models.PROTECT, related_name="custodies")
    from_department = models.ForeignKey(
        Department, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    sent_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    left_at = models.DateTimeField(null=True, blank=True)
    #: When the row was written, by the clock of the database: for a moment after that it can be taken back.
    written_at = models.DateTimeField(null=True, blank=True, editable=False, db_default=Now())
    reason = models.CharField(max_length=300, blank=True)
    wrong_department = models.BooleanField(default=False)
    #: Begun by the second step of routing, before anybody had touched the case: not a hand-over between departments.
    routed = models.BooleanField(default=False, db_default=False)
    sent_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["case"], condition=Q(left_at__isnull=True), name="custody_one_holder"
            )
        ]
        indexes: ClassVar = [models.Index(fields=["case", "sent_at"], name="custody_case")]
        verbose_name_plural = "custodies"

    def __str__(self) -> str:
        return f"{self.department_id} has case {self.case_id}"
