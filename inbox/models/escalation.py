"""What has happened to a clock of a case: each thing once, however often anybody looks."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from inbox.models.case import Case


class Escalation(models.Model):
    """A pre-warning, a missed target or an escalation step of a clock.

    It belongs to one run of the clock (`step` as in `routing.service_levels.policies`). `started_at` is when
    the clock began, so that a changed target does not tell the same thing again. `told` is false for what was
    past already when a new policy came into force: it is kept, and nobody is notified.
    """

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="escalations", db_index=False)
    clock = models.CharField(max_length=14)
    started_at = models.DateTimeField()
    step = models.PositiveSmallIntegerField()
    at = models.DateTimeField()
    told = models.BooleanField(default=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["case", "clock", "started_at", "step"], name="escalation_once")
        ]

    def __str__(self) -> str:
        return f"{self.clock} of case {self.case_id}, step {self.step}"
