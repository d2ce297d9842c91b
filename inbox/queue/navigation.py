"""The navigation: views with their numbers, and the pages that a role may open."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from django.urls import reverse
from django.utils import timezone

from accounts.access import viewer
from accounts.brand_accounts.troubles import trouble_banners
from accounts.models import Role, User
from inbox.addresses import address_pattern, known_address
from inbox.keys import find_key
from inbox.queue.counts import MOST_OVER, OpenCounts, open_counts
from inbox.queue.markup import NavigationEntry
from inbox.queue.saved_views.counting import MOST_COUNTED, is_counted
from inbox.queue.saved_views.rail import Rail, rail_of
from inbox.visibility import queue_departments

#: Pages other than the queues, by group: label, URL name, and the action of `accounts.access.ROLES` that allows it.
_PAGE_GROUPS = (
    (
        "Dashboards",
        (
            ("Today", "reports:today", "reports"),
            ("Response", "reports:dashboard", "reports"),
            ("The horseshoe", "reports:horseshoe", "reports"),
            ("Outcomes and topics", "reports:outcomes", "reports"),
            ("Numbers by account", "reports:brand_accounts", "reports"),
            ("Numbers by person", "reports:people", "claim"),
            ("Targets met", "reports:service_levels", "reports"),
            ("Learning items", "reports:learning_items", "reports"),
            ("Presence review", "reports:presence", "review"),
            ("Saved reports", "reports:saved", "reports"),
        ),
    ),
    (
        "Watch",
        (
            ("Reminders", "inbox:reminders", "read_public"),
            ("Teams", "inbox:team", "assignment"),
            ("Roster", "accounts:roster", "read_public"),
            ("Quarantine", "inbox:quarantine", "quarantine"),
            ("Audit log", "accounts:audit_log", "audit"),
        ),
    ),
    (
        "Set up",
        (
            ("Set-up list", "inbox:set_up", "users"),
            ("Rules", "routing:rule_list", "read_public"),
            ("Playbook", "playbook:page", "read_public"),
            ("Canned answers", "inbox:canned_answers", "canned_answers"),
            ("Macros", "inbox:macros", "macros"),
            ("Approval rules", "inbox:approval_rules", "approval_rules"),
            ("Service levels", "sla:policy_list", "read_public"),
            ("Brand accounts", "accounts:brand_accounts", "read_public"),
            ("People", "accounts:people", "users"),
            ("Departments", "accounts:departments", "users"),
            ("Retention", "inbox:retention", "retention"),
            ("Past conversations", "reports:history", "import_history"),
        ),
    ),
)
#: The page that is marked when something is wrong with a brand account, and that when answers are over their target.
_SICK_PAGE, _LATE_PAGE = "accounts:brand_accounts", "reports:today"
#: Saved views that are opened by G and a digit.
MOST_KEYS = 9
#: Troubles that a page shows in full.
MOST_BANNERS = 2


@dataclass(frozen=True, slots=True)
class PageGroup:
    """Pages under one heading of the navigation."""

    heading: str
    entries: list[NavigationEntry]


def navigation_context(user: User, path: str) -> dict[str, Any]:
    """Return the template context of `_nav.html`.

    Four small statements. `views`, `saved_views` and `departments` are lists of `NavigationEntry`, `groups` the other pages as
    `PageGroup`s, `notices` is the entry of the page of notices; `unread` is the number of unread notices, `person` the user, `on_leave` whether they are on
    leave, `sick_accounts` the number of brand accounts with a trouble that concerns them.
    """
    rail, works_on_cases = rail_of(user), viewer(user).may("claim")
    counts = open_counts(user, rail.views)
    queues = [
        _queue_entry(
            department.name,
            known_address("inbox:queue_department", department.slug),
            path,
            counts.departments.get(department.pk, 0),
        )
        for department in queue_departments(user)
    ]
    return {
        "views": _view_entries(
            counts, path, open_address(user), works_on_cases=works_on_cases, approves=_approves(user, counts)
        ),
        "saved_views": _saved_view_entries(rail, counts, path),
        "departments": queues,
        "groups": _page_groups(user, path, counts),
        "person": user,
        "works_on_cases": works_on_cases,
        "notices": _page_entry(
            "Notices", known_address("inbox:notices"), path, counts.unread or None, "go_notices"
        ),
        "unread": counts.unread,
        "on_leave": counts.on_leave,
        "sick_accounts": counts.sick_accounts,
    }


def open_address(user: User) -> str:
    """Return the address of all open cases: the first page, unless something else opens there."""
    return known_address("inbox:queue_open" if rail_of(user).opens_elsewhere else "inbox:queue")


def _saved_view_entries(rail: Rail, counts: OpenCounts, path: str) -> list[NavigationEntry]:
    """Return the saved views and the page of all views.

    The first nine have a digit as their key.
    """
    entries = []
    for number, view in enumerate(rail.views, 1):
        address = address_pattern("inbox:view").format(pk=view.pk)
        count = describe_count(counts.views.get(view.pk, 0)) if is_counted(view) else ""
        go = str(number) if number <= MOST_KEYS else ""
        entries.append(NavigationEntry(view.name, address, count, path == address, go))
    all_views = known_address("inbox:views")
    return [*entries, NavigationEntry("All views", all_views, "", path == all_views, _letter("go_views"))]


def describe_count(count: int) -> str:
    """Return the number of a saved view's cases in words."""
    return f"{MOST_COUNTED - 1:,}+" if count >= MOST_COUNTED else f"{count:,}"


