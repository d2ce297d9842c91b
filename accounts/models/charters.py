"""Charters, reviews and sunsets of brand accounts. The database keeps what was signed as it was signed.

Names are those of then; ids of people have no foreign key, so that a row outlives whom it names.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q

from accounts.models.brand_accounts import BrandAccount


class _Signed(models.Model):
    """A row with a signature: who, and when."""

    at = models.DateTimeField()
    person_id = models.BigIntegerField(null=True, blank=True)
    person_name = models.CharField(max_length=200)

    class Meta:
        abstract = True


class CharterSignature(_Signed):
    """A charter as it was signed."""

    brand_account = models.ForeignKey(BrandAccount, on_delete=models.PROTECT, related_name="signatures")
    until = models.DateTimeField()
    owner_name = models.CharField(max_length=200, blank=True)
    purpose = models.TextField()
    audience = models.TextField()
    objective = models.TextField()
    persona = models.TextField(blank=True)
    promised_response = models.DurationField()

    class Meta:
        indexes: ClassVar = [models.Index("brand_account", F("at").desc(), name="signature_newest")]

    def __str__(self) -> str:
        return f"Charter of {self.brand_account_id}, {self.person_name}"


class ReviewDecision(models.TextChoices):
    KEEP = "keep", "Keep"
    REFOCUS = "refocus", "Refocus"
    SUNSET = "sunset", "Sunset"


class AccountReview(_Signed):
    """One decision about a brand account: keep, refocus or sunset. `quarter` is "2026-Q4"."""

    brand_account = models.ForeignKey(BrandAccount, on_delete=models.PROTECT, related_name="reviews")
    quarter = models.CharField(max_length=7)
    decision = models.CharField(max_length=8, choices=ReviewDecision.choices)
    reason = models.TextField()
    #: What the page said when it was decided: {"Messages": "318", …}
    figures: models.JSONField[dict[str, str], dict[str, str]] = models.JSONField(default=dict, blank=True)

    class Meta:
        indexes: ClassVar = [models.Index("brand_account", F("at").desc(), name="review_newest")]

    def __str__(self) -> str:
        return f"{self.get_decision_display()} {self.brand_account_id}, {self.quarter}"


class SunsetStep(models.IntegerChoices):
    """The steps of a sunset, in order."""

    ANNOUNCE = 1, "Announce"
    REDIRECT = 2, "Redirect"
    DRAIN = 3, "Drain"
    LISTEN = 4, "Listen"
    ARCHIVE = 5, "Archive"
    REVOKE = 6, "Revoke"


class Sunset(models.Model):
    """The way of a brand account out, as far as it has come. One is under way at most."""

    brand_account = models.ForeignKey(BrandAccount, on_delete=models.PROTECT, related_name="sunsets")
    begun_at = models.DateTimeField()
    #: The step to be completed next.
    step = models.PositiveSmallIntegerField(choices=SunsetStep.choices, default=SunsetStep.ANNOUNCE)
    #: The first of the two signatures that revoking needs.
    first_signer_id = models.BigIntegerField(null=True, blank=True)
    first_signer_name = models.CharField(max_length=200, blank=True)
    first_signed_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["brand_account"], condition=Q(ended_at__isnull=True), name="sunset_under_way_once"
            )
        ]

    def __str__(self) -> str:
        return f"Sunset of {self.brand_account_id}"


class SunsetAct(models.TextChoices):
    BEGUN = "begun", "began"
    DONE = "done", "completed"
    UNDONE = "undone", "took back"
    SIGNED = "signed", "signed first"
    WITHDRAWN = "withdrawn", "took the first signature back"
    STOPPED = "stopped", "stopped"


class SunsetEvent(_Signed):
    """One act of a sunset. `before` has what the act changed, so that it can be taken back."""

    sunset = models.ForeignKey(Sunset, on_delete=models.PROTECT, related_name="events")
    step = models.PositiveSmallIntegerField(choices=SunsetStep.choices)
    act = models.CharField(max_length=10, choices=SunsetAct.choices)
    note = models.TextField(blank=True)
    before: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ("at", "pk")

    def __str__(self) -> str:
        return f"{self.person_name} {self.get_act_display()} {self.get_step_display()}"
