"""Business hours, service levels, and the numbered versions that set the clocks.

A change to any of them publishes an `SLAVersion`: an immutable snapshot of the policies with their calendars. A case
stores the number of the version by which its due times were computed.
"""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.models import Department
from routing.models.rules import Priority
from routing.models.versions import Version

#: Ninety days round the clock: the longest target and the longest wait of an escalation, in business minutes.
LONGEST_MINUTES = 90 * 24 * 60


class Calendar(models.Model):
    """Named business hours; the hours themselves are in its versions."""

    name = models.CharField(max_length=80, unique=True)

    class Meta:
        ordering = ("name", "id")

    def __str__(self) -> str:
        return self.name


class CalendarVersion(models.Model):
    """Opening hours in force until the next version begins. Immutable.

    `content` is a snapshot as `routing.business_hours.calendar.compile_calendar` takes it. `in_force_from` is null
    for hours that have always been in force.
    """

    calendar = models.ForeignKey(Calendar, on_delete=models.CASCADE, related_name="versions", db_index=False)
    number = models.PositiveIntegerField()
    content = models.JSONField()
    in_force_from = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        ordering: ClassVar = ["calendar", "number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["calendar", "number"], name="calendar_version_unique")
        ]

    def __str__(self) -> str:
        return f"{self.calendar_id}, version {self.number}"


class SLAPolicy(models.Model):
    """Targets for matching cases, in business minutes.

    Policies are tried in order; the first match applies. Null in `department` or `priority`, or "" in `network`,
    means any. A clock without a target does not run. The pre-warning comes when `warning_percent` of a target is
    left, or `warning_minutes` where that is set. `steps` are the escalations after a missed target, as
    `routing.service_levels.versions.compile_step` takes them.
    """

    key = models.UUIDField(unique=True, editable=False)
    position = models.PositiveIntegerField()
    name = models.CharField(max_length=80)
    enabled = models.BooleanField(default=True)
    department = models.ForeignKey(
        Department, null=True, blank=True, on_delete=models.PROTECT, related_name="sla_policies"
    )
    priority = models.SmallIntegerField(choices=Priority.choices, null=True, blank=True)
    network = models.CharField(max_length=20, blank=True)
    calendar = models.ForeignKey(Calendar, on_delete=models.PROTECT, related_name="policies")
    first_response_minutes = models.PositiveIntegerField(null=True, blank=True)
    next_response_minutes = models.PositiveIntegerField(null=True, blank=True)
    resolution_minutes = models.PositiveIntegerField(null=True, blank=True)
    warning_percent = models.PositiveSmallIntegerField(default=25)
    warning_minutes = models.PositiveIntegerField(null=True, blank=True)
    steps = models.JSONField(default=list, blank=True)

    class Meta:
        ordering = ("position", "id")
        verbose_name = "SLA policy"
        verbose_name_plural = "SLA policies"

    @property
    def department_slug(self) -> str | None:
        """Slug of its department, None when the policy applies to all."""
        return self.department.slug if self.department else None

    def __str__(self) -> str:
        return self.name


class SLAVersion(Version):
    """The policies and their calendars (`routing.service_levels.versions.service_levels_snapshot`).

    `recomputed` counts the open cases, of `to_recompute` in all, whose clocks were computed by this version so far;
    `after_case` is the last case done, `recomputed_at` the time when the work was finished.
    """

    to_recompute = models.PositiveIntegerField(null=True, blank=True)
    recomputed = models.PositiveIntegerField(default=0)
    after_case = models.BigIntegerField(default=0)
    recomputed_at = models.DateTimeField(null=True, blank=True)

    class Meta(Version.Meta):
        indexes: ClassVar = [
            models.Index(fields=["number"], name="sla_unfinished", condition=Q(recomputed_at__isnull=True))
        ]

    def __str__(self) -> str:
        return f"SLA, version {self.number}"
