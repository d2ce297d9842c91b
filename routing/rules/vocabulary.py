"""Read from the database everything that rules may refer to."""

from __future__ import annotations

from accounts.access import ROLES
from accounts.models import Department, Membership, Skill, User
from routing.models import Calendar
from routing.playbook.versions import playbook_branch_options
from routing.rules.findings import Vocabulary


def load_vocabulary() -> Vocabulary:
    """Read everything that rules may refer to. Five statements.

    These are departments, active people with the departments on whose cases they work, skills, questions of the
    playbook and calendars.
    """
    active = User.objects.filter(is_active=True).only("username", "first_name", "last_name")
    names = {user.username: str(user) for user in active}
    people: dict[str, set[str]] = {name: set() for name in names}
    works = Membership.objects.filter(user__is_active=True, user__role__in=ROLES["claim"])
    for name, slug in works.values_list("user__username", "department__slug"):
        people.setdefault(name, set()).add(slug)
    return Vocabulary(
        departments={
            slug: (name, is_open)
            for slug, name, is_open in Department.objects.values_list("slug", "name", "is_open")
        },
        people=people,
        names=names,
        skills=set(Skill.objects.values_list("slug", flat=True)),
        branches={key for key, _ in playbook_branch_options()},
        calendars={str(pk) for pk in Calendar.objects.values_list("pk", flat=True)},
    )
