"""The stored counts of open cases, and of cases with an answer that was not sent."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from accounts.models import BrandAccount, Department


class CaseCount(models.Model):
    """The number of open cases, stored: the sum of `delta` by department, brand account, visibility and assignee.

    The sum of `unsent_delta` is the number of cases, open or closed, with an answer that was not sent, that of
    `snoozed_delta` the number of open cases that are snoozed: `delta` counts these, too.

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
    unsent_delta = models.IntegerField(default=0, db_default=0)
    snoozed_delta = models.IntegerField(default=0, db_default=0)

    def __str__(self) -> str:
        return f"{self.delta:+d}"
