"""Who may change which saved views, and with whom they may share them."""

from __future__ import annotations

from accounts.access import viewer
from accounts.models import Department, Role, User
from inbox.models import ViewScope
from inbox.queue.saved_views.rail import ShownView
from inbox.visibility import list_departments


def may_edit(user: User, view: ShownView) -> bool:
    """Return whether the user may change a view.

    Its owner may; of those that are shared also administrators, and managers of all departments that it is shared with.
    """
    if view.owner_id == user.pk:
        return True
    if view.scope == ViewScope.PERSON:
        return False
    if user.role == Role.ADMINISTRATOR:
        return True
    manages = user.role == Role.MANAGER and view.scope == ViewScope.DEPARTMENTS
    return (
        manages and bool(view.department_ids) and viewer(user).department_ids.issuperset(view.department_ids)
    )


def may_share_with_all(user: User) -> bool:
    """Return whether the user may share views with the whole company."""
    return viewer(user).may("company_views")


def sharing_departments(user: User, was: ShownView | None = None) -> list[Department]:
    """List the departments with which the user may share views.

    Their own, all for administrators, and those that a view `was` shared with.
    """
    ids = viewer(user).department_ids | set(was.department_ids if was else ())
    return [
        department
        for department in list_departments(user)
        if user.role == Role.ADMINISTRATOR or department.pk in ids
    ]
