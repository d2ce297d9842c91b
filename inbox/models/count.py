"""The stored counts of open cases."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from accounts.models import BrandAccount, Department


class CaseCount(models.Model):
    """The number of open cases, stored: the sum of `delta` by department, brand account, visibility and assignee.

    Written only by statement-level triggers on `inbox_case`, so that no code path can forget it. Rows are appended,
    not updated, so that no two transactions wait for one row. `inbox.queue.counts` folds the rows.
    """

    department = models.ForeignKey(
        Department, on_delete=models.CASCADE, db_constraint=False, related_name="+", db_index=False
    )
    brand_account = models.ForeignKey(
        BrandAccount, on_delete=models.CASCADE, db_constraint=False, related_name="+", db_index=False
    )
    visibility = models.CharField(max_length=8)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.CASCADE,
        db_constraint=False,
        related_name="+",
        db_index=False,
    )
    delta = models.IntegerField()

    def __str__(self) -> str:
        return f"{self.delta:+d}"
