"""Rules that people edit, and the numbered versions that decide.

A change to any rule publishes a new `RuleSetVersion`: an immutable snapshot. A decision stores the number of its
version, so that it can be replayed.
"""

from __future__ import annotations

from django.db import models

from accounts.models import Department
from routing.models.versions import Version


class Priority(models.IntegerChoices):
    LOW = -1, "Low"
    NORMAL = 0, "Normal"
    HIGH = 1, "High"
    URGENT = 2, "Urgent"


class Rule(models.Model):
    """A rule that sends messages matching `condition` to `department`.

    The first matching rule wins.
    """

    key = models.UUIDField(unique=True, editable=False)
    position = models.PositiveIntegerField()
    name = models.CharField(max_length=120)
    enabled = models.BooleanField(default=True)
    #: A condition tree; see `routing.conditions.validation`.
    condition = models.JSONField()
    department = models.ForeignKey(Department, on_delete=models.PROTECT, related_name="rules")
    priority = models.SmallIntegerField(choices=Priority.choices, default=Priority.NORMAL)
    tags = models.JSONField(default=list, blank=True)
    #: Null leaves it to what was read from the message's text (`routing.reading`).
    needs_answer = models.BooleanField(null=True, blank=True, default=None)
    #: The user name of the person who should get the case, or the slug of a skill; "" for anybody in the department.
    person = models.CharField(max_length=150, blank=True)
    skill = models.CharField(max_length=60, blank=True)
    #: Close the new case at once, because nobody has to look at it.
    dismiss = models.BooleanField(default=False)
    #: Where the playbook begins, "" for its root.
    playbook_branch = models.CharField(max_length=60, blank=True)

    class Meta:
        ordering = ("position", "id")

    def __str__(self) -> str:
        return self.name


class WordList(models.Model):
    """Words with a name, such as “faults and outages”, which rules refer to by `key`.

    `content` is what `routing.conditions.word_lists` describes, without the name. Edits are published with the rules.
    """

    key = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=80)
    content = models.JSONField()

    class Meta:
        ordering = ("name", "key")

    def __str__(self) -> str:
        return self.name


class RoutingDefault(models.Model):
    """The single row with the department for messages that no rule matches.

    It must exist, because every message must be decided.
    """

    department = models.ForeignKey(Department, on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return f"Default: {self.department_id}"


class RuleSetVersion(Version):
    """The rules, the default, and the word lists and business hours that the rules use.

    `routing.rules.store.build_rules_snapshot` builds the snapshot.
    """

    def __str__(self) -> str:
        return f"Rules, version {self.number}"
