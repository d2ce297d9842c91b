"""The filters of a queue in words, so that what narrows a list is always seen."""

from __future__ import annotations

from collections.abc import Mapping

from accounts.models import BrandAccount
from inbox.models import Status
from inbox.queue.filters import QueueFilters, SortOrder, ViewKind, usual_sort
from networks.registry import network_label

#: What the views are called, but for those of departments, which have the department's name.
VIEW_TITLES: dict[str, str] = {
    "open": "All open",
    "unassigned": "Unassigned",
    "mine": "Mine",
    "watching": "Watching",
    "snoozed": "Snoozed",
    "unsent": "Not sent",
    "resolved": "Resolved",
}
ORDER_WORDS: dict[SortOrder, str] = {
    "newest": "Newest first",
    "due": "Due first",
    "overdue": "Overdue only",
    "soon": "Due within 2 h",
    "waiting": "Waiting longest",
}


def list_orders(kind: ViewKind) -> list[tuple[str, str]]:
    """Return the orders to choose from.

    The usual one of the view comes first; [] for a view that has one order only.
    """
    if kind in ("resolved", "snoozed", "unsent"):
        return []
    usual = usual_sort(kind)
    return [
        (usual, ORDER_WORDS[usual]),
        *((sort, words) for sort, words in ORDER_WORDS.items() if sort != usual),
    ]


def describe_order(kind: ViewKind, sort: SortOrder) -> str:
    """Return the order of a list in words."""
    return "Back soonest first" if kind == "snoozed" else ORDER_WORDS[sort]


def describe_filters(filters: QueueFilters, brands: Mapping[int, BrandAccount]) -> list[tuple[str, str]]:
    """Return each filter that narrows the list, in full.

    With the query string of the list without it.
    """
    described: list[tuple[str, str]] = []
    if filters.network:
        described.append((network_label(filters.network), filters.query_string(after="", network="")))
    if filters.brand:
        brand = brands.get(filters.brand)
        described.append((str(brand or "another account"), filters.query_string(after="", brand=0)))
    if filters.status:
        described.append((str(Status(filters.status).label), filters.query_string(after="", status="")))
    if filters.tag:
        described.append((f"#{filters.tag}", filters.query_string(after="", tag="")))
    return described
