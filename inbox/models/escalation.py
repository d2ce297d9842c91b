"""Events of the clocks of cases, each stored once, and the results of the sweeps for orphaned cases, kept for a week."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from inbox.models.case import Case


class Escalation(models.Model):
    """A pre-warning, a missed target or an escalation step of a clock.

    It belongs to one run of the clock (`step` as in `routing.service_levels.policies`). `started_at` is the time when
    the clock began: a changed target does not cause the same event again. `told` is False for an event that was
    already past when a new policy took effect: it is stored, but nobody is notified.
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


class Sweep(models.Model):
    """One check of every open case.

    `found`: orphaned cases, assigned to somebody who is gone or in a queue that nobody sees.
    """

    at = models.DateTimeField()
    open_cases = models.PositiveIntegerField()
    found = models.PositiveIntegerField()
    returned = models.PositiveIntegerField()
    moved = models.PositiveIntegerField()
    #: Still orphaned afterwards: no open department has anybody who could see them.
    remaining = models.PositiveIntegerField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["-at"], name="sweep_newest")]

    def __str__(self) -> str:
        return f"{self.found} of {self.open_cases} in limbo"
