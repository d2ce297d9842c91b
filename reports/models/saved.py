"""Saved reports: a name for a board with its selection, who is sent it, and links for guests."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from accounts.models import Department

#: Characters of a saved selection.
LONGEST_QUERY = 2000


class SavedReport(models.Model):
    """A board with period, comparison and filters. Private to its owner, or shared with a department."""

    name = models.CharField(max_length=80)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_reports"
    )
    #: The name of the board (`reports.dashboards.boards`).
    board = models.CharField(max_length=40)
    #: The selection as a query string (`Selection.as_query`).
    query = models.CharField(max_length=LONGEST_QUERY, blank=True)
    department = models.ForeignKey(
        Department, null=True, blank=True, on_delete=models.SET_NULL, related_name="saved_reports"
    )
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class Cadence(models.TextChoices):
    DAILY = "daily", "every day"
    WEEKLY = "weekly", "every Monday"
    MONTHLY = "monthly", "on the 1st of a month"


class ReportSchedule(models.Model):
    """The schedule of a mailed report, and its receivers; `due_at` is the next time."""

    report = models.OneToOneField(SavedReport, on_delete=models.CASCADE, related_name="schedule")
    cadence = models.CharField(max_length=8, choices=Cadence.choices)
    #: The hour of the day, in the company's time zone.
    hour = models.PositiveSmallIntegerField(default=8)
    recipients: models.ManyToManyField[models.Model, models.Model] = models.ManyToManyField(
        settings.AUTH_USER_MODEL, related_name="+"
    )
    due_at = models.DateTimeField()
    #: The address of the company's Horseshoe, as whoever set it up used it.
    site = models.CharField(max_length=200)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["due_at"], name="schedule_due")]

    def __str__(self) -> str:
        return f"{self.report} {self.get_cadence_display()}"


class DeliveryState(models.TextChoices):
    WAITING = "waiting", "waiting"
    SENDING = "sending", "being sent"
    SENT = "sent", "sent"
    FAILED = "failed", "not sent"


class ReportDelivery(models.Model):
    """One mail to one person for one due time: the constraint is why nobody gets it twice."""

    report = models.ForeignKey(SavedReport, on_delete=models.CASCADE, related_name="deliveries")
    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    due_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=DeliveryState.choices, default=DeliveryState.WAITING)
    #: When it was last taken up, sent or given up.
    at = models.DateTimeField()
    #: Why it was not sent, in words for the owner.
    problem = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["report", "recipient", "due_at"], name="delivery_once")
        ]
        indexes: ClassVar = [
            models.Index(fields=["at"], name="delivery_waiting", condition=Q(state="waiting")),
        ]

    def __str__(self) -> str:
        return f"{self.report} for {self.recipient}: {self.state}"


class ReportLink(models.Model):
    """A link by which a guest reads a report until it expires. The token itself is stored nowhere."""

    report = models.ForeignKey(SavedReport, on_delete=models.CASCADE, related_name="links")
    token_hash = models.CharField(max_length=64, unique=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    opened_count = models.PositiveIntegerField(default=0)
    opened_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(name="link_expires", condition=Q(expires_at__gt=F("created_at")))
        ]

    def __str__(self) -> str:
        return f"{self.report} until {self.expires_at:%Y-%m-%d}"
