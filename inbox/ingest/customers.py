"""How a customer stands with us when a message arrives: what rules may ask about a person. Plain data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import orjson

from inbox.ingest.header import PageHeader


@dataclass(slots=True)
class CustomerStanding:
    """A customer at this moment of the page: it changes as the page's own messages open cases.

    `previous_department` is the slug of the department that closed a case of theirs last, "" for none.
    """

    customer_id: int
    tags: tuple[str, ...] = ()
    open_cases: int = 0
    previous_department: str = ""

    def note_case_closed(self, slug: str) -> None:
        """A case of theirs was closed, the department's with this slug."""
        self.open_cases -= 1
        self.previous_department = slug


def authors_from_rows(
    rows: Iterable[tuple[Any, ...]], header: PageHeader
) -> dict[str, tuple[int, CustomerStanding]]:
    """Identity id and standing by the author's remote id, from the rows of `ingest_sql.identities`. Two names of one
    customer share one standing.
    """
    slugs = {place.id: place.slug for place in header.departments}
    customers: dict[int, CustomerStanding] = {}
    found: dict[str, tuple[int, CustomerStanding]] = {}
    for remote_id, identity_id, customer_id, tags, open_cases, closed_by in rows:
        customer = customers.get(customer_id)
        if customer is None:
            named = tuple(orjson.loads(tags)) if tags != "[]" else ()
            customer = CustomerStanding(customer_id, named, open_cases, slugs.get(closed_by, ""))
            customers[customer_id] = customer
        found[remote_id] = identity_id, customer
    return found
