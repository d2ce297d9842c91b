"""Macros: steps that are kept to be done with a case in one go, and each time that somebody did."""

from __future__ import annotations

from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.access import viewer
from accounts.models import Department, Role, User
from inbox.models.canned_answer import CannedScope
from inbox.models.case import Case


class StepKind(models.TextChoices):
    """Name what a step does to a case."""

    ANSWER = "answer", "Answer"
    NOTE = "note", "Write a note"
    TAG = "tag", "Tag"
    UNTAG = "untag", "Remove a tag"
    PRIORITISE = "prioritise", "Set the priority"
    TAKE = "take", "Take it"
    ASSIGN = "assign", "Assign"
    HAND_OVER = "hand_over", "Hand over"
    SNOOZE = "snooze", "Snooze"
    RESOLVE = "resolve", "Resolve"
    DISMISS = "dismiss", "Dismiss without an answer"


class MacroQuerySet(models.QuerySet["Macro"]):
    def visible_to(self, user: User) -> Self:
        """Return what the person may read, archived ones included: as with canned answers."""
        who = viewer(user)
        if not who.may("macros"):
            return self.none()
        shared = ~Q(scope=CannedScope.PERSON)
        if user.role not in (Role.ADMINISTRATOR, Role.COMMUNITY):
            shared = Q(scope=CannedScope.COMPANY) | Q(department__in=who.department_ids)
        return self.filter(Q(owner=user) | shared)


class Macro(models.Model):
    """Steps in their order, each {"kind", "choice", "text", "name"}. `version` grows with every change.

    `choice` is the id or key of what was chosen, `name` how that was called when the macro was saved.
    """

    title = models.CharField(max_length=120)
    scope = models.CharField(max_length=10, choices=CannedScope.choices)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="macros"
    )
    department = models.ForeignKey(
        Department, null=True, blank=True, on_delete=models.PROTECT, related_name="macros"
    )
    steps = models.JSONField(default=list)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )  # fmt: skip
    archived_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    objects = MacroQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="macro_of_somebody",
                condition=Q(scope="person", owner__isnull=False, department__isnull=True)
                | Q(scope="department", owner__isnull=True, department__isnull=False)
                | Q(scope="company", owner__isnull=True, department__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return self.title


class MacroRun(models.Model):
    """One time that a person ran a macro on a case: the versions of the case that its steps created.

    `key` is that of the form, so that a form that arrives twice runs the macro once.
    """

    macro = models.ForeignKey(Macro, on_delete=models.CASCADE, related_name="runs", db_index=False)
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="+")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    key = models.UUIDField(unique=True)
    at = models.DateTimeField()
    first_version = models.PositiveIntegerField(default=0)
    last_version = models.PositiveIntegerField(default=0)
    undone_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["macro", "at"], name="macro_run_uses")]

    def __str__(self) -> str:
        return f"Macro {self.macro_id} on case {self.case_id}"
