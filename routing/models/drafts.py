"""A person's edits that are not live yet."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class RuleDraft(models.Model):
    """The rules as edited by one person, not live yet.

    They are published together or discarded. `content` is a snapshot (`routing.rules.store.build_rules_snapshot`),
    `based_on` the number of the version that the draft began from, 0 when there was none. `revision` grows with every
    edit, so that results about an earlier state of the draft can be recognized as outdated.
    """

    by = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="rule_draft")
    content = models.JSONField()
    based_on = models.PositiveIntegerField()
    revision = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        ordering = ("-updated_at",)

    def __str__(self) -> str:
        return f"Draft of {self.by_id}"
