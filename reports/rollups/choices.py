"""Choose the facts and cells that a reader's numbers count: those of the cases that they may read, narrowed by filters."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from accounts.models import BrandAccount, User
from inbox.models import Case, Visibility
from inbox.visibility import Reach, case_scope, list_departments
from reports.filters import Filters
from reports.models import Cell
from reports.scopes import case_ids_sql


@dataclass(frozen=True, slots=True)
class Choice:
    """Conditions on facts and cells; None does not limit."""

    department_ids: list[int] | None
    brand_account_ids: list[int] | None
    sees_direct: bool
    #: A statement that selects the cases, with its parameters: for filters that no cell has.
    cases: tuple[str, tuple[Any, ...]] | None

    @property
    def has_cells(self) -> bool:
        """True when cells can answer how many there are."""
        return self.cases is None

    @property
    def group(self) -> Cell.Group | None:
        """The group of cells that has the values of this choice; None when only facts have them."""
        if self.cases is not None or None not in (self.department_ids, self.brand_account_ids):
            return None
        if self.department_ids is not None:
            return Cell.Group.DEPARTMENT
        return Cell.Group.ALL if self.brand_account_ids is None else Cell.Group.BRAND_ACCOUNT

    def as_sql(self, alias: str) -> tuple[str, list[Any]]:
        """Return the conditions on a fact or cell, joined by AND."""
        conditions, parameters = ["true"], list[Any]()
        for column, ids in (
            ("department_id", self.department_ids),
            ("brand_account_id", self.brand_account_ids),
        ):
            if ids is not None:
                conditions.append(f"{alias}.{column} = ANY(%s::bigint[])")
                parameters.append(ids)
        if not self.sees_direct:
            conditions.append(f"{alias}.visibility = '{Visibility.PUBLIC}'")
        return " AND ".join(conditions), parameters

    def cases_sql(self, alias: str) -> tuple[str, list[Any]]:
        """Return the condition on cases of facts, beginning with AND."""
        if self.cases is None:
            return "", []
        sql, parameters = self.cases
        return f" AND {alias}.case_id IN ({sql})", list(parameters)


def choose_readable(user: User) -> Choice:
    """Return what the reader may read."""
    scope = case_scope(user)
    if scope.reach is Reach.NO_CASE:
        return Choice([], None, False, None)
    ids = sorted(scope.ids)
    return Choice(
        ids if scope.reach is Reach.OWN_DEPARTMENTS else None,
        ids if scope.reach is Reach.OWN_BRAND_ACCOUNTS else None,
        scope.reads_direct,
        None,
    )


def choose_filtered(filters: Filters) -> Choice:
    """Return what filters leave, whoever reads it.

    One statement when networks are filtered.
    """
    departments = sorted(filters.department_ids) if filters.department_ids else None
    brands = sorted(filters.brand_account_ids) if filters.brand_account_ids else None
    if filters.networks:
        of_networks = BrandAccount.objects.filter(network__in=filters.networks)
        brands = _both(brands, sorted(of_networks.values_list("pk", flat=True)))
    rest = replace(filters, networks=(), brand_account_ids=(), department_ids=())
    return Choice(departments, brands, True, case_ids_sql(rest.narrow(Case.objects.all())) if rest else None)


def choose(user: User, filters: Filters) -> Choice:
    """Return what the reader may read, narrowed by filters."""
    readable, filtered = choose_readable(user), choose_filtered(filters)
    return Choice(
        _both(readable.department_ids, filtered.department_ids),
        _both(readable.brand_account_ids, filtered.brand_account_ids),
        readable.sees_direct,
        filtered.cases,
    )


def with_departments(choice: Choice, user: User) -> Choice:
    """Name all departments where none limit.

    The index of facts by time begins with the department.
    """
    if choice.department_ids is not None:
        return choice
    return replace(choice, department_ids=[department.pk for department in list_departments(user)])


def _both(first: list[int] | None, second: list[int] | None) -> list[int] | None:
    if first is None or second is None:
        return second if first is None else first
    return sorted(set(first) & set(second))
