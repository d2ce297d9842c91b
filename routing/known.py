"""What rules may name, as it is in the database now."""

from __future__ import annotations

from accounts.models import Department, Membership, Skill, User
from routing.findings import Known
from routing.models import Calendar
from routing.playbooks import branches


def known() -> Known:
    """Departments, people who are active, skills, calendars. Five statements."""
    people: dict[str, set[str]] = {
        name: set() for name in User.objects.filter(is_active=True).values_list("username", flat=True)
    }
    for name, slug in Membership.objects.filter(user__is_active=True).values_list(
        "user__username", "department__slug"
    ):
        people.setdefault(name, set()).add(slug)
    return Known(
        departments={
            slug: (name, is_open)
            for slug, name, is_open in Department.objects.values_list("slug", "name", "is_open")
        },
        people=people,
        skills=set(Skill.objects.values_list("slug", flat=True)),
        branches={key for key, _ in branches()},
        calendars={str(pk) for pk in Calendar.objects.values_list("pk", flat=True)},
    )
