"""Whose rules a person may change: administrators all, managers those of their departments (docs/permissions.md)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from accounts.access import viewer
from accounts.models import Department, Role, User
from routing import precedence
from routing.engine import RuleSetError
from routing.snapshots import rule_in, without_names

Plain = dict[str, Any]


class NotYours(RuleSetError):
    """The edit touches what the person may not change; nothing was changed."""


class NotAbove(RuleSetError):
    """The edit puts a rule above those of other departments, which only an administrator may; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What one person may change: `departments` are slugs, None for all, those of the whole company included."""

    departments: frozenset[str] | None

    @property
    def is_whole(self) -> bool:
        """Whether the person may change what is the whole company's."""
        return self.departments is None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing that the person may change."""
        return self.departments is not None and not self.departments

    def covers(self, slug: str | None) -> bool:
        """Whether the department's rules, policies and questions may be changed; "" or None is the whole company."""
        return self.departments is None or slug in self.departments

    def covers_all(self, slugs: Iterable[str | None]) -> bool:
        """Whether `covers` says yes to each."""
        return all(self.covers(slug) for slug in slugs)

    def require(self, slug: str | None) -> None:
        """Raises `NotYours` where `covers` says no."""
        if not self.covers(slug):
            raise NotYours(
                "This is another department’s, not yours to change."
                if slug
                else "This holds for the whole company: an administrator changes it."
            )

    def refuse(self, before: Plain, after: Plain, live: Plain | None = None) -> None:
        """Raises `NotYours` or `NotAbove` when the change from one snapshot to another is not the person's to make.

        `live` is what decides now, where the change is one of a draft: what is first there may be first again.
        """
        if objection := self.objection(before, after):
            raise NotYours(objection)
        if (said := self._not_above(before, after, live)) is not None:
            raise NotAbove(said)

    def may_change(self, before: Plain, after: Plain) -> bool:
        """Whether `refuse` lets the change pass."""
        return not self.objection(before, after) and self._not_above(before, after) is None

    def _not_above(self, before: Plain, after: Plain, live: Plain | None = None) -> str | None:
        if self.departments is None:
            return None
        passed = precedence.overtaken(before, after, self.covers, live)
        if passed is None:
            return None
        mine, other = (rule_in(after, key) for key in passed)
        return (
            f"“{mine['name']}” may not come before “{other['name']}”, a rule of "
            f"{other.get('department_name') or other['department']}: it would take its messages. Ask an administrator to "
            "move it up."
        )

    def objection(self, before: Plain, after: Plain) -> str:
        """Why the change from one snapshot to another is not the person's to make, as a sentence; "" when it is.

        A rule may be changed by those who may change rules of its department, before and after, and the order of the
        others among themselves must stay. Where one's own stand among them is up to `refuse`.
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


def scope_of(user: User | None) -> Scope:
    """What the user may change; nothing for those who may not edit rules at all. None is the system: everything."""
    if user is None:
        return Scope(None)
    if not viewer(user).may("edit_rules"):
        return Scope(frozenset())
    if user.role == Role.ADMINISTRATOR:
        return Scope(None)
    slugs = Department.objects.filter(pk__in=viewer(user).department_ids).values_list("slug", flat=True)
    return Scope(frozenset(slugs))
