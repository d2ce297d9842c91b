"""A reader's selection: period, comparison and filters; read from an address, and written into every link."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, get_args
from urllib.parse import quote_plus, urlencode
from zoneinfo import ZoneInfo

from django.http import QueryDict
from django.urls import reverse

from accounts.models import User
from reports.filters import NO_FILTERS, ONLY, Filters, find_unused, read_filters
from reports.measures.hours.week import HoursOf
from reports.periods import (
    Comparison,
    Period,
    compare_period,
    find_unread_period,
    read_comparison,
    read_period,
)


@dataclass(frozen=True, slots=True)
class Links:
    """Links with a selection in their address, which is all that a drawing needs of it: neither reader nor moment."""

    query: str

    def list_href(self, of: str, *, narrowed: dict[str, Any] | None = None, **query: object) -> str:
        """Return the address of the list behind a number.

        `narrowed` holds the filters of a cell that counts, for example, one department only.
        """
        only = Filters(**narrowed).as_pairs() if narrowed else []
        return f"{_cases_address()}?{self.as_query(of=of, **query, **{ONLY + name: value for name, value in only})}"

    def page_href(self, name: str) -> str:
        """Return the address of another page with the same selection."""
        return f"{reverse(name)}?{self.as_query()}"

    def as_query(self, **query: object) -> str:
        """Return the selection, and more parameters, as a query string."""
        more = "&".join([f"{key}={_quote(str(value))}" for key, value in query.items()])
        return f"{self.query}&{more}" if self.query and more else self.query or more


@dataclass(frozen=True, slots=True)
class Selection:
    """The reader, and what they selected; `now` is the moment of all its numbers."""

    user: User
    period: Period
    filters: Filters
    comparison: Comparison
    now: dt.datetime
    #: Whether spans are business time; else every hour counts.
    in_business_time: bool = True
    #: Whether business time was asked for, where every hour counts by default.
    asked_business_time: bool = False
    #: What the map of hours and weekdays counts.
    hours_of: HoursOf = "arrivals"
    #: Filters of the address that narrow nothing, or less than was asked for.
    unused: tuple[str, ...] = ()
    #: What stands in the address in place of a period, and names none.
    unread_period: str = ""
    #: Links with this selection. A page has hundreds, so its query string is written once.
    links: Links = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        compared = {} if self.comparison == "before" else {"compare": self.comparison}
        pairs = [
            *self.period.as_query().items(),
            *compared.items(),
            *self.looks.items(),
            *self.filters.as_pairs(),
        ]
        object.__setattr__(self, "links", Links(urlencode(pairs)))

    @property
    def looks(self) -> dict[str, str]:
        """Return how numbers are shown, as parameters: what neither period nor filter is."""
        looks = {} if self.in_business_time else {"time": "clock"}
        if self.asked_business_time:
            looks["time"] = "business"
        return looks if self.hours_of == "arrivals" else looks | {"hours_of": self.hours_of}

    @property
    def compared(self) -> Period | None:
        """The period to compare with; None for no comparison."""
        return compare_period(self.period, self.comparison)

    def without_filters(self) -> Selection:
        """Return the same period and comparison, with nothing narrowed."""
        return replace(self, filters=NO_FILTERS)

    def list_href(self, of: str, *, narrowed: dict[str, Any] | None = None, **query: object) -> str:
        """Return the address of the list behind a number; see `Links`."""
        return self.links.list_href(of, narrowed=narrowed, **query)

    def page_href(self, name: str) -> str:
        """Return the address of another page with the same selection."""
        return self.links.page_href(name)

    def as_query(self, **query: object) -> str:
        """Return the selection, and more parameters, as a query string."""
        return self.links.as_query(**query)


def _quote(value: str) -> str:
    """Quote a value of an address. Most are words and numbers, which need nothing."""
    return value if value.isascii() and value.isalnum() else quote_plus(value)


@cache
def _cases_address() -> str:
    return reverse("reports:cases")


def read_hours_of(query: Mapping[str, str]) -> HoursOf:
    """Read what the map of hours and weekdays counts: `?hours_of=answers` or `waits`; by default arrivals."""
    return next((each for each in get_args(HoursOf) if each == query.get("hours_of")), "arrivals")


def read_selection(query: QueryDict, user: User, *, now: dt.datetime, zone: ZoneInfo) -> Selection:
    """Read what the address of a page selects; see `reports.periods` and `reports.filters`."""
    period, filters = read_period(query, now, zone), read_filters(query, user)
    return Selection(
        user,
        period,
        filters,
        read_comparison(query),
        now,
        in_business_time=query.get("time") != "clock",
        asked_business_time=query.get("time") == "business",
        hours_of=read_hours_of(query),
        unused=find_unused(query, filters),
        unread_period=find_unread_period(query, now, zone),
    )
