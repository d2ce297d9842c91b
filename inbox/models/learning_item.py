"""Learning items: what customers keep saying, who owns it, what was decided, and whom we told.

No text of a customer is stored here: a quote is a message, and an answer is written when it is queued.
"""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from accounts.models import Department
from inbox.models.case import Case
from inbox.models.customer import Customer
from inbox.models.message import Message
from inbox.models.reply import Reply


class ItemState(models.TextChoices):
    """The states of a learning item: collecting → with the owner → decided → shipped → told."""

    COLLECTING = "collecting", "Collecting"
    WITH_OWNER = "with_owner", "With the owner"
    DECIDED = "decided", "Decided"
    SHIPPED = "shipped", "Shipped"
    TOLD = "told", "Customers told"


class ItemDecision(models.TextChoices):
    WILL_CHANGE = "will_change", "Will change"
    WONT_CHANGE = "wont_change", "Won’t change"
    ALREADY_SO = "already_so", "Already so"


class RepeatsBy(models.TextChoices):
    """Say what counts as a customer who says it again."""

    LINKED = "linked", "linked to this item"
    TAG = "tag", "with the tag"
    WORDS = "words", "with the words"


class LearningItem(models.Model):
    """Something that several customers say, followed until they hear what became of it.

    `version` grows with every change, so that a page that is out of date is refused. A merged item stays, empty.
    """

    title = models.CharField(max_length=120)
    department = models.ForeignKey(Department, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=12, choices=ItemState.choices, default=ItemState.COLLECTING)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="learning_items",
    )
    #: The day by which the owner decides.
    due_on = models.DateField(null=True, blank=True)
    decision = models.CharField(max_length=12, choices=ItemDecision.choices, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    shipped_on = models.DateField(null=True, blank=True)
    what_changed = models.CharField(max_length=500, blank=True)
    repeats_by = models.CharField(max_length=8, choices=RepeatsBy.choices, default=RepeatsBy.LINKED)
    #: The tag, or the words, by which repeats are counted.
    repeats_of = models.CharField(max_length=80, blank=True)
    merged_into = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="merged"
    )
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="learning_decided_with_reason", condition=Q(decision="") | ~Q(reason="")
            ),
            models.CheckConstraint(
                name="learning_shipped_with_day", condition=~Q(state="shipped") | Q(shipped_on__isnull=False)
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["due_on"],
                name="learning_due",
                condition=Q(state="with_owner", merged_into__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def may_be_told(self) -> bool:
        """True once there is something to tell the customers."""
        is_final = self.decision in (ItemDecision.WONT_CHANGE, ItemDecision.ALREADY_SO)
        return self.state in (ItemState.SHIPPED, ItemState.TOLD) or (
            self.state == ItemState.DECIDED and is_final
        )


class LearningLink(models.Model):
    """A case in which a customer says it; `quote` is the message that says it best."""

    item = models.ForeignKey(LearningItem, on_delete=models.CASCADE, related_name="links", db_index=False)
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="learning_links")
    quote = models.ForeignKey(Message, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["item", "case"], name="learning_link_once")]

    def __str__(self) -> str:
        return f"Case {self.case_id} in {self.item_id}"


class LearningVerb(models.TextChoices):
    """The kinds of events of a learning item."""

    CREATED = "created", "created it"
    CHANGED = "changed", "changed it"
    LINKED = "linked", "linked cases"
    UNLINKED = "unlinked", "unlinked a case"
    GIVEN = "given", "gave it to its owner"
    DECIDED = "decided", "decided"
    SHIPPED = "shipped", "said that it shipped"
    MERGED = "merged", "merged another item into it"
    REOPENED = "reopened", "reopened it"
    PREPARED = "prepared", "prepared answers"
    APPROVED = "approved", "approved the answers"
    WITHDRAWN = "withdrawn", "withdrew the answers"
    STOPPED = "stopped", "stopped the answers"
    TOLD = "told", "told the customers"


class LearningEvent(models.Model):
    """One line of an item's history. The database keeps it as it was written."""

    item = models.ForeignKey(LearningItem, on_delete=models.PROTECT, related_name="events", db_index=False)
    at = models.DateTimeField()
    verb = models.CharField(max_length=12, choices=LearningVerb.choices)
    #: Null for what the product does by itself.
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    data = models.JSONField(default=dict, blank=True)

    class Meta:
        indexes: ClassVar = [models.Index(F("item"), F("id").desc(), name="learning_history")]

    def __str__(self) -> str:
        return f"{self.verb} {self.item_id}"


class RoundState(models.TextChoices):
    """The states of a round of answers: prepared → sending → done, or withdrawn or stopped."""

    PREPARED = "prepared", "Waits for approval"
    SENDING = "sending", "Going out"
    DONE = "done", "Done"
    WITHDRAWN = "withdrawn", "Withdrawn"
    STOPPED = "stopped", "Stopped"


class AnswerRound(models.Model):
    """One text for the customers of a learning item, prepared by one person and approved by another."""

    item = models.ForeignKey(LearningItem, on_delete=models.PROTECT, related_name="rounds", db_index=False)
    text = models.TextField()
    #: Only customers who wrote in this language; "" for all.
    language = models.CharField(max_length=8, blank=True)
    per_hour = models.PositiveSmallIntegerField(default=60)
    state = models.CharField(max_length=10, choices=RoundState.choices, default=RoundState.PREPARED)
    prepared_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    prepared_at = models.DateTimeField()
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    approved_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="round_needs_two_people",
                condition=Q(approved_by__isnull=True) | ~Q(approved_by=F("prepared_by")),
            ),
            models.UniqueConstraint(
                fields=["item"], name="round_one_at_a_time", condition=Q(state__in=["prepared", "sending"])
            ),
        ]

    def __str__(self) -> str:
        return f"Answers of learning item {self.item_id}"


class AnswerState(models.TextChoices):
    """The states of one answer of a round, until the outbox has it; from then on the reply's state counts."""

    PLANNED = "planned", "Planned"
    QUEUED = "queued", "Handed to the outbox"
    REFUSED = "refused", "Not sent"
    STOPPED = "stopped", "Stopped"


class PlannedAnswer(models.Model):
    """The answer of a round to one customer. `seen_version` is the case's version when the round was prepared."""

    round = models.ForeignKey(AnswerRound, on_delete=models.CASCADE, related_name="answers", db_index=False)
    item = models.ForeignKey(LearningItem, on_delete=models.PROTECT, related_name="+", db_index=False)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+", db_index=False)
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="+", db_index=False)
    parent = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="+", db_index=False)
    seen_version = models.PositiveIntegerField()
    state = models.CharField(max_length=8, choices=AnswerState.choices, default=AnswerState.PLANNED)
    due_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    reply = models.OneToOneField(
        Reply, null=True, blank=True, on_delete=models.SET_NULL, related_name="planned"
    )

    class Meta:
        constraints: ClassVar = [
            # However many rounds there are: one answer of an item to one customer.
            models.UniqueConstraint(
                fields=["item", "customer"], name="planned_once", condition=Q(state__in=["planned", "queued"])
            ),
            models.UniqueConstraint(fields=["round", "customer"], name="planned_once_a_round"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["due_at"], name="planned_due", condition=Q(state="planned")),
            models.Index(fields=["case"], name="planned_case"),
        ]

    def __str__(self) -> str:
        return f"Planned answer {self.pk} ({self.state})"
