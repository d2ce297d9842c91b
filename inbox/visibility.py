"""The rule for who may see which case. No other module states it.

A role reaches all cases, or those of the person's departments, or those of the brand accounts that the person was
granted (`ROLE_REACH`). Among these it sees direct messages only if the table of roles allows it
(`accounts.access.ROLES["read_direct"]`). Inactive people see nothing. A person who watches a case may also read it
while it is public, in any department.

`CaseScope` is the rule for one person, in each form in which it is needed:

* `condition` and `watched_condition`: a filter of a queryset (`Case.objects.visible_to`, `watched_by`; `CaseCount`);
* `includes` and `includes_when_watched`: a test of a case in memory, or of the live stream's copy of it;
* `VISIBLE_CASE_SQL` with `sql_parameters`: a condition for handwritten SQL.

`readers_condition`, `watchers_condition` and `ReaderIndex` are the same rule from the side of a case: the people who
may see it. tests/inbox/test_visibility.py compares all forms for every combination. This module imports no model of
the inbox, because the models import it.
"""

from __future__ import annotations

import enum
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from django.db import models
from django.db.models import Q, QuerySet

from accounts.access import ROLES, viewer
from accounts.models import BrandAccountGrant, Department, Membership, Role, User
from postgres.prepared_querysets import prepared_query


class Visibility(models.TextChoices):
    """The two kinds of conversations: public, or by direct message."""

    PUBLIC = "public", "Public"
    DIRECT = "direct", "Direct"


class Reach(enum.Enum):
    """The cases that a role may reach.

    The value of a limited reach is the column that must hold one of the person's ids.
    """

    NO_CASE = "none"
    EVERY_CASE = "every"
    OWN_DEPARTMENTS = "department_id"
    OWN_BRAND_ACCOUNTS = "brand_account_id"


ROLE_REACH: dict[str, Reach] = {
    Role.ADMINISTRATOR: Reach.EVERY_CASE,
    Role.MANAGER: Reach.OWN_DEPARTMENTS,
    Role.COMMUNITY: Reach.OWN_BRAND_ACCOUNTS,
    Role.AGENT: Reach.OWN_DEPARTMENTS,
    Role.ANALYST: Reach.OWN_DEPARTMENTS,
}
#: The reaches that are limited to ids of the person's departments or brand accounts.
_LIMITED = (Reach.OWN_DEPARTMENTS, Reach.OWN_BRAND_ACCOUNTS)


class CaseFacts(Protocol):
    """The attributes that the rule reads: of a `Case`, a `CaseChange` of the live stream, or a `CaseSnapshot`."""

    @property
    def department_id(self) -> int: ...
    @property
    def brand_account_id(self) -> int: ...
    @property
    def visibility(self) -> str: ...


class CaseSnapshot(NamedTuple):
    """The attributes of a case that the rule reads."""

    department_id: int
    brand_account_id: int
    visibility: str


class OwnIds(Protocol):
    """The departments and brand accounts of a person: a `Viewer`, a `CaseAccess`, or `OwnIdSets`."""

    @property
    def department_ids(self) -> frozenset[int]: ...
    @property
    def brand_account_ids(self) -> frozenset[int]: ...


class OwnIdSets(NamedTuple):
    """The departments and brand accounts of a person, already read from the database."""

    department_ids: frozenset[int]
    brand_account_ids: frozenset[int]


@dataclass(frozen=True, slots=True)
class CaseScope:
    """The cases that one person sees by role. `ids` are the person's departments or brand accounts, as `reach` says."""

    reach: Reach
    ids: frozenset[int] = frozenset()
    reads_direct: bool = False

    def condition(self) -> Q:
        """Return a filter that matches the cases of this scope.

        For a queryset of any model with the three columns of `CaseFacts`.
        """
        if self.reach is Reach.NO_CASE:
            return Q(pk__in=())
        condition = Q(**{f"{self.reach.value}__in": self.ids}) if self.reach in _LIMITED else Q()
        return condition if self.reads_direct else condition & Q(visibility=Visibility.PUBLIC)

    def watched_condition(self, user_id: int) -> Q:
        """Return a filter for cases that the person watches and may read.

        For a queryset of `Case`.
        """
        if self.reach is Reach.NO_CASE:
            return Q(pk__in=())
        is_watched = Q(watches__user=user_id, watches__off=False)
        return is_watched & (Q(visibility=Visibility.PUBLIC) | self.condition())

    def passed_on_condition(self) -> Q:
        """Return a filter for cases that the person's departments once had.

        Who has such a case now is no secret to them, though its content is. For a queryset of `Case`.
        """
        if self.reach is not Reach.OWN_DEPARTMENTS:
            return Q(pk__in=())
        had = Q(custodies__department__in=self.ids)
        return had if self.reads_direct else had & Q(visibility=Visibility.PUBLIC)

    def includes(self, case: CaseFacts) -> bool:
        """Return whether the person sees this case by role.

        No statement.
        """
        if self.reach is Reach.NO_CASE:
            return False
        if self.reach in _LIMITED and getattr(case, self.reach.value) not in self.ids:
            return False
        return self.reads_direct or case.visibility == Visibility.PUBLIC

    def includes_when_watched(self, case: CaseFacts) -> bool:
        """Return whether the person may read this case if they watch it.

        No statement.
        """
        is_open_to_watchers = self.reach is not Reach.NO_CASE and case.visibility == Visibility.PUBLIC
        return is_open_to_watchers or self.includes(case)

    @property
    def brand_account_ids(self) -> frozenset[int] | None:
        """The brand accounts that limit the scope; None if brand accounts do not limit it."""
        return self.ids if self.reach is Reach.OWN_BRAND_ACCOUNTS else None

    def sql_parameters(self) -> dict[str, Any]:
        """Return the parameters of `VISIBLE_CASE_SQL`."""
        own_ids = {reach: sorted(self.ids) if self.reach is reach else None for reach in _LIMITED}
        return {
            "sees_any": self.reach is not Reach.NO_CASE,
            "sees_direct": self.reads_direct,
            "own_departments": own_ids[Reach.OWN_DEPARTMENTS],
            "own_brand_accounts": own_ids[Reach.OWN_BRAND_ACCOUNTS],
        }


