"""Facts about a message's customer for conditions of rules, as of its arrival. Plain data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson

from inbox.ingest.header import PageHeader


@dataclass(slots=True)
class CustomerStanding:
    """A customer at this moment of the page: it changes as the page's own messages open cases.

    `previous_department` is the slug of the department that closed one of the customer's cases last, "" for none.
    """

    customer_id: int
    tags: tuple[str, ...] = ()
    open_cases: int = 0
    previous_department: str = ""

    def note_case_closed(self, slug: str) -> None:
        """Note that a department (`slug`) closed one of the customer's open cases."""
        self.open_cases -= 1
        self.previous_department = slug


class PageAuthor(NamedTuple):
    """An author of the page's messages: the identity on the network, and the customer behind it."""

    identity_id: int
    customer: CustomerStanding


def authors_from_rows(rows: Iterable[Mapping[str, Any]], header: PageHeader) -> dict[str, PageAuthor]:
    """Return the authors by remote id, of the rows of `write_sql.upsert_identities`.

    Two identities of one customer share one standing.
    """
    slugs = {department.id: department.slug for department in header.departments}
    customers: dict[int, CustomerStanding] = {}
    authors: dict[str, PageAuthor] = {}
    for row in rows:
        customer = customers.get(row["customer_id"])
        if customer is None:
            tags = tuple(orjson.loads(row["tags"])) if row["tags"] != "[]" else ()
            closed_by = slugs.get(row["closed_by"], "")
            customer = CustomerStanding(row["customer_id"], tags, row["open_cases"], closed_by)
            customers[customer.customer_id] = customer
        authors[row["remote_id"]] = PageAuthor(row["identity_id"], customer)
    return authors
