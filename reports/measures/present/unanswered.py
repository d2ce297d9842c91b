"""Count what waits for an answer now: open cases in which a message that needs an answer has none. Definitions: docs/metrics.md.

A case has at most one such exchange, so a case is an exchange here. All of it is read from the cases, as they are at this moment.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Case as ByCondition
from django.db.models import Count, IntegerField, Min, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce

from accounts.models import User
from postgres.prepared_querysets import prepared_query
from reports.filters import Filters
from reports.scopes import reported_cases, with_cases

HOUR = dt.timedelta(hours=1)
_MINUTE = dt.timedelta(minutes=1)
_UNITS = """
WITH scope AS ({{}}),
unit AS (
  SELECT c.id AS case_id, 0::bigint AS n, c.exchange_from AS at, {span} AS span, '{state}' AS state
  FROM inbox_case c JOIN scope ON scope.id = c.id
)
"""
_DUE_SQL = (
    "coalesce(c.next_response_due_at, CASE WHEN c.first_response_at IS NULL THEN c.first_response_due_at END)"
)


@dataclass(frozen=True, slots=True)
class Age:
    """Bound how long an exchange has waited: from `least`, below `most`; None for without end."""

    key: str
    label: str
    least: dt.timedelta
    most: dt.timedelta | None

    def condition(self, now: dt.datetime) -> Q:
        """Return the condition on cases whose exchange is of this age."""
        condition = Q(exchange_from__lte=now - self.least) if self.least else Q()
        return condition if self.most is None else condition & Q(exchange_from__gt=now - self.most)


AGES = (
    Age("0", "< 30 min", dt.timedelta(), 30 * _MINUTE),
    Age("1", "30–60 min", 30 * _MINUTE, HOUR),
    Age("2", "1–2 h", HOUR, 2 * HOUR),
    Age("3", "2–4 h", 2 * HOUR, 4 * HOUR),
    Age("4", "4–24 h", 4 * HOUR, 24 * HOUR),
    Age("5", "> 24 h", 24 * HOUR, None),
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """Unanswered exchanges of one department and age. `due` are those whose target ends in the next hour."""

    department_id: int
    age: int
    count: int
    over: int
    due: int
    due_with_nobody: int
    #: When the longest wait of those over their target began.
    over_since: dt.datetime | None


@dataclass(frozen=True, slots=True)
class UnansweredChoice:
    """Choose among the unanswered exchanges: all, or those of an age, over their target, due within the hour, with nobody."""

    age: Age | None = None
    over: bool | None = None
    due: bool = False
    with_nobody: bool = False


def unanswered_cases(user: User, filters: Filters) -> QuerySet[Any]:
    """Return the cases in which a customer waits for an answer.

    Each has a column `due`, null without a target.
    """
    return (
        filters.narrow(reported_cases(user))
        .unanswered()
        .annotate(
            due=Coalesce(
                "next_response_due_at",
                ByCondition(When(first_response_at__isnull=True, then="first_response_due_at")),
            )
        )
    )


def count_unanswered(user: User, filters: Filters, *, now: dt.datetime) -> list[Waiting]:
    """Count what waits, by department and age. One statement, over the cases in which a customer waits."""
    cuts = [now - each.least for each in AGES[1:]]
    return [Waiting(*row) for row in _select_counts(user, filters, now, now + HOUR, *cuts)]


@prepared_query
def _select_counts(
    user: User, filters: Filters, now: dt.datetime, soon: dt.datetime, *cuts: dt.datetime
) -> Any:
    """Count by department and age.

    `cuts` are when what is just as old as each age but the first began.
    """
    # The first that holds counts: what began after a cut is younger.
    age = ByCondition(
        *[When(exchange_from__gt=cut, then=Value(n)) for n, cut in enumerate(cuts)],
        default=Value(len(cuts)),
        output_field=IntegerField(),
    )
    due = Q(due__gte=now, due__lt=soon)
    rows = unanswered_cases(user, filters).order_by().annotate(age=age).values("department_id", "age")
    counted = rows.annotate(
        n=Count("pk"),
        over=Count("pk", filter=Q(due__lt=now)),
        soon=Count("pk", filter=due),
        nobody=Count("pk", filter=due & Q(assignee__isnull=True)),
        over_since=Min("exchange_from", filter=Q(due__lt=now)),
    )
    return counted.values_list("department_id", "age", "n", "over", "soon", "nobody", "over_since")


def choose_unanswered(
    user: User, filters: Filters, choice: UnansweredChoice, *, now: dt.datetime
) -> QuerySet[Any]:
    """Return the cases of one number."""
    cases = unanswered_cases(user, filters)
    if choice.age:
        cases = cases.filter(choice.age.condition(now))
    if choice.over is not None:
        cases = cases.filter(Q(due__lt=now) if choice.over else Q(due__gte=now) | Q(due__isnull=True))
    if choice.due:
        cases = cases.filter(due__gte=now, due__lt=now + HOUR)
    return cases.filter(assignee__isnull=True) if choice.with_nobody else cases


def unanswered_units(
    user: User, filters: Filters, choice: UnansweredChoice, *, now: dt.datetime
) -> tuple[str, list[Any]]:
    """Return the units (`reports.behind.lists`) of one number: how long they wait, are over, or have left."""
    span, state = "%s - c.exchange_from", "waiting"
    if choice.over:
        span, state = f"%s - {_DUE_SQL}", "overdue"
    elif choice.due:
        span, state = f"{_DUE_SQL} - %s", "due"
    sql, parameters = with_cases(
        _UNITS.format(span=span, state=state), choose_unanswered(user, filters, choice, now=now)
    )
    return sql, [*parameters, now]


def most_urgent_cases(user: User, filters: Filters, *, now: dt.datetime) -> QuerySet[Any]:
    """Return the cases over their target or due within the hour.

    The most urgent first. Those furthest over come first, then what is due next: that is the order of their due times.
    """
    cases = unanswered_cases(user, filters).filter(due__lt=now + HOUR)
    return cases.order_by("due", "id")
