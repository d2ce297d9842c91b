"""Guidance for a case: the learned router's suggestion of a department, and its progress through the playbook."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F

from accounts.models import Department
from inbox.models.case import Case
from routing.models import PlaybookVersion


class SuggestionState(models.TextChoices):
    OPEN = "open", "Open"
    ACCEPTED = "accepted", "Accepted"
    DECLINED = "declined", "Declined"


class RoutingSuggestion(models.Model):
    """The department to which a case may belong.

    With its probability (0 to 1) and the words that support it.
    """

    case = models.OneToOneField(Case, on_delete=models.CASCADE, related_name="suggestion")
    department = models.ForeignKey(Department, on_delete=models.CASCADE, related_name="+", db_index=False)
    probability = models.FloatField()
    words = models.JSONField(default=list, blank=True)
    #: The router's version.
    version = models.PositiveIntegerField()
    state = models.CharField(max_length=8, choices=SuggestionState.choices, default=SuggestionState.OPEN)
    at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        db_index=False,
    )

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="suggestion_is_probable", condition=models.Q(probability__gte=0, probability__lte=1)
            )
        ]

    def __str__(self) -> str:
        return f"Case {self.case_id} → {self.department_id}?"


class SecondLook(models.Model):
    """The single row that holds the last reviewed decision; see `inbox.decisions.second_opinion`."""

    decision_id = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"Weighed up to decision {self.decision_id}"


class CasePlaybook(models.Model):
    """The answers given about one case, and the version of the playbook that they belong to.

    This is the present state; the case's events hold its history.
    """

    case = models.OneToOneField(Case, on_delete=models.CASCADE, related_name="playbook")
    version = models.ForeignKey(PlaybookVersion, on_delete=models.PROTECT, related_name="+")
    #: The question at which a rule made it start, "" for the root.
    start = models.CharField(max_length=60, blank=True)
    #: In order: [{"question": key, "answer": key, "by": user id, "who": name, "at": ISO time}].
    answers = models.JSONField(default=list)
    #: The key of the outcome, "" while a question is open.
    outcome = models.CharField(max_length=60, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(
                F("finished_at").desc(), name="case_playbook_finished", condition=~models.Q(outcome="")
            )
        ]

    def __str__(self) -> str:
        return f"Playbook of case {self.case_id}"
