"""Whose rules a person may change: administrators all, managers those of their departments (docs/permissions.md)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from accounts.access import viewer
from accounts.models import Department, Role, User
from routing.engine import RuleSetError
from routing.snapshots import without_names

Plain = dict[str, Any]


class NotYours(RuleSetError):
    """The edit touches what the person may not change; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What one person may change: `departments` are slugs, None for all."""

    departments: frozenset[str] | None

    def covers(self, slug: str) -> bool:
        """Whether rules that lead to the department may be changed."""
        return self.departments is None or slug in self.departments

    def objection(self, before: Plain, after: Plain) -> str:
        """Why the change from one snapshot to another is not the person's to make, as a sentence; "" when it is.

        A rule may be changed by those who may change rules of its department, before and after. Moving one's own rule
        past another's is one's own to decide, so only the order of the others among themselves must stay.
        """
        if self.departments is None:
            return ""
        was, now = without_names(before), without_names(after)
        old, new = ({rule["key"]: rule for rule in content["rules"]} for content in (was, now))
        for key in dict.fromkeys([*old, *new]):
            one, other = old.get(key), new.get(key)
            if one == other:
                continue
            for rule in (one, other):
                if rule is not None and not self.covers(rule["department"]):
                    return f"“{rule['name']}” is a rule of a department that is not yours."
        if was["default"] != now["default"] and not all(
            slug is None or self.covers(slug) for slug in (was["default"], now["default"])
        ):
            return "The default is not yours to change: it leads to a department that you are not in."
        others = [
            [key for key, rule in side.items() if not self.covers(rule["department"])] for side in (old, new)
        ]
        return (
            ""
            if others[0] == others[1]
            else "The order of rules of other departments is not yours to change."
        )


def scope_of(user: User) -> Scope:
    """What the user may change; nothing for those who may not edit rules at all."""
    if not viewer(user).may("edit_rules"):
        return Scope(frozenset())
    if user.role == Role.ADMINISTRATOR:
        return Scope(None)
    slugs = Department.objects.filter(pk__in=viewer(user).department_ids).values_list("slug", flat=True)
    return Scope(frozenset(slugs))