#: Condition for handwritten SQL: `str.format` replaces {case} with the alias of `inbox_case`; the parameters are those
#: of `CaseScope.sql_parameters`. An array that is NULL does not limit.
VISIBLE_CASE_SQL = """
%(sees_any)s::bool AND (%(sees_direct)s::bool OR {case}.visibility = 'public')
AND (%(own_departments)s::bigint[] IS NULL OR {case}.department_id = ANY(%(own_departments)s::bigint[]))
AND (%(own_brand_accounts)s::bigint[] IS NULL OR {case}.brand_account_id = ANY(%(own_brand_accounts)s::bigint[]))
"""


def role_scope(role: str, own: OwnIds) -> CaseScope:
    """Return the cases that an active person of this role sees.

    `own` are the person's departments and brand accounts. Only the ids that limit the role's reach are read, because
    those of a `Viewer` may cost a statement.
    """
    reach, ids = ROLE_REACH[role], frozenset[int]()
    if reach is Reach.OWN_DEPARTMENTS:
        ids = own.department_ids
    elif reach is Reach.OWN_BRAND_ACCOUNTS:
        ids = own.brand_account_ids
    return CaseScope(reach, ids, role in ROLES["read_direct"])


def case_scope(user: User) -> CaseScope:
    """Return the cases that a user sees now.

    At most one statement per request (`accounts.access.viewer`).
    """
    return role_scope(user.role, viewer(user)) if user.is_active else CaseScope(Reach.NO_CASE)


def may_see_by_role(user: User, case: CaseFacts) -> bool:
    """Return whether a user sees a case by role.

    False for a case that the user sees only because they watch it.
    """
    return case_scope(user).includes(case)


def readers_condition(case: CaseFacts, roles: Collection[str] = tuple(ROLE_REACH)) -> Q:
    """Return a filter for the active people who see a case.

    People of `roles` only, and only those who see it by role, not by watching. For a queryset of `User`; no person is
    repeated.
    """
    if case.visibility != Visibility.PUBLIC:
        roles = ROLES["read_direct"].intersection(roles)
    owners = {
        Reach.OWN_DEPARTMENTS: Membership.objects.filter(department=case.department_id).values("user"),
        Reach.OWN_BRAND_ACCOUNTS: BrandAccountGrant.objects.filter(
            brand_account=case.brand_account_id
        ).values("user"),
    }
    readers = Q(role__in=[role for role in roles if ROLE_REACH[role] is Reach.EVERY_CASE])
    for reach, users in owners.items():
        reaching = sorted(role for role in roles if ROLE_REACH[role] is reach)
        readers |= Q(role__in=reaching, pk__in=users)
    return Q(readers, is_active=True)


def watchers_condition(case_id: int, case: CaseFacts) -> Q:
    """Return a filter for active watchers who may read a case.

    For a queryset of `User`; no person is repeated.
    """
    watching = Q(watches__case=case_id, watches__off=False, is_active=True)
    return watching if case.visibility == Visibility.PUBLIC else watching & readers_condition(case)


@dataclass(slots=True)
class ReaderIndex:
    """An index of people by the cases they see: answers for many cases without a statement for each."""

    _user_ids: dict[tuple[Reach, int | None, bool], set[int]] = field(default_factory=dict)

    def add(self, user_id: int, scope: CaseScope) -> None:
        """Add a person with the cases they see."""
        for own_id in scope.ids if scope.reach in _LIMITED else (None,):
            self._user_ids.setdefault((scope.reach, own_id, scope.reads_direct), set()).add(user_id)

    def readers_of(self, case: CaseFacts) -> frozenset[int]:
        """Return the ids of the people who see a case by role."""
        reads_direct = (True, False) if case.visibility == Visibility.PUBLIC else (True,)
        keys = [(reach, getattr(case, reach.value), direct) for reach in _LIMITED for direct in reads_direct]
        keys += [(Reach.EVERY_CASE, None, direct) for direct in reads_direct]
        return frozenset().union(*(self._user_ids.get(key, ()) for key in keys))


def list_departments(user: User) -> list[Department]:
    """Return all departments in their order.

    One statement per request: the list is stored on the user, as the `Viewer` is.
    """
    departments = user.__dict__.get("_departments")
    if not isinstance(departments, list):
        departments = user.__dict__["_departments"] = _select_departments()
    return departments


@prepared_query
def _select_departments() -> QuerySet[Department]:
    return Department.objects.all()


def queue_departments(user: User) -> list[Department]:
    """Return the departments whose queues the user may open.

    In their order. All departments for a user whom departments do not limit.
    """
    own_ids = set(queue_department_ids(user))
    return [department for department in list_departments(user) if department.pk in own_ids]


def queue_department_ids(user: User) -> list[int]:
    """Return the ids of the departments whose queues the user may open.

    In no particular order. For a user whom departments limit it needs no statement beyond that of the scope; otherwise
    it needs that of `list_departments`.
    """
    scope = case_scope(user)
    if scope.reach is Reach.OWN_DEPARTMENTS:
        return sorted(scope.ids)
    return [department.pk for department in list_departments(user)]
