"""The cases that reports count, and a queryset of cases as the first part of a handwritten statement."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Q, QuerySet

from accounts.access import viewer
from accounts.models import Role, User
from inbox.ingest.case_state import NOISE_PREFIXES
from inbox.models import MERGED_PREFIX, SPAM_DEPARTMENT, Case, Status
from inbox.models.case import CaseQuerySet
from inbox.visibility import Reach, case_scope, list_departments, queue_department_ids

#: The reasons of dismissal whose cases are excluded from every rate, as those of the department `SPAM_DEPARTMENT` are.
NOISE_REASONS = ("Noise", "Spam")

#: Before and after every time that is stored, for statements that want a period.
ALWAYS = (dt.datetime(1, 1, 2, tzinfo=dt.UTC), dt.datetime(9999, 12, 30, tzinfo=dt.UTC))

_NO_CASE = "SELECT NULL::bigint AS id WHERE false"


def counted_cases() -> CaseQuerySet:
    """Return the cases that reports count, whoever reads them.

    Not historical, not spam, not dismissed as noise by a person or a rule, and not emptied by a merge.
    """
    cases = Case.objects.filter(historical=False).exclude(department__slug=SPAM_DEPARTMENT)
    left_out = Q(close_reason__in=NOISE_REASONS)
    for beginning in (*NOISE_PREFIXES, MERGED_PREFIX):
        left_out |= Q(close_reason__startswith=beginning)
    return cases.exclude(left_out, status=Status.DISMISSED)


def imported_cases() -> CaseQuerySet:
    """Return the imported conversations with which no customer has gone on.

    Reports count them where they are asked to, whatever their department: nobody dismissed one as noise.
    """
    return Case.objects.filter(historical=True, imported__isnull=False)


def reported_cases(user: User) -> CaseQuerySet:
    """Return the counted cases that the user may read."""
    return counted_cases().visible_to(user)


def managed_department_ids(user: User) -> list[int]:
    """Return the departments that the user manages as one of their people.

    Empty for everybody but managers.
    """
    scope = case_scope(user)
    is_manager = scope.reach is Reach.OWN_DEPARTMENTS and viewer(user).may("assignment")
    return sorted(scope.ids) if is_manager else []


def readable_department_ids(user: User) -> frozenset[int]:
    """Return the departments by which the user may narrow a report."""
    return frozenset(queue_department_ids(user))


def readable_people(user: User) -> QuerySet[User]:
    """Return the people whose own work the user may look at.

    One's own; a manager also sees the people of their departments, an administrator everybody.
    """
    if user.is_active and user.role == Role.ADMINISTRATOR:
        return User.objects.all()
    managed = managed_department_ids(user)
    return User.objects.filter(Q(pk=user.pk) | Q(memberships__department__in=managed)).distinct()


def describe_left_out(user: User) -> str:
    """Return what no report counts, for any reader (`counted_cases`)."""
    spam = next((each.name for each in list_departments(user) if each.slug == SPAM_DEPARTMENT), "")
    queue = f"the queue “{spam}”, " if spam else ""
    return f"Left out: messages from before an account was connected, {queue}and cases dismissed as noise or spam."


@dataclass(frozen=True, slots=True)
class CaseTable:
    """Cases as a statement of their ids: those that another has selected before, or one that is compiled already."""

    sql: str
    parameters: tuple[Any, ...] = ()


#: The cases of which a statement counts something.
CaseScope = QuerySet[Case] | CaseTable


def case_ids_sql(cases: CaseScope) -> tuple[str, tuple[Any, ...]]:
    """Return a statement that selects the ids of `cases`, and its parameters.

    Django refuses to write one that can find nothing, as for a person without a department.
    """
    if isinstance(cases, CaseTable):
        return cases.sql, cases.parameters
    try:
        sql, parameters = cases.order_by().values("id").query.sql_with_params()
    except EmptyResultSet:
        return _NO_CASE, ()
    return sql, tuple(parameters)


def case_table(statement: tuple[str, tuple[Any, ...]] | None) -> CaseTable:
    """Return the cases of a `prepared_statement` of their ids.

    None of them where it can find nothing.
    """
    return CaseTable(_NO_CASE) if statement is None else CaseTable(*statement)


def with_cases(sql: str, *scopes: CaseScope) -> tuple[str, list[Any]]:
    """Return `sql` with `scopes` in place of each `{}`.

    With their parameters. No value from a request is put into the text.
    """
    written = [case_ids_sql(scope) for scope in scopes]
    text = sql.format(*[statement for statement, _ in written])
    return text, [value for _, parameters in written for value in parameters]


def fetch_all(sql: str, parameters: list[Any]) -> list[tuple[Any, ...]]:
    """Return the rows of one statement."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
