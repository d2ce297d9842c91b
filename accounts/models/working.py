"""Skills and leave, which decide who may be given work."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower


class Skill(models.Model):
    """Something that only some people can do, such as refunds or coffee machines. Rules refer to it by its key."""

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=60)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(Lower("name"), name="skill_name_ci_unique")]
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class LeaveQuerySet(models.QuerySet["Leave"]):
    def covering(self, day: dt.date) -> LeaveQuerySet:
        """Narrow to the leaves that include `day`.

        `day` is a date in the display time zone.
        """
        return self.filter(starts_on__lte=day, ends_on__gte=day)

    def ending_from(self, day: dt.date) -> LeaveQuerySet:
        """Narrow to leaves that end on `day` or later: current and planned ones."""
        return self.filter(ends_on__gte=day)


class Leave(models.Model):
    """Days on which a person gets no work, the last one included. Their open cases go to `substitute`."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="leaves")
    starts_on = models.DateField()
    ends_on = models.DateField()
    substitute = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects = LeaveQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="leave_ends_after_start"),
            models.CheckConstraint(
                condition=Q(substitute__isnull=True) | ~Q(substitute=F("user")), name="leave_substitute_other"
            ),
        ]
        ordering = ("starts_on", "id")

    def __str__(self) -> str:
        return f"Leave of {self.user_id} from {self.starts_on}"
