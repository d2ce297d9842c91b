"""The table of roles and the actions that each may take.

Object-level scoping is in the querysets (`visible_to`); see docs/permissions.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db import connection

from accounts.models import BrandAccount, Role, User
from postgres.prepared_querysets import register_argument

#: Action → the roles that may take it at all. Scope (own departments, own brand accounts) restricts it further.
ROLES: dict[str, frozenset[str]] = {
    "users": frozenset({Role.ADMINISTRATOR}),
    "connect": frozenset({Role.ADMINISTRATOR}),
    "govern": frozenset({Role.ADMINISTRATOR, Role.MANAGER, Role.COMMUNITY, Role.AGENT}),
    "review": frozenset({Role.ADMINISTRATOR, Role.MANAGER, Role.ANALYST}),
    "plan_work": frozenset({Role.ADMINISTRATOR, Role.MANAGER}),
    "read_public": frozenset(Role.values),
    "read_direct": frozenset({Role.MANAGER, Role.COMMUNITY, Role.AGENT}),
    "read_notes": frozenset({Role.MANAGER, Role.COMMUNITY, Role.AGENT}),
    "claim": frozenset({Role.MANAGER, Role.COMMUNITY, Role.AGENT}),
    "reassign": frozenset({Role.MANAGER, Role.COMMUNITY}),
    "hand_over": frozenset({Role.MANAGER, Role.COMMUNITY, Role.AGENT}),
    "publish": frozenset({Role.MANAGER, Role.COMMUNITY, Role.AGENT}),
    "link_items": frozenset({Role.MANAGER, Role.COMMUNITY, Role.AGENT}),
    "decide_items": frozenset({Role.ADMINISTRATOR, Role.MANAGER}),
    "canned_answers": frozenset({Role.ADMINISTRATOR, Role.MANAGER, Role.COMMUNITY, Role.AGENT}),
    "macros": frozenset({Role.ADMINISTRATOR, Role.MANAGER, Role.COMMUNITY, Role.AGENT}),
    "settle_reply": frozenset({Role.MANAGER, Role.COMMUNITY}),
    "approve": frozenset({Role.MANAGER, Role.COMMUNITY, Role.AGENT}),
    "approval_rules": frozenset({Role.ADMINISTRATOR, Role.MANAGER}),
    "edit_rules": frozenset({Role.ADMINISTRATOR, Role.MANAGER, Role.COMMUNITY}),
    "edit_playbook": frozenset({Role.ADMINISTRATOR, Role.MANAGER}),
    "edit_policies": frozenset({Role.ADMINISTRATOR, Role.MANAGER}),
    "learn": frozenset({Role.ADMINISTRATOR, Role.MANAGER}),
    "switch_router": frozenset({Role.ADMINISTRATOR}),
    "assignment": frozenset({Role.ADMINISTRATOR, Role.MANAGER}),
    "roster": frozenset({Role.ADMINISTRATOR, Role.MANAGER, Role.COMMUNITY}),
    "gaps": frozenset({Role.ADMINISTRATOR, Role.MANAGER, Role.COMMUNITY}),
    "quarantine": frozenset({Role.ADMINISTRATOR, Role.MANAGER, Role.COMMUNITY}),
    "reports": frozenset(Role.values),
    "export": frozenset({Role.ADMINISTRATOR, Role.MANAGER, Role.COMMUNITY, Role.ANALYST}),
    "share_reports": frozenset({Role.ADMINISTRATOR, Role.MANAGER, Role.ANALYST}),
    "company_views": frozenset({Role.ADMINISTRATOR, Role.MANAGER}),
    "audit": frozenset({Role.ADMINISTRATOR, Role.MANAGER}),
    "retention": frozenset({Role.ADMINISTRATOR}),
    "erase": frozenset({Role.ADMINISTRATOR}),
    "import_history": frozenset({Role.ADMINISTRATOR}),
}


_SCOPE = """
SELECT department_id, NULL, NULL FROM accounts_membership WHERE user_id = %(user)s
UNION ALL SELECT NULL, brand_account_id, can_publish FROM accounts_brandaccountgrant WHERE user_id = %(user)s
"""


@dataclass(frozen=True)
class Viewer:
    """A user with the ids that scope every query.

    `viewer(user)` returns it; the ids are read once per request, in one small statement.
    """

    user: User

    @cached_property
    def department_ids(self) -> frozenset[int]:
        """Ids of the departments that the user belongs to."""
        return frozenset(self._scope[0])

    @property
    def _grants(self) -> dict[int, bool]:
        return self._scope[1]

    @cached_property
    def _scope(self) -> tuple[set[int], dict[int, bool]]:
        departments, grants = set(), {}
        with connection.cursor() as cursor:
            cursor.execute(_SCOPE, {"user": self.user.pk})
            for department, brand, can_publish in cursor.fetchall():
                if department is not None:
                    departments.add(department)
                else:
                    grants[brand] = can_publish
        return departments, grants

    @property
    def brand_account_ids(self) -> frozenset[int]:
        """Ids of the brand accounts granted to the user, with or without publishing."""
        return frozenset(self._grants)

    def may(self, action: str) -> bool:
        """Return whether the user's role allows `action` at all.

        Raises `KeyError` for an action not in `ROLES`.
        """
        return self.user.is_active and self.user.role in ROLES[action]

    def may_run_department(self, department_id: int) -> bool:
        """Return whether the user may decide how a department distributes its cases.

        Administrators and the department's managers may.
        """
        return self.may("assignment") and (
            self.user.role == Role.ADMINISTRATOR or department_id in self.department_ids
        )

    def may_edit_roster(self, brand_account: BrandAccount) -> bool:
        """Return whether the user may edit the roster of a brand account.

        Allowed for administrators, for managers whose department owns it or who have a grant for it, and for
        its community managers.
        """
        return self.may("roster") and self._is_in_charge_of(brand_account)

    def may_settle_gap(self, brand_account: BrandAccount) -> bool:
        """Return whether the user may acknowledge a possible gap.

        Allowed for everybody who may edit the roster of the brand account.
        """
        return self.may("gaps") and self._is_in_charge_of(brand_account)

    def may_govern(self, brand_account: BrandAccount) -> bool:
        """Return whether the user may sign an account's charter.

        The same people review and sunset it: administrators, managers of the department that owns it, and its owner.
        """
        if not self.may("govern"):
            return False
        owns = brand_account.owner_id is not None and brand_account.owner_id == self.user.pk
        manages = self.user.role == Role.MANAGER and brand_account.owner_department_id in self.department_ids
        return owns or manages or self.user.role == Role.ADMINISTRATOR

    def _is_in_charge_of(self, brand_account: BrandAccount) -> bool:
        if self.user.role == Role.ADMINISTRATOR:
            return True
        owned = self.user.role == Role.MANAGER and brand_account.owner_department_id in self.department_ids
        return owned or brand_account.pk in self.brand_account_ids

    def may_publish_as(self, brand_account_id: int) -> bool:
        """Return whether the user may answer in a brand account's name."""
        return self.may("publish") and self._grants.get(brand_account_id, False)


