"""Examples for the learned router, its trainings and its versions.

A version consists of arrays and metrics and is immutable, except for its state. The arrays hold no text of a
customer, only single words and parts of words that occur in the examples.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from accounts.access import viewer
from accounts.models import Department, Role, User


class ExampleSource(models.TextChoices):
    HANDED_OVER = "handed_over", "Handed over as wrong department"
    ACCEPTED = "accepted", "Suggestion accepted"
    DECLINED = "declined", "Suggestion declined"
    RETAGGED = "retagged", "Tagged with another department"
    IMPORTED = "imported", "Imported"


class RoutingExampleQuerySet(models.QuerySet["RoutingExample"]):
    def visible_to(self, user: User) -> RoutingExampleQuerySet:
        """Return the examples whose text a user may read.

        Managers may read those of their departments, administrators all except direct messages.
        """
        if not viewer(user).may("learn"):
            return self.none()
        if user.role == Role.ADMINISTRATOR:
            # A plain exclude would also drop examples without a stream, such as imported ones.
            return self.filter(Q(facts__stream__isnull=True) | ~Q(facts__stream="direct"))
        slugs = Department.objects.filter(pk__in=viewer(user).department_ids).values("slug")
        return self.filter(department__in=slugs)


class RoutingExample(models.Model):
    """A text and the department that a person chose for it.

    One per case: the last decision counts.
    """

    text = models.TextField()
    #: The department's slug: it stays when the department is deleted.
    department = models.SlugField()
    source = models.CharField(max_length=12, choices=ExampleSource.choices)
    #: Facts for rules besides the text, as `routing.learning.example_facts` stores them.
    facts = models.JSONField(default=dict, blank=True)
    #: Primary keys of models of the inbox, which this package may not import.
    message_id = models.BigIntegerField(null=True, blank=True)
    case_id = models.BigIntegerField(null=True, blank=True)
    #: SHA-256 of the text: the same text is imported only once.
    digest = models.CharField(max_length=64)
    at = models.DateTimeField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects = RoutingExampleQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["case_id"], condition=Q(case_id__isnull=False), name="example_of_case"
            ),
            models.UniqueConstraint(
                fields=["digest"], condition=Q(source="imported"), name="example_imported"
            ),
        ]
        indexes: ClassVar = [models.Index(F("at").desc(), F("id").desc(), name="example_newest")]

    def __str__(self) -> str:
        return f"Example {self.pk} → {self.department}"


class VersionState(models.TextChoices):
    ACTIVE = "active", "Active"
    RETIRED = "retired", "Retired"
    REFUSED = "refused", "Not better"


class RouterVersion(models.Model):
    """A trained router; at most one is active.

    `verdict` tells people why it is or is not active.
    """

    number = models.PositiveIntegerField(unique=True)
    state = models.CharField(max_length=8, choices=VersionState.choices)
    #: From `routing.classifier.training.train_router`.
    metrics = models.JSONField(default=dict)
    #: From `routing.classifier.router.Router.pack`; no pickle.
    arrays = models.BinaryField()
    #: The number of the rule-set version whose votes it was trained with.
    rules_version = models.PositiveIntegerField()
    examples = models.PositiveIntegerField()
    verdict = models.CharField(max_length=300)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        ordering: ClassVar = ["-number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["state"], condition=Q(state="active"), name="router_one_active")
        ]

    def __str__(self) -> str:
        return f"Router, version {self.number}"


class TrainingState(models.TextChoices):
    WANTED = "wanted", "Waiting for a worker"
    RUNNING = "running", "Training"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"


class RouterTraining(models.Model):
    """One training of the router.

    It is requested, claimed by a worker for the time of its lease, then done, or failed with the reason.
    """

    state = models.CharField(max_length=8, choices=TrainingState.choices, default=TrainingState.WANTED)
    progress = models.CharField(max_length=300, blank=True)
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    version = models.ForeignKey(
        RouterVersion, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        constraints: ClassVar = [
            # The expression is constant, so at most one row can satisfy the condition.
            models.UniqueConstraint(
                models.Value(1), condition=Q(state__in=["wanted", "running"]), name="training_one_at_a_time"
            )
        ]

    def __str__(self) -> str:
        return f"Training {self.pk}: {self.state}"

    @property
    def is_going_on(self) -> bool:
        return self.state in (TrainingState.WANTED, TrainingState.RUNNING)


class LearningMode(models.TextChoices):
    AUTOMATIC = "automatic", "A new version takes over when it is better"
    PINNED = "pinned", "The active version stays until somebody changes it"
    OFF = "off", "Only the rules decide"


class LearningSetting(models.Model):
    """The single row that sets how new versions come into use.

    `routing.learning.router_versions.get_learning_setting` creates it.
    """

    mode = models.CharField(max_length=10, choices=LearningMode.choices, default=LearningMode.AUTOMATIC)
    #: Lowest probability (0 to 1) at which the router decides alone, by department slug; others use the default.
    thresholds: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict, blank=True)

    def __str__(self) -> str:
        return f"Learning: {self.mode}"


class DismissedRule(models.Model):
    """A rule suggestion that somebody dismissed.

    It is stored so that the rule is not suggested again.
    """

    words = models.CharField(max_length=200)
    department = models.SlugField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["words", "department"], name="dismissed_rule_once")
        ]

    def __str__(self) -> str:
        return f"Not “{self.words}” → {self.department}"
