"""Who else could have a case: colleagues to give it to, with where each of them is, and why nobody has it yet."""

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

#: Colleagues offered at most.
MOST_COLLEAGUES = 200
#: People named in a sentence.
_MOST_PEOPLE_NAMED = 3


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody who may have a case. `where` says why they would not look after it now, "" when they are there."""

    id: int
    name: str
    where: str


def assignable_colleagues(case: Case, now: dt.datetime) -> list[Colleague]:
    """People of the case's department who may work on its cases, and community managers of its brand account."""
    facts = CaseSnapshot(case.department_id, case.brand_account_id, case.visibility)
    found = _select_colleagues(*facts, presence.local_date(now))
    return [Colleague(one.pk, str(one), _absence_in_words(one, now)) for one in found]


@prepared_query
def _select_colleagues(
    department_id: int, brand_account_id: int, visibility: str, today: dt.date
) -> QuerySet[User]:
    case = CaseSnapshot(department_id, brand_account_id, visibility)
    people = User.objects.filter(readers_condition(case, ROLES["claim"]))
    on_leave = Leave.objects.covering(today).filter(user=OuterRef("pk")).values("ends_on")[:1]
    named = people.only("username", "first_name", "last_name", "is_active", "away_since", "last_seen_at")
    return named.annotate(leave_ends=Subquery(on_leave)).order_by("first_name", "last_name", "id")[
        :MOST_COLLEAGUES
    ]


def _absence_in_words(user: User, now: dt.datetime) -> str:
    ends: dt.date | None = user.leave_ends  # type: ignore[attr-defined]
    if ends is not None:
        return f"on leave until {short_date(ends)}"
    standing = presence.presence_status(user, now, None)
    return "" if standing.where == "available" else standing.words


def explain_unassigned(case: Case, now: dt.datetime) -> str:
    """Why a case waits that its department gives out automatically, in a sentence; "" for every other one."""
    waits = (
        case.is_open and case.assignee_id is None and case.waiting_since is not None and not case.historical
    )
    if not waits or case.department.assignment_mode == AssignmentMode.MANUAL:
        return ""
    need = read_case_needs([case.pk])[case.pk]
    able = list(_possible_assignees(case, need, now))
    there = [one for one in able if one.there]  # type: ignore[attr-defined]
    if not able:
        lacking = f"can do {need.skill.replace('-', ' ')}" if need.skill else "is given cases"
        return f"Nobody here {lacking}: take it, or hand it over."
    who = f"somebody who can do {able[0].skill}" if need.skill else "somebody"  # type: ignore[attr-defined]
    if not there:
        return f"Waits until {who} is there: {_names_in_words(able)}."
    if not any(_has_room(one, case.department.max_per_person) for one in there):
        return f"Waits until {who} has room: {_names_in_words(there)}."
    return "Goes to somebody in a moment."


def _possible_assignees(case: Case, need: NeedRow, now: dt.datetime) -> QuerySet[User]:
    """Who is given such cases when they are there; each with `there`, `open_now` and `open_here`."""
    members = Membership.objects.filter(department=case.department_id).values("user")
    people = User.objects.filter(readers_condition(case, ASSIGNABLE_ROLES), pk__in=members)
    if need.skill:
        people = people.filter(skills__slug=need.skill).annotate(skill=F("skills__name"))
    theirs = Case.objects.open().filter(assignee=OuterRef("pk")).order_by().values("assignee")
    here = theirs.filter(department=case.department_id)
    return people.annotate(
        there=ExpressionWrapper(presence.available_users_condition(now), output_field=BooleanField()),
        open_now=Coalesce(Subquery(theirs.annotate(n=Count("pk")).values("n")), 0),
        open_here=Coalesce(Subquery(here.annotate(n=Count("pk")).values("n")), 0),
    ).order_by("first_name", "last_name", "id")


def _has_room(one: User, most_here: int | None) -> bool:
    here: int = one.open_here  # type: ignore[attr-defined]
    everywhere: int = one.open_now  # type: ignore[attr-defined]
    return everywhere < one.capacity and (most_here is None or here < most_here)


def _names_in_words(people: Sequence[User]) -> str:
    """ "Ada Holm, Bo Ek and 2 more"."""
    named = [str(one) for one in people[:_MOST_PEOPLE_NAMED]]
    more = [f"{len(people) - _MOST_PEOPLE_NAMED} more"] if len(people) > _MOST_PEOPLE_NAMED else []
    *some, last = named + more
    return f"{', '.join(some)} and {last}" if some else last
