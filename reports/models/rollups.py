"""Roll-ups: facts, one row for each thing that a number counts, and cells, their sums by week.

Both are caches of the cases, messages, events and custodies (docs/decisions/0051): `manage.py rollups` rebuilds and
compares them. Only `reports.rollups` writes them.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from inbox.visibility import Visibility


class FactKind(models.IntegerChoices):
    """The kind of a fact: the unit in which a measure counts.

    A number is never used again. To add a kind, see `reports.rollups`.
    """

    EXCHANGE = 1, "Exchange that needs an answer"
    CASE = 2, "Case with its first response"
    CLOCK = 3, "Ended clock of a service level"
    HAND_OVER = 4, "Hand-over between departments"
    ROUTED = 5, "Move by the learned router"
    ANSWER = 7, "Answer of ours"
    WAY = 8, "Way of a closed case that changed department"
    BUSINESS_WAY = 9, "The same in business time"
    RETURN = 10, "Closed case that came back between two departments"
    OUTCOME = 11, "Answered exchange with what followed"
    CLOSING = 12, "Closed case"
    FIRST_TURN = 13, "Closed case by what sent it first"
    NEXT_RESPONSE = 14, "Exchange after a case's first"
    FIRST_RESOLVE = 15, "Case with its first resolving"
    FINAL_RESOLVE = 16, "Case with its last resolving"
    RESOLVED = 17, "Resolved case of a person"


class Fact(models.Model):
    """One exchange, case, clock or hand-over, with what decides who may count it.

    `at` decides the period, `span` is how long it took; null while that depends on the present. `value` is `span` in
    seconds, rounded as `wording.spans.figure_span` shows it; of an outcome its code (`reports.measures.outcomes`).
    """

    pk = models.CompositePrimaryKey("kind", "case_id", "n")
    #: A `FactKind`; without choices, so that a new kind needs no migration.
    kind = models.SmallIntegerField()
    case_id = models.BigIntegerField()
    #: Which one within the case.
    n = models.BigIntegerField()
    at = models.DateTimeField()
    state = models.CharField(max_length=64)
    span = models.DurationField(null=True)
    value = models.IntegerField(null=True)
    #: The case's now.
    department_id = models.BigIntegerField()
    brand_account_id = models.BigIntegerField()
    visibility = models.CharField(max_length=8, choices=Visibility.choices)
    #: Of hand-overs: the two departments, from sending to leaving, and whether the department had the case before.
    from_department_id = models.BigIntegerField(null=True)
    to_department_id = models.BigIntegerField(null=True)
    held = models.DurationField(null=True)
    came_back = models.BooleanField(null=True)
    #: Columns that a kind fills if it counts by them: the person who did it, the customer, and when it ended.
    person_id = models.BigIntegerField(null=True)
    customer_id = models.BigIntegerField(null=True)
    ended_at = models.DateTimeField(null=True)
    #: Of cases: whether the customer got no closure.
    without_closure = models.BooleanField(null=True)
    #: What else belongs to it, such as the parts of a way.
    details = models.JSONField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["kind", "department_id", "at"],
                name="fact_period",
                include=[
                    "state",
                    "visibility",
                    "brand_account_id",
                    "value",
                    "customer_id",
                    "without_closure",
                ],
            ),
            models.Index(
                fields=["person_id", "kind", "at"], name="fact_person", condition=Q(person_id__isnull=False)
            ),
            models.Index(fields=["state", "n"], name="fact_turn", condition=Q(kind=FactKind.FIRST_TURN)),
            models.Index(
                fields=["kind", "department_id", "at"],
                name="fact_waiting",
                include=["visibility", "brand_account_id"],
                condition=Q(state="waiting"),
            ),
            # Outcomes that are settled when their time is over: few are at any moment.
            models.Index(
                fields=["ended_at"],
                name="fact_unripe",
                include=["at", "department_id", "brand_account_id", "visibility", "value", "case_id"],
                condition=Q(kind=FactKind.OUTCOME, state="silent"),
            ),
        ]

    def __str__(self) -> str:
        return f"{FactKind(self.kind).label} {self.n} of case {self.case_id}"


class Cell(models.Model):
    """The number of facts of one week, by state and group.

    A week begins at Monday midnight in the zone of `RollupState`. Cells of the group "each" have every dimension and no
    value; those of the other groups have one dimension or none, and one value each, for percentiles.
    """

    class Group(models.IntegerChoices):
        EACH = 0, "Department, brand account and visibility"
        ALL = 1, "Visibility"
        DEPARTMENT = 2, "Department and visibility"
        BRAND_ACCOUNT = 3, "Brand account and visibility"

    pk = models.CompositePrimaryKey(
        "kind", "grouped", "department_id", "brand_account_id", "week", "visibility", "state", "value"
    )
    kind = models.SmallIntegerField()
    grouped = models.SmallIntegerField(choices=Group.choices)
    #: 0 where the group does not divide by it.
    department_id = models.BigIntegerField()
    brand_account_id = models.BigIntegerField()
    week = models.DateTimeField()
    visibility = models.CharField(max_length=8, choices=Visibility.choices)
    state = models.CharField(max_length=64)
    #: As in `Fact`; -1 in cells of the group "each".
    value = models.IntegerField()
    n = models.IntegerField()

    def __str__(self) -> str:
        return f"{self.n} × {FactKind(self.kind).label}, {self.state}"


class ChangedCase(models.Model):
    """A case whose facts are to be computed again.

    Appended only by triggers on the tables that facts are computed from, so that no code path can forget it. A row is
    seen when the change that it is about is seen, never before and never later.
    """

    case_id = models.BigIntegerField()
    at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"Case {self.case_id} changed"


class RollupState(models.Model):
    """The progress of building the roll-ups: one row, with id 1."""

    id = models.SmallIntegerField(primary_key=True)
    #: The definitions of the facts (`reports.rollups.definitions`), and the zone of the cells' weeks.
    definitions = models.CharField(max_length=64)
    zone = models.CharField(max_length=64)
    #: The facts of cases up to this id are built; `built_at` is null until all of them are.
    built_to = models.BigIntegerField(default=0)
    built_at = models.DateTimeField(null=True)
    #: The number of the service levels by which business time was measured.
    levels = models.PositiveIntegerField(default=0)
    #: Another text after each change of facts, and never one of before: what was computed under it is as they are now.
    version = models.CharField(max_length=32, default="")

    def __str__(self) -> str:
        return "built" if self.built_at else f"built up to case {self.built_to}"
