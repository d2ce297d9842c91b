"""Filters of a queue's page: read from its address, and written into links."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal, get_args
from urllib.parse import urlencode

from django.http import QueryDict

from inbox.models import Status
from inbox.text import clean_text
from networks.registry import CONNECTORS

ViewKind = Literal["open", "unassigned", "mine", "watching", "department", "snoozed", "unsent", "resolved"]
SortOrder = Literal["newest", "waiting", "due", "soon", "overdue"]

_OPEN_STATUSES = (Status.NEW, Status.OPEN, Status.WAITING)
_CLOSED_STATUSES = (Status.RESOLVED, Status.DISMISSED)


@dataclass(frozen=True, slots=True)
class QueueFilters:
    """The filters of a queue's page. "" and 0: no filter. `after` is an opaque cursor."""

    network: str = ""
    brand: int = 0
    status: str = ""
    tag: str = ""
    sort: SortOrder = "newest"
    after: str = ""
    #: The order of the view when its address names none.
    usual_sort: SortOrder = "newest"

    @classmethod
    def parse(cls, query: QueryDict, kind: ViewKind) -> QueueFilters:
        """Read filters from a query string.

        Unknown values, and filters that do not apply to this view, are left out.
        """
        brand, status = query.get("brand", ""), query.get("status", "")
        statuses = statuses_of_view(kind)
        return cls(
            network=query.get("network", "") if query.get("network") in CONNECTORS else "",
            brand=int(brand) if brand.isascii() and brand.isdigit() and len(brand) < 18 else 0,
            status=status if status in statuses else "",
            tag=clean_text(query.get("tag", "")[:100])[0].strip(),
            sort=_parse_sort(query.get("sort", ""), kind),
            after=query.get("after", ""),
            usual_sort=usual_sort(kind),
        )

    def query_string(self, **changes: Any) -> str:
        """Return these filters with `changes` as a query string.

        "" without filters.
        """
        new = replace(self, **changes)
        sort = new.sort if new.sort != new.usual_sort else ""
        parameters = {
            "network": new.network,
            "brand": new.brand,
            "status": new.status,
            "tag": new.tag,
            "sort": sort,
            "after": new.after,
        }
        return urlencode({key: value for key, value in parameters.items() if value})

    @property
    def is_narrowed(self) -> bool:
        """True when any filter is set."""
        return bool(self.network or self.brand or self.status or self.tag or self.sort in ("soon", "overdue"))


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


def _parse_sort(value: str, kind: ViewKind) -> SortOrder:
    if kind in ("resolved", "snoozed", "unsent"):
        return "newest"
    return next((order for order in get_args(SortOrder) if order == value), usual_sort(kind))
