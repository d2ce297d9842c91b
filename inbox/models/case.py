"""Cases: what a customer wants of us, and where it stands."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q

from accounts.models import BrandAccount, Department, User
from inbox.models.case_parts import SnoozeFields, Unsent
from inbox.models.customer import Customer, Identity
from inbox.visibility import Visibility, case_scope


class Status(models.TextChoices):
    """Open: new, open, waiting. Closed (with `closed_at`): resolved, dismissed."""

    NEW = "new", "New"
    OPEN = "open", "Open"
    WAITING = "waiting", "Waiting on customer"
    RESOLVED = "resolved", "Resolved"
    DISMISSED = "dismissed", "Dismissed"


#: The department of messages that need no answer; no report counts its cases.
SPAM_DEPARTMENT = "spam"
#: The beginning of `close_reason` of a case whose messages went to another; that one's number follows.
MERGED_PREFIX = "Merged into case "


class CaseQuerySet(models.QuerySet["Case"]):
    def visible_to(self, user: User) -> CaseQuerySet:
        """Return the cases that a user sees by role (`inbox.visibility`).

        A forbidden case looks like an absent one.
        """
        return self.filter(case_scope(user).condition())

    def watched_by(self, user: User) -> CaseQuerySet:
        """Return the cases that a user watches and may read.

        Public ones in any department, direct ones only if the user sees them by role.
        """
        return self.filter(case_scope(user).watched_condition(user.pk))

    def open(self) -> CaseQuerySet:
        return self.filter(closed_at__isnull=True)

    def listed(self) -> CaseQuerySet:
        """Return the open cases of the ordinary lists: those that are not snoozed."""
        return self.open().filter(snoozed_since__isnull=True)

    def snoozed(self) -> CaseQuerySet:
        return self.open().filter(snoozed_since__isnull=False)

    def to_assign(self) -> CaseQuerySet:
        """Return unassigned open cases in which a customer waits.

        Historical and snoozed cases are left out.
        """
        return self.listed().filter(assignee__isnull=True, waiting_since__isnull=False, historical=False)

    def unanswered(self) -> CaseQuerySet:
        """Return open cases that lack a needed answer."""
        return self.filter(closed_at__isnull=True, exchange_from__isnull=False)

    def over_target(self, now: dt.datetime) -> CaseQuerySet:
        """Return unanswered cases past the target of their service level."""
        due = Q(next_response_due_at__lt=now) | Q(first_response_at=None, first_response_due_at__lt=now)
        return self.unanswered().filter(due, next_due_at__lt=now)

    def unsent(self) -> CaseQuerySet:
        """Return cases with an answer that was not sent or confirmed."""
        return self.filter(unsent_since__isnull=False)

    def closed(self) -> CaseQuerySet:
        return self.filter(closed_at__isnull=False)


class Case(SnoozeFields):
    """One customer, one brand account, one issue; all its messages are public, or all are direct.

    `version` grows with every change, including a new message of the customer; an action on an older version is
    refused. `activity_at` orders queues: the time when the customer last wrote, or when the case was opened.
    """

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="cases", db_index=False)
    identity = models.ForeignKey(Identity, on_delete=models.PROTECT, related_name="cases")
    brand_account = models.ForeignKey(
        BrandAccount, on_delete=models.PROTECT, related_name="cases", db_index=False
    )
    network = models.CharField(max_length=20)
    visibility = models.CharField(max_length=8, choices=Visibility.choices)
    thread_id = models.CharField(max_length=200, blank=True)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.NEW)
    department = models.ForeignKey(Department, on_delete=models.PROTECT, related_name="cases", db_index=False)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="cases"
    )
    priority = models.SmallIntegerField(default=0)
    tags = models.JSONField(default=list, blank=True)
    version = models.PositiveIntegerField(default=1)
    #: The beginning of the customer's last message, shown in rows.
    preview = models.CharField(max_length=240, blank=True)
    #: How the customer's last message was read: its tone, language and urgency, by which lists are narrowed. Ingest writes
    #: them with the case; for all other writers of messages the database does (`inbox_case_read` in a migration).
    sentiment = models.CharField(max_length=8, blank=True, default="", db_default="")
    language = models.CharField(max_length=8, blank=True, default="", db_default="")
    urgency = models.PositiveSmallIntegerField(default=0, db_default=0)
    #: A message of the customer has a picture, a video or another attachment.
    has_media = models.BooleanField(default=False, db_default=False)
    message_count = models.PositiveIntegerField(default=0)
    #: Back-filled when the brand account was connected: not part of rates and clocks.
    historical = models.BooleanField(default=False)
    needs_answer = models.BooleanField(default=True)

    #: The time when the first message that is not history reached Horseshoe (of a historical case: its first message).
    #: `opened_at` is the network's time of the first message, history included.
    created_at = models.DateTimeField()
    opened_at = models.DateTimeField()
    activity_at = models.DateTimeField()
    last_inbound_at = models.DateTimeField(null=True, blank=True)
    last_outbound_at = models.DateTimeField(null=True, blank=True)
    #: The time since which the customer has been waiting for us; null while we wait for the customer.
    waiting_since = models.DateTimeField(null=True, blank=True)
    first_response_at = models.DateTimeField(null=True, blank=True)
    first_resolved_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    close_reason = models.CharField(max_length=200, blank=True)
    reopen_count = models.PositiveSmallIntegerField(default=0)
    #: How many times a department received it again after having had it (ping-pong).
    returned_count = models.PositiveSmallIntegerField(default=0, db_default=0)
    #: The learned router's suggestion as shown on rows and pages: "Billing? 62%"; "" if there is none, or it is
    #: settled.
    hint = models.CharField(max_length=100, blank=True, default="", db_default="")
    #: Set while an answer of ours was not sent or nobody knows whether it was (`inbox.replies.unsent`), and since when.
    unsent = models.CharField(max_length=12, choices=Unsent.choices, blank=True, default="", db_default="")
    unsent_since = models.DateTimeField(null=True, blank=True)
    #: When the texts of a closed case were deleted (`inbox.retention`). The database clears it with the next change.
    erased_at = models.DateTimeField(null=True, blank=True)
    #: Set by the SLA policies; null where none applies.
    first_response_due_at = models.DateTimeField(null=True, blank=True)
    next_response_due_at = models.DateTimeField(null=True, blank=True)
    resolution_due_at = models.DateTimeField(null=True, blank=True)
    #: The time when the first unanswered message that needs an answer reached us: the start of the running response
    #: clock.
    exchange_from = models.DateTimeField(null=True, blank=True)
    #: The time since which the resolution clock has been running, null while it is paused, and the business seconds
    #: that it ran before.
    resolution_from = models.DateTimeField(null=True, blank=True)
    resolution_used = models.PositiveIntegerField(default=0, db_default=0)
    #: The earliest due time of the running clocks, and the time of the next event of any of them.
    next_due_at = models.DateTimeField(null=True, blank=True)
    next_clock_at = models.DateTimeField(null=True, blank=True)
    #: The `routing.models.SLAVersion` by which the clocks were set.
    sla_version = models.PositiveIntegerField(null=True, blank=True)

    objects = CaseQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="case_closed_has_time",
                condition=Q(status__in=["resolved", "dismissed"], closed_at__isnull=False)
                | Q(status__in=["new", "open", "waiting"], closed_at__isnull=True),
            )
        ]
        indexes: ClassVar = [
            models.Index(
                F("department"), F("activity_at").desc(), F("id").desc(),
                name="case_open_department", condition=Q(closed_at__isnull=True),
            ),
            models.Index(
                F("activity_at").desc(), F("id").desc(), name="case_open_all", condition=Q(closed_at__isnull=True)
            ),
            models.Index(
                F("brand_account"), F("activity_at").desc(), F("id").desc(),
                name="case_open_brand", condition=Q(closed_at__isnull=True),
            ),
            models.Index(
                F("assignee"), F("activity_at").desc(), F("id").desc(),
                name="case_open_assignee", condition=Q(closed_at__isnull=True, assignee__isnull=False),
            ),
            # The order in which cases are assigned or taken: most urgent first.
            models.Index(
                F("department"), F("priority").desc(), F("waiting_since"), F("id"), name="case_to_assign",
                condition=Q(
                    closed_at__isnull=True, assignee__isnull=True, waiting_since__isnull=False, historical=False
                ),
            ),
            models.Index(
                F("department"), F("closed_at").desc(), F("id").desc(),
                name="case_closed_department", condition=Q(closed_at__isnull=False),
            ),
            models.Index(
                F("closed_at").desc(), F("id").desc(),
                name="case_closed_all", condition=Q(closed_at__isnull=False),
            ),
            models.Index(
                F("department"), F("next_due_at"), F("id"),
                name="case_due_department", condition=Q(closed_at__isnull=True, next_due_at__isnull=False),
            ),
            models.Index(
                F("closed_at"), F("id"), name="case_with_texts",
                condition=Q(closed_at__isnull=False, erased_at__isnull=True),
            ),
            models.Index(
                fields=["next_clock_at"],
                name="case_next_clock", condition=Q(closed_at__isnull=True, next_clock_at__isnull=False),
            ),
            models.Index(
                F("unsent_since").desc(), F("id").desc(),
                name="case_unsent", condition=Q(unsent_since__isnull=False),
            ),
            models.Index(
                fields=["snoozed_until"],
                name="case_snoozed", condition=Q(closed_at__isnull=True, snoozed_since__isnull=False),
            ),
            # Cases that are back, whose snoozers are still to be told.
            models.Index(
                fields=["id"],
                name="case_woken", condition=Q(snoozed_since__isnull=True, snoozed_by__isnull=False),
            ),
            models.Index(fields=["customer", "brand_account", "visibility"], name="case_threading"),
            # An index of all cases. With an index of only the tagged ones, each query would have to repeat its
            # condition; Postgres would then expect too few rows and read every row of a common tag. A case without
            # tags takes almost no space here.
            GinIndex(fields=["tags"], name="case_tags", opclasses=["jsonb_path_ops"]),
            models.Index(fields=["created_at"], name="case_created"),
            models.Index(
                fields=["department", "exchange_from"], name="case_unanswered",
                condition=Q(closed_at__isnull=True, exchange_from__isnull=False)),
            # Cases in which a clock runs: reports ask which are overdue now.
            models.Index(
                fields=["department", "created_at"],
                name="case_clocks",
                condition=Q(
                    Q(first_response_due_at__isnull=False)
                    | Q(next_response_due_at__isnull=False)
                    | Q(resolution_due_at__isnull=False),
                    closed_at__isnull=True,
                ),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"Case {self.pk}"

    @property
    def is_open(self) -> bool:
        return self.closed_at is None

    @property
    def is_merged(self) -> bool:
        """True for an emptied case: its messages are in another."""
        return self.closed_at is not None and self.close_reason.startswith(MERGED_PREFIX)
