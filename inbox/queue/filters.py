"""Filters of a list of cases: read from its address, and written into links."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args
from urllib.parse import urlencode

from django.http import QueryDict

from inbox.models import Status, Visibility
from inbox.text import clean_text
from networks.registry import CONNECTORS
from routing.models import Priority
from routing.reading import SENTIMENTS, URGENCIES

ViewKind = Literal["open", "unassigned", "mine", "watching", "department", "snoozed", "unsent", "resolved"]
SortOrder = Literal["newest", "oldest", "waiting", "due", "priority"]

_OPEN_STATUSES = (Status.NEW, Status.OPEN, Status.WAITING)
_CLOSED_STATUSES = (Status.RESOLVED, Status.DISMISSED)
#: The most values of one filter, characters of a tag and of a text, followers, and the longest wait in minutes.
MOST_VALUES, LONGEST_TAG, LONGEST_TEXT, MOST_FOLLOWERS, LONGEST_WAIT = 20, 100, 200, 10**9, 60 * 24 * 366
#: A case is due soon if its next due time is within this time.
DUE_SOON_WITHIN = dt.timedelta(hours=2)
#: Filters that take several values, of which a case has any, and those that take one: by their names in an address.
SEVERAL = ("network", "brand", "department", "assignee", "status", "priority", "tag", "language", "tone", "urgency",
           "customer_tag")  # fmt: skip
SINGLE = ("answer", "waiting", "due", "followers", "stream", "media", "text")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[a-z0-9]{2,4})?")
#: The values of filters that are words of ours.
_KNOWN = {
    "network": frozenset(CONNECTORS),
    "priority": frozenset(map(str, Priority.values)),
    "tone": frozenset(SENTIMENTS),
    "urgency": frozenset(map(str, URGENCIES)),
    "answer": frozenset(("missing", "given")),
    "due": frozenset(("soon", "over", "none")),
    "stream": frozenset(Visibility.values),
    "media": frozenset(("yes",)),
}
_MOST = {"waiting": LONGEST_WAIT, "followers": MOST_FOLLOWERS}


@dataclass(frozen=True, slots=True)
class QueueFilters:
    """The filters and the order of a list of cases. () and "": no filter. `after` is an opaque cursor.

    Ids are kept as text, as in the address. `assignee`: ids, "me" and "nobody"; `waiting`: for more than so many minutes;
    `followers`: at least so many.
    """

    network: tuple[str, ...] = ()
    brand: tuple[str, ...] = ()
    department: tuple[str, ...] = ()
    assignee: tuple[str, ...] = ()
    status: tuple[str, ...] = ()
    priority: tuple[str, ...] = ()
    tag: tuple[str, ...] = ()
    language: tuple[str, ...] = ()
    tone: tuple[str, ...] = ()
    urgency: tuple[str, ...] = ()
    customer_tag: tuple[str, ...] = ()
    answer: str = ""
    waiting: str = ""
    due: str = ""
    followers: str = ""
    stream: str = ""
    media: str = ""
    text: str = ""
    sort: SortOrder = "newest"
    after: str = ""
    #: The order of the view when its address names none.
    usual_sort: SortOrder = "newest"

    @classmethod
    def parse(cls, query: QueryDict, kind: ViewKind) -> QueueFilters:
        """Read filters from a query string.

        Unknown values, and filters that do not apply to this view, are left out.
        """
        statuses, sort = statuses_of_view(kind), query.get("sort", "")
        values: dict[str, Any] = {}
        for name in SEVERAL:
            read = (_read_value(name, value, statuses) for value in _listed(query, name))
            values[name] = tuple(dict.fromkeys(value for value in read if value))[:MOST_VALUES]
        for name in SINGLE:
            values[name] = _read_value(name, query.get(name, ""), statuses)
        # What "soon" and "overdue" were called while they were orders.
        if (due := {"soon": "soon", "overdue": "over"}.get(sort)) and not values["due"]:
            values["due"], sort = due, "due"
        if kind == "department":
            values["department"] = ()
        if kind in ("mine", "unassigned"):
            values["assignee"] = ()
        return cls(
            **values, sort=_parse_sort(sort, kind), after=query.get("after", ""), usual_sort=usual_sort(kind)
        )

    def query_string(self, **changes: Any) -> str:
        """Return these filters with `changes` as a query string.

        "" without filters.
        """
        new = replace(self, **changes)
        pairs = [(name, value) for name in SEVERAL for value in getattr(new, name)]
        pairs += [(name, getattr(new, name)) for name in SINGLE]
        pairs += [("sort", new.sort if new.sort != new.usual_sort else ""), ("after", new.after)]
        return urlencode([pair for pair in pairs if pair[1]])

    @property
    def is_narrowed(self) -> bool:
        """True when any filter is set."""
        return any(getattr(self, name) for name in (*SEVERAL, *SINGLE))


def statuses_of_view(kind: ViewKind) -> tuple[Status, ...]:
    """Return the statuses that the cases of a view may have."""
    if kind == "unsent":
        return (*_OPEN_STATUSES, *_CLOSED_STATUSES)
    return _CLOSED_STATUSES if kind == "resolved" else _OPEN_STATUSES


def usual_sort(kind: ViewKind) -> SortOrder:
    """Return the order of a view when nobody chose one.

    One's own cases come by what is due, so that the most urgent is on top.
    """
    return "due" if kind == "mine" else "newest"


def orders_of_view(kind: ViewKind) -> tuple[SortOrder, ...]:
    """Return the orders to choose from, the usual one first."""
    if kind in ("resolved", "snoozed", "unsent"):
        return ("newest",)
    usual = usual_sort(kind)
    return (usual, *(order for order in get_args(SortOrder) if order != usual))


def _parse_sort(value: str, kind: ViewKind) -> SortOrder:
    return next((order for order in orders_of_view(kind) if order == value), usual_sort(kind))


def _listed(query: QueryDict, name: str) -> list[str]:
    """Return the values of a filter; tags may also stand in one value, with commas between them."""
    values = query.getlist(name)[: MOST_VALUES * 2]
    if name in ("tag", "customer_tag"):
        return [part for value in values for part in value[: LONGEST_TAG * MOST_VALUES].split(",")]
    return values


def _read_value(name: str, value: str, statuses: tuple[Status, ...]) -> str:
    """Return one value of a filter as it is kept.

    "" for one that means nothing.
    """
    if name in _KNOWN:
        return value if value in _KNOWN[name] else ""
    if name in ("brand", "department") or (name == "assignee" and value not in ("me", "nobody")):
        return _read_number(value, 10**17)
    if name in _MOST:
        return _read_number(value, _MOST[name])
    if name == "status":
        return value if value in statuses else ""
    if name == "language":
        return value if len(value) <= 8 and _LANGUAGE.fullmatch(value) else ""
    if name == "assignee":
        return value
    line = " ".join(clean_text(value[: LONGEST_TEXT * 2])[0].split())
    if name == "text":
        return line[:LONGEST_TEXT]
    tag = line[:LONGEST_TAG].removeprefix("#").strip()
    return tag.lower() if name == "customer_tag" else tag


def _read_number(value: str, most: int) -> str:
    is_number = value.isascii() and value.isdigit() and len(value) < 18
    return str(number) if is_number and 0 < (number := int(value)) <= most else ""
