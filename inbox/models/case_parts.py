"""Groups of a case's columns with their values: what was not sent, and whether the case is snoozed."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models


class Unsent(models.TextChoices):
    """The trouble with a case's answers. "" when there is none."""

    FAILED = "failed", "Not sent"
    UNCONFIRMED = "unconfirmed", "Unconfirmed"


class SnoozeFor(models.TextChoices):
    """Name what a snoozed case waits for. All of them end when the customer writes."""

    TIME = "time", "Snoozed"
    CUSTOMER = "customer", "Until the customer writes"
    COLLEAGUE = "colleague", "Until a colleague has acted"
    THIRD_PARTY = "third_party", "Waiting on a third party"


class WokeBy(models.TextChoices):
    """Name why a case is back in the lists."""

    TIME = "time", "It is time"
    CUSTOMER = "customer", "The customer wrote"
    TARGET = "target", "A target is near"
    COLLEAGUE = "colleague", "A colleague acted"
    MOVED = "moved", "It was handed on"


class SnoozeFields(models.Model):
    """The columns of a case that say whether it is snoozed, and why it came back.

    A case is snoozed while `snoozed_since` is set; a closed one never is. `snoozed_until` is null where no time was
    chosen. `snoozed_by` stays until that person was told that the case is back. `woke` stays until somebody acts.
    """

    snoozed_since = models.DateTimeField(null=True, blank=True)
    snoozed_until = models.DateTimeField(null=True, blank=True)
    snoozed_for = models.CharField(
        max_length=12, choices=SnoozeFor.choices, blank=True, default="", db_default=""
    )
    snoozed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        db_index=False,
    )
    woke = models.CharField(max_length=12, choices=WokeBy.choices, blank=True, default="", db_default="")

    class Meta:
        abstract: ClassVar = True
