"""What stands in the navigation: views with their numbers, and the pages a role may open."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from django.urls import reverse
from django.utils.safestring import SafeString

from accounts.access import viewer
from accounts.models import User
from inbox.queue.counts import open_counts
from inbox.queue.navigation_markup import entry_markup
from inbox.visibility import queue_departments


@dataclass(frozen=True, slots=True)
class NavigationEntry:
    """One link. `count` is ready to print, "" for none; `go` is the key that leads there after G."""

    label: str
    href: str
    count: str = ""
    current: bool = False
    go: str = ""

    @property
    def markup(self) -> SafeString:
        """The link as an item of a list."""
        return entry_markup(self)


#: Pages beside the inbox: label, URL name, action of `accounts.access.ROLES` that opens them.
_PAGE_LINKS = (
    ("Reports", "reports:dashboard", "reports"),
    ("Teams", "inbox:team", "assignment"),
    ("Rules", "routing:rule_list", "read_public"),
    ("Playbook", "playbook:page", "read_public"),
    ("Service levels", "sla:policy_list", "read_public"),
    ("Brand accounts", "accounts:brand_accounts", "read_public"),
    ("Roster", "accounts:roster", "read_public"),
    ("Quarantine", "inbox:quarantine", "quarantine"),
    ("People", "accounts:people", "users"),
    ("Departments", "accounts:departments", "users"),
)


def navigation_context(user: User, path: str) -> dict[str, Any]:
    """Template context of `_nav.html`: `views`, `departments`, `pages` (lists of `NavigationEntry`), `person`, the page of
    notices (`NavigationEntry`), how many of them are `unread`, and whether the person is `on_leave`.
    """
    counts = open_counts(user)
    views = [
        _build_entry("All open", _cached_reverse("inbox:queue"), path, counts.all, "o"),
        _build_entry("Unassigned", _cached_reverse("inbox:queue_unassigned"), path, counts.unassigned, "u"),
        _build_entry("Mine", _cached_reverse("inbox:queue_mine"), path, counts.mine, "m"),
        _build_entry("Watching", _cached_reverse("inbox:queue_watching"), path, go="w"),
        _build_entry("Resolved", _cached_reverse("inbox:queue_resolved"), path, go="r"),
    ]
    queues = [
        _build_entry(
            one.name,
            _cached_reverse("inbox:queue_department", one.slug),
            path,
            counts.departments.get(one.pk, 0),
        )
        for one in queue_departments(user)
    ]
    return {
        "views": views,
        "departments": queues,
        "pages": _page_entries(user, path),
        "person": user,
        "notices": _build_entry(
            "Notices", _cached_reverse("inbox:notices"), path, counts.unread or None, "n"
        ),
        "unread": counts.unread,
        "on_leave": counts.on_leave,
    }


def _page_entries(user: User, path: str) -> list[NavigationEntry]:
    who = viewer(user)
    return [_build_entry(label, href, path) for label, href, action in _page_addresses() if who.may(action)]


@lru_cache(maxsize=512)
def _cached_reverse(name: str, *arguments: str) -> str:
    return reverse(name, args=arguments)


@cache
def _page_addresses() -> tuple[tuple[str, str, str], ...]:
    return tuple((label, reverse(name), action) for label, name, action in _PAGE_LINKS)


def _build_entry(label: str, href: str, path: str, count: int | None = None, go: str = "") -> NavigationEntry:
    current = path == href or (href != "/" and not href.startswith("/queue/") and path.startswith(href))
    return NavigationEntry(label, href, "" if count is None else f"{max(count, 0):,}", current, go)
