"""Show managers their departments' people: who is available, their loads, orphaned cases."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass

from django.db.models import Sum

from accounts.access import ROLES, viewer
from accounts.models import AssignmentMode, Department, Leave, Membership, User
from accounts.working_time import presence
from accounts.working_time.presence import PresenceStatus
from inbox.assignment.automatic import ASSIGNABLE_ROLES
from inbox.models import CaseCount, Sweep
from wording.times import DisplayTime, display_time


@dataclass(frozen=True, slots=True)
class TeamMember:
    """One person in one department.

    `share`: how full they are, 0 to 100. `is_given_cases`: they get cases automatically, not only by hand.
    """

    pk: int
    name: str
    role: str
    status: PresenceStatus
    open_here: int
    open_cases: int
    capacity: int
    share: int
    is_given_cases: bool


@dataclass(frozen=True, slots=True)
class Team:
    """One department."""

    department: Department
    mode: str
    unassigned: int
    there: int
    people: list[TeamMember]


@dataclass(frozen=True, slots=True)
class LastSweep:
    """The result of the last sweep for orphaned cases.

    `week`: orphaned cases that all sweeps of the last week found.
    """

    open_cases: str
    remaining: int
    found: int
    week: int
    when: DisplayTime


def list_teams(user: User, now: dt.datetime) -> list[Team]:
    """Return the departments that `user` runs, with their people.

    Four statements, however many they are.
    """
    departments = [
        department
        for department in Department.objects.all()
        if viewer(user).may_run_department(department.pk)
    ]
    ids = [department.pk for department in departments]
    open_here: dict[tuple[int, int | None], int] = defaultdict(int)
    open_everywhere: dict[int | None, int] = defaultdict(int)
    counts = CaseCount.objects.values_list("department_id", "assignee_id").annotate(n=Sum("delta")).order_by()
    for department_id, assignee_id, n in counts:
        open_here[department_id, assignee_id] += n
        open_everywhere[assignee_id] += n
    leaves = {leave.user_id: leave for leave in Leave.objects.covering(presence.local_date(now))}
    memberships = Membership.objects.filter(
        department__in=ids, user__is_active=True, user__role__in=ROLES["claim"]
    ).select_related("user")
    people: dict[int, list[TeamMember]] = defaultdict(list)
    for membership in memberships.order_by("user__first_name", "user__last_name", "user_id"):
        person, open_cases = membership.user, open_everywhere[membership.user_id]
        people[membership.department_id].append(
            TeamMember(
                person.pk,
                str(person),
                person.get_role_display(),
                presence.presence_status(person, now, leaves.get(person.pk)),
                open_here[membership.department_id, person.pk],
                open_cases,
                person.capacity,
                min(100, round(100 * open_cases / person.capacity)) if person.capacity else 0,
                person.role in ASSIGNABLE_ROLES,
            )
        )
    unassigned = {department.pk: open_here[department.pk, None] for department in departments}
    return [_build_team(each, unassigned[each.pk], people[each.pk]) for each in departments]


def _build_team(department: Department, unassigned: int, people: list[TeamMember]) -> Team:
    there = sum(member.status.where == "available" for member in people)
    mode = str(AssignmentMode(department.assignment_mode).label).partition(":")[0]
    return Team(department, mode, unassigned, there, people)


def last_sweep(now: dt.datetime) -> LastSweep | None:
    """Return the newest sweep; None before the first. Two statements."""
    newest = Sweep.objects.order_by("-at").first()
    if newest is None:
        return None
    found_in_week = Sweep.objects.aggregate(n=Sum("found"))["n"] or 0
    return LastSweep(
        f"{newest.open_cases:,}", newest.remaining, newest.found, found_in_week, display_time(newest.at, now)
    )
