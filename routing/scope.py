"""The policies, calendars and questions that a user may change."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from accounts.access import viewer
from accounts.models import Department, Role, User
from routing.refusals import EditNotPermitted


@dataclass(frozen=True, slots=True)
class EditScope:
    """The scope of a user's edits.

    `departments` are slugs; None is everything, including what belongs to the whole company.
    """

    departments: frozenset[str] | None

    @property
    def is_company_wide(self) -> bool:
        """Return whether the user may change what belongs to the whole company."""
        return self.departments is None

    @property
    def is_empty(self) -> bool:
        """Return whether the user may change nothing."""
        return self.departments is not None and not self.departments

    def covers(self, slug: str | None) -> bool:
        """Return whether the user may change what a department owns.

        That is its rules, policies and questions; "" or None is the whole company.
        """
        return self.departments is None or slug in self.departments

    def covers_all(self, slugs: Iterable[str | None]) -> bool:
        """Return whether `covers` is true for each slug."""
        return all(self.covers(slug) for slug in slugs)

    def require_department(self, slug: str | None) -> None:
        """Check that `covers` is true. Raises `EditNotPermitted`."""
        if not self.covers(slug):
            raise EditNotPermitted(
                "This belongs to another department, so you cannot change it."
                if slug
                else "This applies to the whole company. Only an administrator can change it."
            )


def edit_scope_of(user: User | None) -> EditScope:
    """Return the scope of policies, calendars and questions a user may change.

    It is empty for users who may not edit them at all. None is the system, which may change everything.
    """
    if user is None:
        return EditScope(None)
    if not viewer(user).may("edit_policies"):
        return EditScope(frozenset())
    if user.role == Role.ADMINISTRATOR:
        return EditScope(None)
    slugs = Department.objects.filter(pk__in=viewer(user).department_ids).values_list("slug", flat=True)
    return EditScope(frozenset(slugs))
