"""What stands in the navigation: views with their numbers, and the pages a role may open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.urls import NoReverseMatch, reverse

from accounts.access import viewer
from accounts.models import Department, Role, User
from inbox.counts import open_counts


@dataclass(frozen=True, slots=True)
class Entry:
    """One link. `count` is ready to print, "" for none."""

    label: str
    href: str
    count: str = ""
    current: bool = False


#: Pages beside the inbox: label, URL name, action of `accounts.access.ROLES` that opens them.
_PAGES = (
    ("Reports", "reports:dashboard", "reports"),
    ("Rules", "routing:rule_list", "read_public"),
    ("Brand accounts", "accounts:brand-accounts", "read_public"),
    ("Quarantine", "inbox:quarantine", "quarantine"),
    ("People", "accounts:people", "users"),
    ("Departments", "accounts:departments", "users"),
)


def queue_departments(user: User) -> list[Department]:
    """The departments whose queues the user may open, in their order: all for those who work across departments."""
    if user.role in (Role.ADMINISTRATOR, Role.COMMUNITY):
        return list(Department.objects.all())
    return list(Department.objects.filter(memberships__user=user))


def navigation(user: User, path: str) -> dict[str, Any]:
    """Template context of `_nav.html`: `views`, `departments`, `pages` (lists of `Entry`) and `person`."""
    counts = open_counts(user)
    views = [
        _entry("All open", reverse("inbox:queue"), path, counts.all),
        _entry("Unassigned", reverse("inbox:queue_unassigned"), path, counts.unassigned),
        _entry("Mine", reverse("inbox:queue_mine"), path, counts.mine),
        _entry("Resolved", reverse("inbox:queue_resolved"), path),
    ]
    departments = [
        _entry(
            one.name,
            reverse("inbox:queue_department", args=[one.slug]),
            path,
            counts.departments.get(one.pk, 0),
        )
        for one in queue_departments(user)
    ]
    return {"views": views, "departments": departments, "pages": _pages(user, path), "person": user}


def _pages(user: User, path: str) -> list[Entry]:
    who = viewer(user)
    entries = []
    for label, name, action in _PAGES:
        if who.may(action):
            try:
                entries.append(_entry(label, reverse(name), path))
            except NoReverseMatch:
                continue
    return entries


def _entry(label: str, href: str, path: str, count: int | None = None) -> Entry:
    current = path == href or (href != "/" and not href.startswith("/queue/") and path.startswith(href))
    return Entry(label, href, "" if count is None else f"{max(count, 0):,}", current)
