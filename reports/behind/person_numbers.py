"""The lists behind a person's numbers: for the person and their managers, for nobody else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Q, QuerySet

from accounts.models import Membership, User
from postgres.prepared_querysets import prepared_query
from reports.behind.lists import LONGEST, NumberList
from reports.filters import Filters
from reports.measures.by_person import (
    answer_units,
    first_response_units,
    native_units,
    promise_units,
    resolved_units,
)
from reports.periods import Period
from reports.scopes import managed_department_ids

_YES_OR_NO = {"": None, "yes": True, "no": False}


def people_of(user: User) -> QuerySet[User]:
    """Return the people whose numbers a user may read: their own, and a manager those of their people.

    Administrators manage nobody.
    """
    managed = managed_department_ids(user)
    return User.objects.filter(Q(pk=user.pk) | Q(memberships__department__in=managed)).distinct()


def active_people_of(user: User) -> list[Any]:
    """Return the people on the page of people, by name.

    Each with `department_names`, in no order. One statement.
    """
    return sorted(_select_active_people(user), key=lambda person: (str(person).casefold(), person.pk))


@prepared_query
def _select_active_people(user: User) -> QuerySet[Any]:
    names = Membership.objects.filter(user=OuterRef("pk")).values("department__name")
    people = people_of(user).filter(is_active=True)
    return people.annotate(department_names=ArraySubquery(names))


def list_of_person(
    user: User, period: Period, filters: Filters, query: Mapping[str, str], now: dt.datetime
) -> NumberList | None:
    """Return the list behind a number of people.

    `by` is a person's id, or "team" for all that the page shows.
    """
    meant = _find_people(user, query.get("by", ""))
    if meant is None:
        return None
    behind = _build_list(user, period, filters, query, *meant)
    return replace(behind, person_ids=tuple(meant[0]))


def _find_people(user: User, by: str) -> tuple[list[int], str] | None:
    """Return the ids of the people meant, and a name for them.

    None for people who may not be looked at.
    """
    if by == "team":
        return [person.pk for person in active_people_of(user)], "everybody shown"
    pk = int(by) if by.isascii() and by.isdigit() and len(by) < 16 else 0
    person = people_of(user).filter(pk=pk).first()
    return None if person is None else ([person.pk], str(person))


def _build_list(
    user: User, period: Period, filters: Filters, query: Mapping[str, str], person_ids: list[int], name: str
) -> NumberList:
    of = query.get("of")
    if of == "answers":
        units = answer_units(user, person_ids, period, filters)
        return NumberList(f"Answers of {name}", "answers", units, at_label="Sent", span_label="")
    if of == "first_answers":
        units = first_response_units(user, person_ids, period, filters)
        title = f"First responses of {name}"
        return NumberList(title, "first responses", units, LONGEST, "Arrived", "Answered after")
    if of == "worked":
        reopened = _YES_OR_NO.get(query.get("reopened", ""))
        units = resolved_units(user, person_ids, period, filters, reopened=reopened)
        title = f"{'Opened again' if reopened else 'Resolved'}: cases that {name} answered or resolved"
        return NumberList(title, "cases", units, at_label="Resolved", span_label="Outcome")
    units = promise_units(user, person_ids, period, filters, met=_YES_OR_NO.get(query.get("met", "")))
    return NumberList(f"Response targets of {name}", "targets", units, at_label="Ended", span_label="Outcome")


def list_native(
    user: User, period: Period, filters: Filters, query: Mapping[str, str], now: dt.datetime
) -> NumberList:
    """Return the list of answers in the networks' own apps."""
    units = native_units(user, period, filters)
    return NumberList("Answers in the networks’ own apps", "answers", units, at_label="Sent", span_label="")
