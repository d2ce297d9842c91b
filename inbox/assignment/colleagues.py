"""List colleagues who could have a case, and explain why nobody has it yet."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import (
    BooleanField,
    Count,
    ExpressionWrapper,
    F,
    OuterRef,
    QuerySet,
    Subquery,
)
from django.db.models.functions import Coalesce

from accounts.access import ROLES
from accounts.models import AssignmentMode, Leave, Membership, User
from accounts.working_time import presence
from inbox.assignment.automatic import ASSIGNABLE_ROLES
from inbox.assignment.needs import NeedRow, read_case_needs
from inbox.models import Case
from inbox.visibility import CaseSnapshot, readers_condition
from postgres.prepared_querysets import prepared_query
from wording.times import short_date

#: At most this many colleagues are offered.
MOST_COLLEAGUES = 200
#: At most this many people are named in a sentence.
_MOST_PEOPLE_NAMED = 3


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody who may have a case.

    `where` says why they are not available now, "" when they are.
    """

    id: int
    name: str
    where: str


def assignable_colleagues(case: Case, now: dt.datetime) -> list[Colleague]:
    """Return the people who see a case and may work on it.

    Those of its department and the community managers of its brand account, at most `MOST_COLLEAGUES`. One statement.
    """
    facts = CaseSnapshot(case.department_id, case.brand_account_id, case.visibility)
    people = _select_colleagues(*facts, presence.local_date(now))
    return [Colleague(user.pk, str(user), _absence_in_words(user, now)) for user in people]


@prepared_query
def _select_colleagues(
    department_id: int, brand_account_id: int, visibility: str, today: dt.date
) -> QuerySet[User]:
    case = CaseSnapshot(department_id, brand_account_id, visibility)
    people = User.objects.filter(readers_condition(case, ROLES["claim"]))
    on_leave = Leave.objects.covering(today).filter(user=OuterRef("pk")).values("ends_on")[:1]
    columns = people.only("username", "first_name", "last_name", "is_active", "away_since", "last_seen_at")
    return columns.annotate(leave_ends=Subquery(on_leave)).order_by("first_name", "last_name", "id")[
        :MOST_COLLEAGUES
    ]


def _absence_in_words(user: User, now: dt.datetime) -> str:
    """Return why somebody would not look after a case now.

    "" when they would.
    """
    ends: dt.date | None = user.leave_ends  # type: ignore[attr-defined]
    if ends is not None:
        return f"on leave until {short_date(ends)}"
    status = presence.presence_status(user, now, None)
    return "" if status.where == "available" else status.words


def explain_unassigned(case: Case, now: dt.datetime) -> str:
    """Return why a case still waits to be assigned, as a sentence.

    Only for a case that its department gives out automatically; "" for every other one. Two statements for it, else
    none.
    """
    waits = (
        case.is_open and case.assignee_id is None and case.waiting_since is not None and not case.historical
    )
    if not waits or case.department.assignment_mode == AssignmentMode.MANUAL:
        return ""
    need = read_case_needs([case.pk])[case.pk]
    possible = list(_possible_assignees(case, need, now))
    there = [user for user in possible if user.there]  # type: ignore[attr-defined]
    if not possible:
        missing = f"can do {need.skill.replace('-', ' ')}" if need.skill else "is given cases"
        return f"Nobody here {missing}: take it, or hand it over."
    somebody = f"somebody who can do {possible[0].skill}" if need.skill else "somebody"  # type: ignore[attr-defined]
    if not there:
        return f"Waits until {somebody} is available: {_names_in_words(possible)}."
    if not any(_has_room(user, case.department.max_per_person) for user in there):
        return f"Waits until {somebody} has room: {_names_in_words(there)}."
    return "It will be assigned in a moment."


def _possible_assignees(case: Case, need: NeedRow, now: dt.datetime) -> QuerySet[User]:
    """Select the people who get such cases while they are there.

    Each with `there`, `open_now` and `open_here`, and `skill` (its name) when one is needed.
    """
    members = Membership.objects.filter(department=case.department_id).values("user")
    people = User.objects.filter(readers_condition(case, ASSIGNABLE_ROLES), pk__in=members)
    if need.skill:
        people = people.filter(skills__slug=need.skill).annotate(skill=F("skills__name"))
    own_cases = Case.objects.open().filter(assignee=OuterRef("pk")).order_by().values("assignee")
    own_cases_here = own_cases.filter(department=case.department_id)
    return people.annotate(
        there=ExpressionWrapper(presence.available_users_condition(now), output_field=BooleanField()),
        open_now=Coalesce(Subquery(own_cases.annotate(n=Count("pk")).values("n")), 0),
        open_here=Coalesce(Subquery(own_cases_here.annotate(n=Count("pk")).values("n")), 0),
    ).order_by("first_name", "last_name", "id")


def _has_room(user: User, most_here: int | None) -> bool:
    here: int = user.open_here  # type: ignore[attr-defined]
    everywhere: int = user.open_now  # type: ignore[attr-defined]
    return everywhere < user.capacity and (most_here is None or here < most_here)


def _names_in_words(people: Sequence[User]) -> str:
    """Return names in words: "Ada Holm, Bo Ek and 2 more"."""
    names = [str(user) for user in people[:_MOST_PEOPLE_NAMED]]
    more = [f"{len(people) - _MOST_PEOPLE_NAMED} more"] if len(people) > _MOST_PEOPLE_NAMED else []
    *first, last = names + more
    return f"{', '.join(first)} and {last}" if first else last
