"""Approval of answers: the rules, new people, who may approve besides managers, and each request."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from accounts.models import BrandAccount, Department
from inbox.models.reply import Reply


class ApprovalRule(models.Model):
    """Say which answers need approval: those that meet all conditions of one rule."""

    #: The department that has the case; null for all, which only administrators choose.
    department = models.ForeignKey(
        Department, null=True, blank=True, on_delete=models.CASCADE, related_name="approval_rules"
    )
    brand_account = models.ForeignKey(
        BrandAccount, null=True, blank=True, on_delete=models.CASCADE, related_name="approval_rules"
    )
    min_followers = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(1_000_000_000)]
    )
    customer_tag = models.CharField(max_length=40, blank=True)
    case_tag = models.CharField(max_length=40, blank=True)
    #: The key of a word list of the live rules (`routing.conditions.word_lists`).
    word_list = models.CharField(max_length=80, blank=True)
    public_only = models.BooleanField(default=False)
    is_on = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )  # fmt: skip
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="approval_rule_has_condition",
                condition=Q(department__isnull=False)
                | Q(brand_account__isnull=False)
                | Q(min_followers__isnull=False)
                | ~Q(customer_tag="")
                | ~Q(case_tag="")
                | ~Q(word_list=""),
            )
        ]

    def __str__(self) -> str:
        return f"Approval rule {self.pk}"


class Ramp(models.Model):
    """A person who is new: their answers need approval until so many of them were approved."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="ramp")
    needed = models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(500)])
    approved = models.PositiveSmallIntegerField(default=0)
    started_at = models.DateTimeField()
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )  # fmt: skip

    def __str__(self) -> str:
        return f"{self.user}: {self.approved} of {self.needed}"

    @property
    def is_over(self) -> bool:
        """True once enough answers were approved."""
        return self.approved >= self.needed


class Approver(models.Model):
    """A person who may approve answers of a department, as its managers may anyway."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="approves", db_index=False
    )
    department = models.ForeignKey(Department, on_delete=models.CASCADE, related_name="approvers")
    given_at = models.DateTimeField()
    given_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )  # fmt: skip

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["user", "department"], name="approver_once")]

    def __str__(self) -> str:
        return f"{self.user} approves for {self.department}"


class ApprovalState(models.TextChoices):
    """The states of a request. All but the first are final, except that an approval is undone while it is not sent."""

    PENDING = "pending", "Waits for approval"
    APPROVED = "approved", "Approved"
    CHANGES = "changes", "Changes asked for"
    DECLINED = "declined", "Declined"
    WITHDRAWN = "withdrawn", "Withdrawn"
    OVERTAKEN = "overtaken", "Overtaken"


class Approval(models.Model):
    """A request to approve an answer, and what came of it. It is pending as long as its answer is."""

    reply: models.OneToOneField[Reply, Reply] = models.OneToOneField(
        Reply, on_delete=models.CASCADE, related_name="approval"
    )
    state = models.CharField(max_length=12, choices=ApprovalState.choices, default=ApprovalState.PENDING)
    #: Why it needs approval, in sentences.
    reasons: models.JSONField[list[str], list[str]] = models.JSONField(default=list)
    asked_at = models.DateTimeField()
    #: Who wrote its text as it stands: they do not approve it either.
    text_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )  # fmt: skip
    decided_at = models.DateTimeField(null=True, blank=True)
    #: What whoever decided wrote to the author, or what overtook it.
    words = models.CharField(max_length=500, blank=True)
    #: The author's text, where whoever approved it edited it; else "".
    asked_text = models.TextField(blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="approval_decided_by_another",
                condition=~Q(state="approved") | ~Q(decided_by=F("text_by")),
            )
        ]
        indexes: ClassVar = [models.Index(fields=["decided_by", "decided_at"], name="approval_decided")]

    def __str__(self) -> str:
        return f"Approval of reply {self.reply_id}: {self.state}"

    @property
    def is_edited(self) -> bool:
        """True if whoever approved it changed its text."""
        return bool(self.asked_text)
