"""Places to go to by name: lists, departments, pages and settings that a person may open, for the palette and its page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from accounts.access import viewer
from accounts.models import User
from inbox.addresses import known_address
from inbox.queue.markup import NavigationEntry
from inbox.queue.navigation import navigation_context

#: Pages that the navigation does not list, by group: label, URL name, and the action that allows it.
_FURTHER_PAGES = (
    ("Inbox", (
        ("Search", "inbox:search", "read_public"),
        ("Acts on many cases", "inbox:bulk", "claim"),
    )),
    ("You", (
        ("Your availability, leave and time zone", "inbox:presence", "read_public"),
        ("Your password", "account_change_password", "read_public"),
    )),
    ("Dashboards", (
        ("Hand-overs between departments", "reports:hand_overs", "reports"),
        ("Today on a wall", "reports:wall", "reports"),
    )),
    ("Set up", (
        ("Versions of the rules", "routing:versions", "read_public"),
        ("Word lists", "routing:word_lists", "read_public"),
        ("Learned router", "routing:learning", "learn"),
        ("Skills", "routing:skill_list", "users"),
        ("Try the playbook", "playbook:try", "read_public"),
        ("Versions of the playbook", "playbook:versions", "read_public"),
        ("Business hours", "sla:calendar_list", "read_public"),
        ("Try the service levels", "sla:policy_try", "read_public"),
        ("New approval rule", "inbox:approval_rule_new", "approval_rules"),
        ("New canned answer", "inbox:canned_answer_new", "canned_answers"),
        ("Import canned answers", "inbox:canned_answers_import", "canned_answers"),
        ("Erase a customer", "inbox:customers_to_erase", "erase"),
    )),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PlaceToGo:
    """A page that a person may open. `go` is the key that opens it after G, "" for none."""

    group: str
    label: str
    href: str
    go: str = ""


def list_places(user: User, words: str = "") -> list[PlaceToGo]:
    """Return the places whose names have all of some words.

    In the order of the navigation. Four small statements: those of the navigation.
    """
    shown, may = navigation_context(user, ""), viewer(user).may
    places = _entries("Inbox", [*shown["views"], shown["notices"]])
    places += _entries("Saved views", shown["saved_views"])
    places += _entries("Departments", shown["departments"])
    for group in shown["groups"]:
        places += _entries(group.heading, group.entries)
    places += [
        PlaceToGo(heading, label, known_address(name))
        for heading, pages in _FURTHER_PAGES
        for label, name, action in pages
        if may(action)
    ]
    wanted = words.casefold().split()
    return [place for place in places if all(word in place.label.casefold() for word in wanted)]


def _entries(group: str, entries: Iterable[NavigationEntry]) -> list[PlaceToGo]:
    return [PlaceToGo(group, entry.label, entry.href, entry.go) for entry in entries]
