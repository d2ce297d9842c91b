"""The progress of cases through the playbook."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F

from inbox.models.case import Case
from routing.models import PlaybookVersion


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
