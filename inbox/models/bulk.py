"""Acts on many cases at once: one row for the act, one for each case."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.models import User
from inbox.models.case import Case


class BulkVerb(models.TextChoices):
    """Name what is done to each case; the label says it of several cases."""

    TAKE = "take", "Take"
    ASSIGN = "assign", "Assign"
    HAND_OVER = "hand_over", "Hand over"
    RESOLVE = "resolve", "Resolve"
    DISMISS = "dismiss", "Dismiss"
    TAG = "tag", "Tag"
    UNTAG = "untag", "Remove a tag"
    PRIORITISE = "prioritise", "Set the priority"
    SNOOZE = "snooze", "Snooze"
    MACRO = "macro", "Run a macro"


class BulkState(models.TextChoices):
    """Running and undoing are worked on. What is stopped stays as far as it came, and can be undone."""

    RUNNING = "running", "Running"
    STOPPED = "stopped", "Stopped"
    DONE = "done", "Done"
    UNDOING = "undoing", "Being undone"
    UNDONE = "undone", "Undone"


class BulkItemState(models.TextChoices):
    """Refused: left as it was by the act. Kept: left as it is by the undo."""

    WAITING = "waiting", "Waiting"
    DONE = "done", "Done"
    REFUSED = "refused", "Left as it is"
    UNDONE = "undone", "Undone"
    KEPT = "kept", "Not undone"


class BulkActQuerySet(models.QuerySet["BulkAct"]):
    def visible_to(self, user: User) -> BulkActQuerySet:
        """Return the user's own acts.

        What is left as it is names cases that only its author may read.
        """
        return self.filter(by=user) if user.is_active else self.none()


class BulkAct(models.Model):
    """One act of one person on many cases, with its progress.

    `details` are what the verb needs: {"reason", "assignee_id", "department_id", "tag", "priority", "until", "waits_for"};
    `chosen` says from which cases. `after_case` is the last case that was worked on.
    """

    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    verb = models.CharField(max_length=12, choices=BulkVerb.choices)
    details = models.JSONField(default=dict)
    chosen = models.CharField(max_length=300, blank=True)
    #: The list from which the cases were chosen, as an address.
    came_from = models.CharField(max_length=1000, blank=True)
    state = models.CharField(max_length=10, choices=BulkState.choices, default=BulkState.RUNNING)
    found = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    undone = models.PositiveIntegerField(default=0)
    kept = models.PositiveIntegerField(default=0)
    after_case = models.BigIntegerField(default=0)
    created_at = models.DateTimeField()
    worked_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    undo_began_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)

    objects = BulkActQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [
            models.Index(fields=["id"], name="bulk_due", condition=Q(state__in=["running", "undoing"])),
            models.Index(fields=["created_at"], name="bulk_created"),
        ]

    def __str__(self) -> str:
        return f"Act {self.pk} on {self.found} cases"

    @property
    def is_running(self) -> bool:
        """True while cases are worked on."""
        return self.state in (BulkState.RUNNING, BulkState.UNDOING)

    @property
    def worked_on(self) -> int:
        """Return how many cases the act, or its undo, has dealt with."""
        if self.state in (BulkState.UNDOING, BulkState.UNDONE):
            return self.undone + self.kept
        return self.done + self.refused

    @property
    def to_work_on(self) -> int:
        """Return how many cases the act, or its undo, deals with in all."""
        return self.done if self.state in (BulkState.UNDOING, BulkState.UNDONE) else self.found

    @property
    def percent(self) -> int:
        """The finished share, 0 to 100."""
        if not self.is_running:
            return 100
        return min(99, self.worked_on * 100 // self.to_work_on) if self.to_work_on else 0


class BulkItem(models.Model):
    """One case of an act. `undo` keeps what putting it back needs, `reason` why it was left as it is."""

    act = models.ForeignKey(BulkAct, on_delete=models.CASCADE, related_name="items", db_index=False)
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="+")
    state = models.CharField(max_length=8, choices=BulkItemState.choices, default=BulkItemState.WAITING)
    reason = models.CharField(max_length=300, blank=True, default="")
    #: The version of the case that the act created, and when.
    version = models.PositiveIntegerField(null=True)
    at = models.DateTimeField(null=True)
    #: Who had it before, when the act gave it to somebody else.
    former_assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    undo = models.JSONField(default=dict)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["act", "case"], name="bulk_item_once")]

    def __str__(self) -> str:
        return f"Case {self.case_id} of act {self.act_id}"
