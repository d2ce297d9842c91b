"""Canned answers: texts that are kept to be used again, in several languages, and how often they were sent."""

from __future__ import annotations

from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.access import viewer
from accounts.models import Department, Role, User


class CannedScope(models.TextChoices):
    """Say who may use a canned answer."""

    PERSON = "person", "Only its owner"
    DEPARTMENT = "department", "A department"
    COMPANY = "company", "Everybody"


class CannedAnswerQuerySet(models.QuerySet["CannedAnswer"]):
    def visible_to(self, user: User) -> Self:
        """Return what the person may read and use, archived ones included.

        Their own, the company's, and those of their departments; of all departments for administrators and community
        managers, whose cases belong to any of them.
        """
        who = viewer(user)
        if not who.may("canned_answers"):
            return self.none()
        shared = ~Q(scope=CannedScope.PERSON)
        if user.role not in (Role.ADMINISTRATOR, Role.COMMUNITY):
            shared = Q(scope=CannedScope.COMPANY) | Q(department__in=who.department_ids)
        return self.filter(Q(owner=user) | shared)


class CannedAnswer(models.Model):
    """A text to be used again, found by its shortcut. `version` grows with every change."""

    title = models.CharField(max_length=120)
    #: In lower case, without the ";" that people type before it.
    shortcut = models.CharField(max_length=40)
    scope = models.CharField(max_length=10, choices=CannedScope.choices)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="canned_answers",
    )
    department = models.ForeignKey(
        Department, null=True, blank=True, on_delete=models.PROTECT, related_name="canned_answers"
    )
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )  # fmt: skip
    archived_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    objects = CannedAnswerQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="canned_answer_of_somebody",
                condition=Q(scope="person", owner__isnull=False, department__isnull=True)
                | Q(scope="department", owner__isnull=True, department__isnull=False)
                | Q(scope="company", owner__isnull=True, department__isnull=True),
            ),
            # Each shortcut once for a person, for a department, for the company; archived ones leave theirs to others.
            models.UniqueConstraint(
                fields=["shortcut", "owner"],
                name="canned_answer_shortcut_person",
                condition=Q(archived_at__isnull=True, scope="person"),
            ),
            models.UniqueConstraint(
                fields=["shortcut", "department"],
                name="canned_answer_shortcut_dept",
                condition=Q(archived_at__isnull=True, scope="department"),
            ),
            models.UniqueConstraint(
                fields=["shortcut"],
                name="canned_answer_shortcut_company",
                condition=Q(archived_at__isnull=True, scope="company"),
            ),
        ]

    def __str__(self) -> str:
        return self.title


class CannedText(models.Model):
    """The text of a canned answer in one language; `network` is "" for all that have no text of their own."""

    answer = models.ForeignKey(CannedAnswer, on_delete=models.CASCADE, related_name="texts", db_index=False)
    language = models.CharField(max_length=8)
    network = models.CharField(max_length=16, blank=True)
    text = models.TextField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["answer", "language", "network"], name="canned_text_once")
        ]

    def __str__(self) -> str:
        return f"Text {self.pk} of canned answer {self.answer_id}"


class CannedUse(models.Model):
    """Count how often a person sent a canned answer in a month, by the company's calendar."""

    answer = models.ForeignKey(CannedAnswer, on_delete=models.CASCADE, related_name="uses", db_index=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    #: The first day of the month.
    month = models.DateField()
    count = models.PositiveIntegerField(default=0)
    last_used_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["answer", "user", "month"], name="canned_use_once_a_month")
        ]

    def __str__(self) -> str:
        return f"Canned answer {self.answer_id}, {self.month:%Y-%m}: {self.count}"
