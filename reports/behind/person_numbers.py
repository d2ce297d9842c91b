"""The lists behind a person's numbers: for the person and their managers, for nobody else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from django.db.models import Q, QuerySet

from accounts.models import User
from reports.behind.lists import LONGEST, NumberList
from reports.filters import Filters
from reports.measures.by_person import answer_units, first_response_units, promise_units
from reports.periods import Period
from reports.scopes import managed_department_ids

_MET = {"": None, "yes": True, "no": False}


def people_of(user: User) -> QuerySet[User]:
    """Return the people whose numbers a user may read: their own, and a manager those of their people.

    Administrators manage nobody.
    """
    managed = managed_department_ids(user)
    return User.objects.filter(Q(pk=user.pk) | Q(memberships__department__in=managed)).distinct()


def list_of_person(
    user: User, period: Period, filters: Filters, query: Mapping[str, str], now: dt.datetime
) -> NumberList | None:
    """Return the list behind one of a person's numbers; `by` is the person's id."""
    by = query.get("by", "")
    person = (
        people_of(user).filter(pk=int(by) if by.isascii() and by.isdigit() and len(by) < 16 else 0).first()
    )
    if person is None:
        return None
    if query.get("of") == "answers":
        units = answer_units(user, person.pk, period, filters)
        return NumberList(
            f"Answers of {person}", "answers", units, at_label="Sent", span_label="", person_ids=(person.pk,)
        )
    if query.get("of") == "first_answers":
        units = first_response_units(user, person.pk, period, filters)
        return NumberList(
            f"First responses of {person}", "first responses", units, LONGEST, "Arrived", "Answered after",
            person_ids=(person.pk,),
        )  # fmt: skip
    met = _MET.get(query.get("met", ""))
    units = promise_units(user, person.pk, period, filters, met=met)
    return NumberList(
        f"Response targets of {person}", "targets", units, at_label="Ended", span_label="Outcome",
        person_ids=(person.pk,),
    )  # fmt: skip
