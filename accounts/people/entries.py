"""Entries of the audit log about a person who was added or changed."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.audit.recording import compare_values, record_change
from accounts.models import AuditVerb, User


@dataclass(frozen=True, slots=True)
class PersonValues:
    """The stored data of a person at one moment, by the names that people know."""

    details: dict[str, object]
    rights: dict[str, object]
    department_ids: frozenset[int]


NOBODY = PersonValues({}, {}, frozenset())


def read_person_values(user: User) -> PersonValues:
    """Return what is stored of a user now.

    Two statements.
    """
    departments = dict(user.memberships.values_list("department_id", "department__name"))
    grants = user.grants.select_related("brand_account").order_by("brand_account_id")
    rights: dict[str, object] = {"Role": user.get_role_display(), "Departments": list(departments.values())}
    for grant in grants:
        rights[str(grant.brand_account)] = "answers in its name" if grant.can_publish else "works on it"
    details: dict[str, object] = {
        "Name": user.get_full_name(),
        "User name": user.username,
        "E-mail": user.email,
        "Initials": user.initials,
        "Time zone": user.time_zone,
    }
    return PersonValues(details, rights, frozenset(departments))


def record_saved_person(user: User, before: PersonValues) -> None:
    """Record what differs from `before`; nothing when nothing does."""
    after = read_person_values(user)
    department_ids = before.department_ids | after.department_ids
    details, rights = (
        compare_values(before.details, after.details),
        compare_values(before.rights, after.rights),
    )
    if before is NOBODY:
        record_change(
            AuditVerb.PERSON_ADDED, user, details + rights, person=user, department_ids=department_ids
        )
        return
    if details:
        record_change(AuditVerb.PERSON_CHANGED, user, details, person=user, department_ids=department_ids)
    if rights:
        record_change(AuditVerb.RIGHTS_CHANGED, user, rights, person=user, department_ids=department_ids)


def record_about_person(verb: AuditVerb, user: User, *, by: User | None = None) -> None:
    """Record something that was done to a person.

    The managers of their departments read it, too.
    """
    department_ids = user.memberships.values_list("department_id", flat=True)
    record_change(verb, user, by=by, person=user, department_ids=department_ids)
