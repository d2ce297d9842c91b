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
class Entry:
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
_PAGES = (
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


def navigation(user: User, path: str) -> dict[str, Any]:
    """Template context of `_nav.html`: `views`, `departments`, `pages` (lists of `Entry`), `person`, the page of
    notices (`Entry`), how many of them are `unread`, and whether the person is `on_leave`."""
    counts = open_counts(user)
    views = [
        _entry("All open", _address("inbox:queue"), path, counts.all, "o"),
        _entry("Unassigned", _address("inbox:queue_unassigned"), path, counts.unassigned, "u"),
        _entry("Mine", _address("inbox:queue_mine"), path, counts.mine, "m"),
        _entry("Watching", _address("inbox:queue_watching"), path, go="w"),
        _entry("Resolved", _address("inbox:queue_resolved"), path, go="r"),
    ]
    queues = [
        _entry(
            one.name,
            _address("inbox:queue_department", one.slug),
            path,
            counts.departments.get(one.pk, 0),
        )
        for one in queue_departments(user)
    ]
    return {
        "views": views,
        "departments": queues,
        "pages": _pages(user, path),
        "person": user,
        "notices": _entry("Notices", _address("inbox:notices"), path, counts.unread or None, "n"),
        "unread": counts.unread,
        "on_leave": counts.on_leave,
    }


def _pages(user: User, path: str) -> list[Entry]:
    who = viewer(user)
    return [_entry(label, href, path) for label, href, action in _addresses() if who.may(action)]


@lru_cache(maxsize=512)
def _address(name: str, *arguments: str) -> str:
    return reverse(name, args=arguments)


@cache
def _addresses() -> tuple[tuple[str, str, str], ...]:
    return tuple((label, reverse(name), action) for label, name, action in _PAGES)


def _entry(label: str, href: str, path: str, count: int | None = None, go: str = "") -> Entry:
    current = path == href or (href != "/" and not href.startswith("/queue/") and path.startswith(href))
    return Entry(label, href, "" if count is None else f"{max(count, 0):,}", current, go)
