"""Topics: what customers keep saying. Caches of tags and of words in texts; `reports.topics` writes them.

A key is `tag:` or `word:` with the tag, or with one or two folded words. No key holds a handle, a link, a number or a name.
"""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models

from inbox.visibility import Visibility


class CaseToRead(models.Model):
    """A case whose topics are to be read again; appended whenever its facts are computed again."""

    case_id = models.BigIntegerField()

    def __str__(self) -> str:
        return f"Case {self.case_id} to read"


class CaseTopics(models.Model):
    """The topics of one counted case, with what decides who may count it; no keys where its texts are gone."""

    case_id = models.BigIntegerField(primary_key=True)
    #: When the case reached us: it decides the period.
    at = models.DateTimeField()
    department_id = models.BigIntegerField()
    brand_account_id = models.BigIntegerField()
    visibility = models.CharField(max_length=8, choices=Visibility.choices)
    customer_id = models.BigIntegerField()
    keys = ArrayField(models.TextField(), default=list)

    class Meta:
        indexes: ClassVar = [
            GinIndex(fields=["keys"], name="casetopics_keys"),
            models.Index(
                fields=["at"],
                name="casetopics_at",
                include=["department_id", "brand_account_id", "visibility"],
            ),
        ]

    def __str__(self) -> str:
        return f"Topics of case {self.case_id}"


class TopicWeek(models.Model):
    """A week whose rising topics are looked for, again when a case of it or of the weeks before has changed."""

    #: Its Monday, in the company's zone.
    week = models.DateField(primary_key=True)
    counted_at = models.DateTimeField(null=True)
    is_stale = models.BooleanField(default=True)

    def __str__(self) -> str:
        return f"Topics of the week of {self.week}"


class RisingTopic(models.Model):
    """A topic that a page may show for a week: it rose, or it is among the most frequent. Pages count it anew.

    `department_id` 0 stands for all departments; `public_only` for readers who see no direct messages.
    """

    pk = models.CompositePrimaryKey("week", "department_id", "public_only", "key")
    week = models.DateField()
    department_id = models.BigIntegerField()
    public_only = models.BooleanField()
    key = models.TextField()
    #: As most customers write it.
    label = models.TextField()
    score = models.FloatField()

    def __str__(self) -> str:
        return f"{self.label}, week of {self.week}"


class CustomerLink(models.Model):
    """One customer answered or mentioned another in public. Never of a direct message."""

    class Kind(models.TextChoices):
        REPLIED = "replied", "replied"
        MENTIONED = "mentioned", "mentioned"

    message_id = models.BigIntegerField()
    case_id = models.BigIntegerField()
    from_identity_id = models.BigIntegerField()
    to_identity_id = models.BigIntegerField()
    kind = models.CharField(max_length=9, choices=Kind.choices)
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["message_id", "to_identity_id"], name="customerlink_once")
        ]
        indexes: ClassVar = [
            models.Index(fields=["case_id"], name="customerlink_case"),
            models.Index(fields=["at"], name="customerlink_at"),
        ]

    def __str__(self) -> str:
        return f"{self.from_identity_id} {self.kind} {self.to_identity_id}"


class TopicAlert(models.Model):
    """Customers who talk with each other in public report the same topic: its cases, and the messages that link them.

    Names and counts are read from the rows each time, so that an erased customer vanishes.
    """

    key = models.TextField()
    label = models.TextField()
    #: When the first and the last of its cases reached us: the alert's own window.
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    found_at = models.DateTimeField()
    case_ids = ArrayField(models.BigIntegerField())
    dismissed_at = models.DateTimeField(null=True)
    dismissed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    dismissed_because = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["last_at"], name="topicalert_newest")]

    def __str__(self) -> str:
        return f"{len(self.case_ids)} cases about {self.label}"
