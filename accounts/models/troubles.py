"""Troubles of brand accounts that people are told about, each once."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from accounts.models.brand_accounts import BrandAccount


class TroubleKind(models.TextChoices):
    """The kinds of trouble, the worst first."""

    REAUTHORISE = "reauthorise", "Needs to be connected again"
    PERMISSION = "permission", "Missing permission"
    NOT_FETCHED = "not_fetched", "Not fetched"
    CANNOT_READ = "cannot_read", "Not everything can be read"
    GAP = "gap", "Possible gap"
    UNREADABLE = "unreadable", "Unreadable messages"


class Trouble(models.Model):
    """One trouble of a brand account, from when it was found until it is over.

    A brand account has at most one open trouble of each kind. What it says is derived anew on every page
    (`accounts.brand_accounts.state`).
    """

    brand_account = models.ForeignKey(BrandAccount, on_delete=models.CASCADE, related_name="troubles")
    kind = models.CharField(max_length=12, choices=TroubleKind.choices)
    #: When it began, as far as that is known.
    since = models.DateTimeField()
    #: The number of unreadable messages; 0 for the other kinds.
    items = models.PositiveIntegerField(default=0)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["brand_account", "kind"], condition=Q(ended_at__isnull=True), name="trouble_open_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.brand_account_id}"
