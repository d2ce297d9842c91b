"""Messages, the decisions about them, and items that could not be read."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.lookups import GreaterThan

from accounts.access import viewer
from accounts.models import BrandAccount, Department, Role, Stream, User
from inbox.models.case import Case
from inbox.models.customer import Identity
from inbox.search_words.columns import IndexedTextField
from inbox.visibility import Visibility
from routing.reading import SAYINGS, SENTIMENTS


class Direction(models.TextChoices):
    INBOUND = "in", "From the customer"
    OUTBOUND = "out", "From us"


class Message(models.Model):
    """A message on a network, from us or from a customer. Never removed: a deletion on the network leaves a tombstone.

    `canonical_id` stays the same across edits; `remote_id` is the latest id.
    """

    brand_account = models.ForeignKey(
        BrandAccount, on_delete=models.PROTECT, related_name="messages", db_index=False
    )
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="messages", db_index=False)
    stream = models.CharField(max_length=20)
    canonical_id = models.CharField(max_length=200)
    remote_id = models.CharField(max_length=200)
    thread_id = models.CharField(max_length=200, blank=True)
    parent_remote_id = models.CharField(max_length=200, blank=True)
    direction = models.CharField(max_length=3, choices=Direction.choices)
    visibility = models.CharField(max_length=8, choices=Visibility.choices)
    identity = models.ForeignKey(
        Identity, null=True, blank=True, on_delete=models.PROTECT, related_name="messages"
    )
    #: The person who wrote an outbound message through Horseshoe; null when it was written in the network's own app.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        db_index=False,
    )
    #: The primary and the backup on point when it arrived. Later changes of the roster do not change this.
    on_point = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        db_index=False,
    )
    on_point_backup = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        db_index=False,
    )
    text = models.TextField(blank=True)
    network_time = models.DateTimeField()
    received_at = models.DateTimeField()
    edited_at = models.DateTimeField(null=True, blank=True)
    #: When we noticed that it was deleted on the network, or is no longer visible to us.
    deleted_at = models.DateTimeField(null=True, blank=True)
    #: When we last looked whether it still stands on the network; null before the first look.
    looked_at = models.DateTimeField(null=True, blank=True)
    #: When its text was deleted here (`inbox.retention`). What the network hands out of it later is ignored.
    erased_at = models.DateTimeField(null=True, blank=True)
    hidden = models.BooleanField(default=False)
    #: Earlier texts, oldest first: [{"text": …, "until": …}].
    history = models.JSONField(default=list, blank=True)
    permalink = models.CharField(max_length=1000, blank=True)
    attachments = models.JSONField(default=list, blank=True)
    can_reply = models.BooleanField(default=True)
    reply_ref = models.JSONField(default=dict, blank=True)
    language = models.CharField(max_length=8, blank=True)
    #: From the reading of the text, or from a person's correction (`MessageCorrection`), as are language and
    #: needs_answer.
    needs_answer = models.BooleanField(default=True)
    sentiment = models.CharField(
        max_length=8,
        blank=True,
        choices=[(sentiment, sentiment.capitalize()) for sentiment in SENTIMENTS],
        db_default="",
    )
    urgency = models.PositiveSmallIntegerField(default=0, db_default=0)
    is_spam = models.BooleanField(default=False, db_default=False)
    #: What it says of its sender's problem, as far as it could be read (`routing.reading.saying`).
    said = models.CharField(
        max_length=9,
        blank=True,
        choices=[(said, said.capitalize()) for said in SAYINGS],
        default="",
        db_default="",
    )
    #: The fields among these that a person has corrected; nobody corrects `said`.
    corrected = models.JSONField(default=list, blank=True, db_default=Value([], models.JSONField()))
    #: Repairs that were made before the text could be stored or shown: ["nul", "surrogate", "control", "bidi", "long",
    #: "name", "link"].
    flags = models.JSONField(default=list, blank=True)
    historical = models.BooleanField(default=False)
    raw = models.JSONField(default=dict, blank=True)
    search = IndexedTextField("text")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["brand_account", "canonical_id"], name="message_unique")
        ]
        indexes: ClassVar = [
            models.Index(fields=["case", "network_time", "id"], name="message_case"),
            models.Index(fields=["brand_account", "thread_id"], name="message_thread"),
            models.Index(F("network_time").desc(), F("id").desc(), name="message_newest"),
            # Messages edited on a network that assigns a new id to an edit: answers refer to the new id.
            models.Index(
                fields=["brand_account", "remote_id"],
                name="message_edited",
                condition=Q(visibility="public") & ~Q(remote_id=F("canonical_id")),
            ),
            GinIndex(fields=["search"], name="message_search"),
            # Messages that reached us late: reports go by the time of receipt, a case's `activity_at` by the network's.
            models.Index(
                fields=["received_at"],
                name="message_late",
                condition=Q(
                    GreaterThan(F("received_at") - F("network_time"), dt.timedelta(hours=1)), historical=False
                ),
            ),
            models.Index(fields=["id"], name="message_unindexed", condition=Q(search__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"Message {self.pk}"


class MessageCorrection(models.Model):
    """A person's correction of what the machine read from a message. The database keeps it as written.

    The newest correction of a field counts, and no later reading of the text changes the field. `machine` is the
    reading, `value` is the person's: a word, a number or a truth value, depending on the field.
    """

    class Field(models.TextChoices):
        SENTIMENT = "sentiment", "Sentiment"
        LANGUAGE = "language", "Language"
        NEEDS_ANSWER = "needs_answer", "Needs an answer"
        URGENCY = "urgency", "Urgency"
        IS_SPAM = "is_spam", "Spam"

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="corrections", db_index=False)
    field = models.CharField(max_length=12, choices=Field.choices)
    machine = models.JSONField()
    value = models.JSONField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["message", "field", "id"], name="correction_message")]

    def __str__(self) -> str:
        return f"{self.field} of message {self.message_id}"


class DecisionQuerySet(models.QuerySet["Decision"]):
    def naming_somebody(self) -> DecisionQuerySet:
        """Return decisions whose rule asks for a person."""
        return self.filter(trace__decided__has_key="person")


class Decision(models.Model):
    """The reasons, as sentences, why a message went to its case and department.

    Replayable from the rule-set version. The database lets only the second look change it, once.
    """

    message = models.OneToOneField(Message, on_delete=models.CASCADE, related_name="decision")
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="decisions")
    department = models.ForeignKey(Department, on_delete=models.PROTECT, related_name="+", db_index=False)
    decided_by = models.CharField(max_length=8)
    rule_key = models.CharField(max_length=36, blank=True)
    rule_name = models.CharField(max_length=120, blank=True)
    version = models.PositiveIntegerField()
    reasons = models.JSONField(default=list)
    #: The facts and steps of the decision (`routing.facts.build_trace`); empty for decisions made before traces were
    #: stored.
    trace = models.JSONField(default=dict, db_default={}, blank=True)
    at = models.DateTimeField()
    #: The time when the learned router reviewed it; null before that, and where it does not review.
    weighed_at = models.DateTimeField(null=True, blank=True)

    objects = DecisionQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["case"], name="decision_naming", condition=Q(trace__decided__has_key="person")
            )
        ]

    def __str__(self) -> str:
        return f"Decision on message {self.message_id}"


class QuarantinedQuerySet(models.QuerySet["Quarantined"]):
    def visible_to(self, user: User) -> QuarantinedQuerySet:
        """Return the items that a user may see.

        Administrators see all; managers those of brand accounts that their departments own or that no department owns;
        community managers those of their brand accounts. Only people who may read direct messages see those, so
        administrators never do.
        """
        who = viewer(user)
        if not who.may("quarantine"):
            return self.none()
        if user.role == Role.ADMINISTRATOR:
            return self.exclude(stream__kind="direct")
        if user.role == Role.COMMUNITY:
            return self.filter(brand_account_id__in=who.brand_account_ids)
        owner = "brand_account__owner_department"
        return self.filter(Q(**{f"{owner}__in": who.department_ids}) | Q(**{f"{owner}__isnull": True}))


class Quarantined(models.Model):
    """An item that could not be read or stored, kept complete.

    It can be tried again. The other items of its page were stored.
    """

    brand_account = models.ForeignKey(BrandAccount, on_delete=models.PROTECT, related_name="quarantined")
    stream = models.ForeignKey(Stream, on_delete=models.PROTECT, related_name="quarantined")
    remote_id = models.CharField(max_length=200, blank=True)
    #: The item as it arrived, JSON as bytes, because it may hold characters that Postgres refuses in text.
    raw = models.BinaryField()
    digest = models.CharField(max_length=64, help_text="SHA-256 of raw: the same bad item is kept once.")
    error = models.CharField(max_length=1000)
    first_seen_at = models.DateTimeField()
    seen_count = models.PositiveIntegerField(default=1)
    #: Set by a person, cleared by the worker that fetches the item from the network again.
    retry_wanted = models.BooleanField(default=False)
    retried_at = models.DateTimeField(null=True, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)

    objects = QuarantinedQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["stream", "digest"], name="quarantined_unique")
        ]
        indexes: ClassVar = [
            models.Index(fields=["resolved_at", "first_seen_at"], name="quarantined_open"),
            models.Index(fields=["id"], name="quarantined_wanted", condition=Q(retry_wanted=True)),
        ]

    def __str__(self) -> str:
        return f"Quarantined {self.pk}"
