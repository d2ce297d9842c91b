"""Messages of our own accounts that arrived before the message they answer."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from accounts.models import BrandAccount


class EarlyAnswer(models.Model):
    """A message of our own that answers a message which has not arrived yet (`inbox.ingest.early_answers`).

    It becomes a `Message` of the other message's case when that arrives. `look_at` is the time of the next check if it
    does not arrive.
    """

    brand_account = models.ForeignKey(
        BrandAccount, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    canonical_id = models.CharField(max_length=200)
    remote_id = models.CharField(max_length=200)
    thread_id = models.CharField(max_length=200, blank=True)
    parent_remote_id = models.CharField(max_length=200, blank=True)
    network_time = models.DateTimeField()
    edited_at = models.DateTimeField(null=True, blank=True)
    received_at = models.DateTimeField()
    look_at = models.DateTimeField()
    #: The other values of the message, under the names of `Message`'s columns.
    item = models.JSONField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["brand_account", "canonical_id"], name="early_answer_unique")
        ]
        indexes: ClassVar = [
            models.Index(fields=["brand_account", "parent_remote_id"], name="early_answer_parent"),
            models.Index(fields=["brand_account", "thread_id"], name="early_answer_thread"),
            models.Index(fields=["look_at"], name="early_answer_look"),
        ]

    def __str__(self) -> str:
        return f"Early answer {self.canonical_id}"
