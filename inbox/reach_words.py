"""The cases that a reader may read, in a sentence beside every number that depends on it."""

from __future__ import annotations

from accounts.models import BrandAccount, User
from inbox.visibility import CaseScope, Reach, case_scope, list_departments
from networks.registry import network_label

#: Names that are listed; with more, their number is given.
NAMES_LISTED = 6


def describe_reach(user: User) -> str:
    """Return which cases count for this reader.

    "Public cases of all departments. Direct messages are counted for …". At most two statements per request.
    """
    scope = case_scope(user)
    if scope.reach is Reach.NO_CASE:
        return "No cases."
    if scope.reach is Reach.EVERY_CASE:
        where = "of all departments"
    elif not scope.ids:
        return _MISSING[scope.reach]
    elif scope.reach is Reach.OWN_DEPARTMENTS:
        names = [department.name for department in list_departments(user) if department.pk in scope.ids]
        where = f"of {_join_names(names, 'departments')}"
    else:
        where = f"of {_join_names(_brand_account_names(scope), 'brand accounts')}"
    if scope.reads_direct:
        return f"Cases {where}."
    return f"Public cases {where}. Direct messages are counted for the people who answer them."


_MISSING = {
    Reach.OWN_DEPARTMENTS: "You are in no department, so there is nothing to count. Ask an administrator to add you to one.",
    Reach.OWN_BRAND_ACCOUNTS: "You work for no brand account, so there is nothing to count. Ask an administrator to add you.",
}


def _brand_account_names(scope: CaseScope) -> list[str]:
    accounts = BrandAccount.objects.filter(pk__in=scope.ids).order_by("network", "handle")
    return [
        f"@{handle} on {network_label(network)}"
        for network, handle in accounts.values_list("network", "handle")
    ]


def _join_names(names: list[str], kind: str) -> str:
    """Return "Billing", "Billing and Sales", or "8 departments"."""
    if len(names) > NAMES_LISTED:
        return f"{len(names)} {kind}"
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
