"""The results of the sweeps for orphaned cases, kept for a week."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


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
