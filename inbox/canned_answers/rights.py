"""Who may change which canned answers, and for whom they may keep new ones. Macros are kept by the same rules."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.access import viewer
from accounts.models import Department, Role, User
from inbox.models import CannedAnswer, CannedScope, Macro


@dataclass(frozen=True, slots=True)
class CannedPlace:
    """For whom a canned answer is: `key` is its value in forms and files."""

    key: str
    label: str
    scope: CannedScope
    department: Department | None = None


ONLY_ME = CannedPlace("me", "Only me", CannedScope.PERSON)
COMPANY = CannedPlace("company", "Everybody", CannedScope.COMPANY)


def may_edit(user: User, answer: CannedAnswer | Macro) -> bool:
    """Return whether the user may change a canned answer or a macro.

    Everybody their own; managers and community managers those of their departments; administrators all but those of
    other persons.
    """
    who = viewer(user)
    if not who.may("canned_answers"):
        return False
    if answer.scope == CannedScope.PERSON:
        return answer.owner_id == user.pk
    if user.role == Role.ADMINISTRATOR:
        return True
    edits_departments = user.role in (Role.MANAGER, Role.COMMUNITY)
    return edits_departments and answer.department_id in who.department_ids


def editable_places(user: User) -> list[CannedPlace]:
    """List for whom the user may keep canned answers. At most one statement."""
    departments = Department.objects.none()
    if user.role == Role.ADMINISTRATOR:
        departments = Department.objects.all()
    elif user.role in (Role.MANAGER, Role.COMMUNITY):
        departments = Department.objects.filter(pk__in=viewer(user).department_ids)
    company = [COMPANY] if user.role == Role.ADMINISTRATOR else []
    return [ONLY_ME, *company, *map(department_place, departments)]


def department_place(department: Department) -> CannedPlace:
    """Return a department as one for whom a canned answer is."""
    return CannedPlace(f"department:{department.slug}", department.name, CannedScope.DEPARTMENT, department)


def place_of(answer: CannedAnswer | Macro) -> CannedPlace:
    """Return for whom a canned answer or a macro is."""
    if answer.department is not None:
        return department_place(answer.department)
    if answer.scope == CannedScope.COMPANY:
        return COMPANY
    return ONLY_ME