def _approves(user: User, counts: OpenCounts) -> bool:
    """Return whether the list of answers to approve is offered: to managers, to others while something waits."""
    return counts.to_approve > 0 or user.role == Role.MANAGER


def _view_entries(
    counts: OpenCounts, path: str, all_open: str, *, works_on_cases: bool, approves: bool
) -> list[NavigationEntry]:
    return [
        _queue_entry("All open", all_open, path, counts.all, "go_open"),
        _queue_entry(
            "Unassigned", known_address("inbox:queue_unassigned"), path, counts.unassigned, "go_unassigned"
        ),
        *(
            [_queue_entry("Mine", known_address("inbox:queue_mine"), path, counts.own, "go_mine")]
            if works_on_cases
            else []
        ),
        _queue_entry("Watching", known_address("inbox:queue_watching"), path, go="go_watching"),
        _queue_entry("Snoozed", known_address("inbox:queue_snoozed"), path, counts.snoozed, "go_snoozed"),
        _queue_entry("Not sent", known_address("inbox:queue_unsent"), path, counts.unsent, "go_unsent"),
        *(
            [
                _queue_entry(
                    "To approve", known_address("inbox:approvals"), path, counts.to_approve, "go_approvals"
                )
            ]
            if approves
            else []
        ),
        _queue_entry("Resolved", known_address("inbox:queue_resolved"), path, go="go_resolved"),
    ]


def troubles_context(user: User, sick_accounts: int) -> dict[str, Any]:
    """Return the template context of `_troubles.html`.

    `sick_accounts` is that of `navigation_context`. One statement, none when it is 0.
    """
    banners = trouble_banners(user, timezone.now()) if sick_accounts else []
    return {"troubles": banners[:MOST_BANNERS], "more_troubles": max(len(banners) - MOST_BANNERS, 0)}


def _page_groups(user: User, path: str, counts: OpenCounts) -> list[PageGroup]:
    permissions, here = viewer(user), _find_page(path)
    alarms = {}
    if counts.sick_accounts and permissions.may("gaps"):
        alarms[_SICK_PAGE] = (_count_in_words(counts.sick_accounts), " in trouble")
    if counts.over_target:
        most = f"{MOST_OVER - 1:,}+" if counts.over_target >= MOST_OVER else f"{counts.over_target:,}"
        alarms[_LATE_PAGE] = (f"{most} over", " their target")
    return [
        PageGroup(
            heading,
            [
                NavigationEntry(label, href, alarms[name][0], href == here, alarm=alarms[name][1])
                if name in alarms
                else NavigationEntry(label, href, "", href == here)
                for label, href, action, name in pages
                if permissions.may(action)
            ],
        )
        for heading, pages in _page_addresses()
    ]


@cache
def _page_addresses() -> tuple[tuple[str, tuple[tuple[str, str, str, str], ...]], ...]:
    return tuple(
        (heading, tuple((label, reverse(name), action, name) for label, name, action in pages))
        for heading, pages in _PAGE_GROUPS
    )


def _find_page(path: str) -> str:
    """Return the address of the page at or above `path`.

    The longest that fits: the page of responses has others below its address. "" when there is none.
    """
    addresses = (href for _, pages in _page_addresses() for _, href, _, _ in pages if path.startswith(href))
    return max(addresses, key=len, default="")


def _queue_entry(
    label: str, address: str, path: str, count: int | None = None, go: str = ""
) -> NavigationEntry:
    return NavigationEntry(label, address, _count_in_words(count), path == address, _letter(go))


def _page_entry(
    label: str, address: str, path: str, count: int | None = None, go: str = ""
) -> NavigationEntry:
    """Return the link to a page.

    It is also current on pages below it.
    """
    return NavigationEntry(label, address, _count_in_words(count), path.startswith(address), _letter(go))


def _letter(go: str) -> str:
    """Return the key that opens a view after G. "" for none."""
    return find_key(go).last if go else ""


def _count_in_words(count: int | None) -> str:
    return "" if count is None else f"{max(count, 0):,}"
