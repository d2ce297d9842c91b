"""The outbox, drafts that people have not sent yet, and answers of ours that arrived before their questions."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q, Value

from accounts.models import BrandAccount
from inbox.models.case import Case
from inbox.models.message import Message


class ReplyState(models.TextChoices):
    """The states of an answer: queued → sending → sent, failed or unconfirmed.

    One that needs approval is pending before it is queued (`inbox.approvals`).
    `sending` is committed before the request to the network. Only a queued answer can be taken back. A `sending` whose
    lease expired becomes unconfirmed and is never queued again.
    """

    PENDING = "pending", "Waits for approval"
    QUEUED = "queued", "Queued"
    SENDING = "sending", "Sending"
    SENT = "sent", "Sent"
    FAILED = "failed", "Failed"
    UNCONFIRMED = "unconfirmed", "Unconfirmed"
    CANCELLED = "cancelled", "Taken back"


#: States in which an answer may still appear on the network: one such row per message.
LIVE_STATES = (ReplyState.PENDING, ReplyState.QUEUED, ReplyState.SENDING, ReplyState.UNCONFIRMED)
#: States of answers that need no approval any more, or never leave.
_UNAPPROVED_STATES = (ReplyState.PENDING, ReplyState.CANCELLED)


class Reply(models.Model):
    """An answer in the outbox. Its brand account comes from the message that it answers, never from a form."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="replies")
    parent = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="replies")
    brand_account = models.ForeignKey(BrandAccount, on_delete=models.PROTECT, related_name="replies")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="replies")
    #: Created when the composer was opened: a repeated submit finds the first answer.
    composer_id = models.UUIDField(unique=True)
    #: The complete text to be sent, including the signature.
    text = models.TextField()
    visibility = models.CharField(max_length=8)
    state = models.CharField(max_length=12, choices=ReplyState.choices, default=ReplyState.QUEUED)
    created_at = models.DateTimeField()
    #: The end of the undo window; later the time of the next attempt, if the network asked us to wait.
    send_after = models.DateTimeField()
    #: When its author wants it to be sent, if not at once (`inbox.replies.planned`).
    planned_at = models.DateTimeField(null=True, blank=True)
    sending_since = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    lease_token = models.UUIDField(null=True, blank=True)
    #: When a person last queued it, if that was after it was written ("try again").
    queued_at = models.DateTimeField(null=True, blank=True)
    #: True once the outcome of an attempt was unknown, until it was sent: it may stand on the network.
    outcome_unknown = models.BooleanField(default=False, db_default=False)
    attempts = models.PositiveSmallIntegerField(default=0)
    #: The number of checks on the network for an unconfirmed answer, and the time of the next one.
    checks = models.PositiveSmallIntegerField(default=0)
    check_after = models.DateTimeField(null=True, blank=True)
    #: True when the checks were inconclusive and a person has to decide.
    needs_person = models.BooleanField(default=False)
    remote_id = models.CharField(max_length=200, blank=True)
    permalink = models.CharField(max_length=1000, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    error_code = models.CharField(max_length=60, blank=True)
    #: Why it was not sent, in our words; and what the network said, as it said it.
    error = models.CharField(max_length=500, blank=True)
    error_detail = models.CharField(max_length=500, blank=True, default="", db_default="")
    #: Written for many customers at once (`inbox.learning_items`): it leaves only while its case is as it was.
    prepared = models.BooleanField(default=False, db_default=False)
    #: The canned answers that are in it.
    canned_answer_ids = ArrayField(
        models.BigIntegerField(), default=list, blank=True, db_default=Value([], ArrayField(models.BigIntegerField()))
    )  # fmt: skip
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    #: Somebody else has to approve it before it leaves: the database refuses any other state without `approved_by`.
    needs_approval = models.BooleanField(default=False, db_default=False)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )  # fmt: skip

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(needs_approval=False)
                | Q(approved_by__isnull=False)
                | Q(state__in=[*_UNAPPROVED_STATES]),
                name="reply_approved_before_it_leaves",
            ),
            models.CheckConstraint(
                condition=~Q(approved_by=models.F("author")), name="reply_approved_by_somebody_else"
            ),
            models.UniqueConstraint(
                fields=["parent"], condition=Q(state__in=[*LIVE_STATES]), name="reply_one_live_per_message"
            ),
            models.CheckConstraint(
                condition=~Q(state="sent") | ~Q(remote_id=""), name="reply_sent_has_remote_id"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["send_after"], name="reply_due", condition=Q(state="queued")),
            models.Index(
                fields=["case"], name="reply_planned", condition=Q(state="queued", planned_at__isnull=False)
            ),
            models.Index(fields=["lease_until"], name="reply_lease", condition=Q(state="sending")),
            models.Index(fields=["check_after"], name="reply_check", condition=Q(state="unconfirmed")),
            models.Index(fields=["case", "created_at"], name="reply_case"),
            models.Index(fields=["created_at"], name="reply_pending", condition=Q(state="pending")),
            models.Index(
                fields=["brand_account"],
                name="reply_may_stand",
                condition=Q(outcome_unknown=True) & ~Q(state="sent"),
            ),
        ]
        verbose_name_plural = "replies"

    def __str__(self) -> str:
        return f"Reply {self.pk} ({self.state})"


class Draft(models.Model):
    """Text that a person has typed but not sent, stored on the server."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="drafts")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="drafts")
    text = models.TextField(blank=True)
    #: The canned answers that were put into it.
    canned_answer_ids = ArrayField(
        models.BigIntegerField(), default=list, blank=True, db_default=Value([], ArrayField(models.BigIntegerField()))
    )  # fmt: skip
    updated_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["case", "user"], name="draft_unique")]

    def __str__(self) -> str:
        return f"Draft of {self.user_id} on case {self.case_id}"


class EarlyAnswer(models.Model):
    """A message of our own that answers a message which has not arrived yet (`inbox.ingest.early_answers`).

    It becomes a `Message` of the other message's case when that arrives. `look_at` is the time of the next check if it
    does not arrive.
    """

    brand_account = models.ForeignKey(
        BrandAccount, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    canonical_id = models.CharField(max_length=200)
    remote_id = models.CharField(max_length=200)
    thread_id = models.CharField(max_length=200, blank=True)
    parent_remote_id = models.CharField(max_length=200, blank=True)
    network_time = models.DateTimeField()
    edited_at = models.DateTimeField(null=True, blank=True)
    received_at = models.DateTimeField()
    look_at = models.DateTimeField()
    #: The other values of the message, under the names of `Message`'s columns.
    item = models.JSONField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["brand_account", "canonical_id"], name="early_answer_unique")
        ]
        indexes: ClassVar = [
            models.Index(fields=["brand_account", "parent_remote_id"], name="early_answer_parent"),
            models.Index(fields=["brand_account", "thread_id"], name="early_answer_thread"),
            models.Index(fields=["look_at"], name="early_answer_look"),
        ]

    def __str__(self) -> str:
        return f"Early answer {self.canonical_id}"
