"""Filters of reports: read from an address, written into links, and applied to cases before anything is counted."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, replace
from typing import Any
from urllib.parse import urlencode

from django.db.models import Exists, OuterRef, Q
from django.http import QueryDict

from accounts.models import User
from inbox.models import Direction, Message
from inbox.models.case import CaseQuerySet
from inbox.text import clean_text
from networks.registry import CONNECTORS
from reports.scopes import readable_department_ids, readable_people
from routing.models import Priority

#: The most values of one filter that an address may hold.
_MOST_VALUES = 50


@dataclass(frozen=True, slots=True)
class Filters:
    """The filters of every number on a page; an empty tuple does not narrow. Several values of one filter are alternatives."""

    networks: tuple[str, ...] = ()
    brand_account_ids: tuple[int, ...] = ()
    department_ids: tuple[int, ...] = ()
    person_ids: tuple[int, ...] = ()
    tags: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    priorities: tuple[int, ...] = ()

    def __bool__(self) -> bool:
        return any(getattr(self, field.name) for field in fields(self))

    def narrow(self, cases: CaseQuerySet) -> CaseQuerySet:
        """Return those of `cases` that pass every filter.

        By what a case is now: its department, the person who has it, its tags. Its language is that of any message.
        """
        columns = {
            "network__in": self.networks,
            "brand_account__in": self.brand_account_ids,
            "department__in": self.department_ids,
            "assignee__in": self.person_ids,
            "priority__in": self.priorities,
        }
        cases = cases.filter(**{column: values for column, values in columns.items() if values})
        if self.tags:
            cases = cases.filter(_any_of(Q(tags__contains=[tag]) for tag in self.tags))
        if self.languages:
            theirs = Message.objects.filter(direction=Direction.INBOUND, language__in=self.languages)
            cases = cases.filter(Exists(theirs.filter(case=OuterRef("pk"))))
        return cases

    def as_pairs(self, **changes: Any) -> list[tuple[str, str]]:
        """Return these filters, with `changes` of fields, as parameters."""
        new = replace(self, **changes)
        return [(name, str(value)) for name, field in PARAMETERS.items() for value in getattr(new, field)]

    def as_query(self, **changes: Any) -> str:
        """Return these filters, with `changes` of fields, as a query string."""
        return urlencode(self.as_pairs(**changes))


#: The beginning of a parameter that narrows the list behind one cell of a table.
ONLY = "only_"
#: Nothing is narrowed.
NO_FILTERS = Filters()

#: Parameter of an address → field of `Filters`.
PARAMETERS = {
    "network": "networks",
    "account": "brand_account_ids",
    "department": "department_ids",
    "person": "person_ids",
    "tag": "tags",
    "language": "languages",
    "priority": "priorities",
}


def read_narrowed(query: QueryDict, user: User) -> Filters:
    """Read the filters of the list behind a cell: those of its page, and what only this cell counts.

    A cell's own are written with the prefix `only_`, and replace the page's.
    """
    own = query.copy()
    for name in PARAMETERS:
        if values := query.getlist(ONLY + name):
            own.setlist(name, values)
    return read_filters(own, user)


def read_filters(query: QueryDict, user: User) -> Filters:
    """Read the filters of an address; each may be repeated.

    Unknown values are ignored. Of departments and people only those that the reader may see are known.
    """
    department_ids = _read_ids(query, "department")
    person_ids = _read_ids(query, "person")
    if department_ids:
        readable = readable_department_ids(user)
        department_ids = tuple(pk for pk in department_ids if pk in readable)
    if person_ids:
        readable_ids = set(readable_people(user).filter(pk__in=person_ids).values_list("pk", flat=True))
        person_ids = tuple(pk for pk in person_ids if pk in readable_ids)
    return Filters(
        networks=_read_texts(query, "network", lambda value: value in CONNECTORS),
        brand_account_ids=_read_ids(query, "account"),
        department_ids=department_ids,
        person_ids=person_ids,
        tags=_read_texts(query, "tag", bool, split=","),
        languages=_read_texts(query, "language", _is_language),
        priorities=tuple(
            priority
            for priority in Priority.values
            if str(priority) in query.getlist("priority")[:_MOST_VALUES]
        ),
    )


def find_unused(query: QueryDict, filters: Filters) -> tuple[str, ...]:
    """Return the parameters of which `read_filters` left values out.

    A number that is not narrowed as it was asked for has to say so.
    """
    return tuple(
        name
        for name, field in PARAMETERS.items()
        if name != "tag"
        and set(filter(None, query.getlist(name))) - {str(value) for value in getattr(filters, field)}
    )


def _read_texts(
    query: QueryDict, name: str, is_known: Callable[[str], bool], *, split: str | None = None
) -> tuple[str, ...]:
    values = query.getlist(name)[:_MOST_VALUES]
    if split:
        values = [part for value in values for part in value.split(split)][:_MOST_VALUES]
    texts = [clean_text(value[:100])[0].strip() for value in values]
    return tuple(dict.fromkeys(text for text in texts if is_known(text)))


def _read_ids(query: QueryDict, name: str) -> tuple[int, ...]:
    values = query.getlist(name)[:_MOST_VALUES]
    ids = [int(value) for value in values if value.isascii() and value.isdigit() and len(value) < 16]
    return tuple(dict.fromkeys(ids))


def _is_language(value: str) -> bool:
    return 2 <= len(value) <= 8 and value.isascii() and value.replace("-", "").isalpha()


def _any_of(conditions: Iterable[Q]) -> Q:
    either = Q()
    for condition in conditions:
        either |= condition
    return either