def viewer(user: User) -> Viewer:
    """Return the `Viewer` of a user, cached on the user instance.

    The instance in `request.user` lives as long as the request, so the scope is read once per request.
    """
    cached = user.__dict__.get("_viewer")
    if not isinstance(cached, Viewer):
        cached = Viewer(user)
        user.__dict__["_viewer"] = cached
    return cached


def _split_user(user: User) -> tuple[tuple[str, bool, int, int], list[int]]:
    """Split a user for a prepared queryset into shape and ids.

    The shape consists of the role, whether the user is active, and the numbers of departments and brand
    accounts.
    """
    departments, brand_accounts = sorted(viewer(user).department_ids), sorted(viewer(user).brand_account_ids)
    shape = user.role, user.is_active, len(departments), len(brand_accounts)
    return shape, [user.pk, *departments, *brand_accounts]


def _stand_in_user(shape: Any, next_id: Callable[[], int]) -> User:
    """Build a user of this shape with ids from `next_id`.

    The ids are replaced by those of each call.
    """
    role, is_active, departments, brand_accounts = shape
    user = User(pk=next_id(), role=role, is_active=is_active)
    stand_in = user.__dict__["_viewer"] = Viewer(user)
    department_ids = {next_id() for _ in range(departments)}
    stand_in.__dict__["_scope"] = department_ids, {next_id(): True for _ in range(brand_accounts)}
    return user


register_argument(User, _split_user, _stand_in_user)
