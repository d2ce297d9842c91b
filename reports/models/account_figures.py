"""The figures of brand accounts for the presence review: a cache that is counted again every half hour."""

from __future__ import annotations

from django.db import models

from accounts.models import BrandAccount


class AccountFigures(models.Model):
    """The public messages of one brand account in the last weeks; see `reports.presence.counting`."""

    brand_account = models.OneToOneField(
        BrandAccount, on_delete=models.CASCADE, primary_key=True, related_name="figures"
    )
    counted_at = models.DateTimeField()
    messages = models.PositiveIntegerField()
    needing = models.PositiveIntegerField()
    answered = models.PositiveIntegerField()
    #: The newest message of a customer, however long ago.
    last_message_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "figures of accounts"

    def __str__(self) -> str:
        return f"Figures of {self.brand_account_id}"
