"""What managers see of their departments' people: who is there, who carries how much, and whether anything is in limbo."""

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
    """One person in one department. `share`: how full they are, 0 to 100."""

    name: str
    role: str
    standing: PresenceStatus
    open_here: int
    open_cases: int
    capacity: int
    share: int
    given: bool


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
    """What the last look at every open case found, and how many were found in a week."""

    open_cases: str
    remaining: int
    found: int
    week: int
    when: DisplayTime


def list_teams(user: User, now: dt.datetime) -> list[Team]:
    """The departments that `user` runs, with their people. Four statements, however many."""
    departments = [one for one in Department.objects.all() if viewer(user).may_run_department(one.pk)]
    ids = [one.pk for one in departments]
    here: dict[tuple[int, int | None], int] = defaultdict(int)
    everywhere: dict[int | None, int] = defaultdict(int)
    counted = (
        CaseCount.objects.values_list("department_id", "assignee_id").annotate(n=Sum("delta")).order_by()
    )
    for department_id, assignee_id, n in counted:
        here[department_id, assignee_id] += n
        everywhere[assignee_id] += n
    leaves = {one.user_id: one for one in Leave.objects.covering(presence.local_date(now))}
    rows = Membership.objects.filter(
        department__in=ids, user__is_active=True, user__role__in=ROLES["claim"]
    ).select_related("user")
    people: dict[int, list[TeamMember]] = defaultdict(list)
    for row in rows.order_by("user__first_name", "user__last_name", "user_id"):
        who, full = row.user, everywhere[row.user_id]
        people[row.department_id].append(
            TeamMember(
                str(who),
                who.get_role_display(),
                presence.presence_status(who, now, leaves.get(who.pk)),
                here[row.department_id, who.pk],
                full,
                who.capacity,
                min(100, round(100 * full / who.capacity)) if who.capacity else 0,
                who.role in ASSIGNABLE_ROLES,
            )
        )
    return [_build_team(one, here[one.pk, None], people[one.pk]) for one in departments]


def _build_team(department: Department, unassigned: int, people: list[TeamMember]) -> Team:
    there = sum(one.standing.where == "available" for one in people)
    mode = str(AssignmentMode(department.assignment_mode).label).partition(":")[0]
    return Team(department, mode, unassigned, there, people)


def last_sweep(now: dt.datetime) -> LastSweep | None:
    """The newest sweep; None before the first."""
    newest = Sweep.objects.order_by("-at").first()
    if newest is None:
        return None
    week = Sweep.objects.aggregate(n=Sum("found"))["n"] or 0
    return LastSweep(
        f"{newest.open_cases:,}", newest.remaining, newest.found, week, display_time(newest.at, now)
    )
