"""The context of a page of messages: its brand account, the departments and the service levels when it is stored."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from inbox.ingest.on_point import on_point_from_rows
from inbox.ingest.storable import Storable


@dataclass(frozen=True, slots=True)
class PageDepartment:
    """A department that may take cases."""

    id: int
    slug: str
    name: str
    is_open: bool
    #: New cases are assigned to people automatically.
    assigns_automatically: bool = False


@dataclass(frozen=True, slots=True)
class PageHeader:
    """The brand account of a page, and what else is needed to store it."""

    kind: str
    brand_account_id: int
    network: str
    own_id: str
    connected_at: dt.datetime
    health: str
    departments: tuple[PageDepartment, ...]
    #: The primary key of the live service levels.
    sla_version: int | None = None
    #: Ids of (primary, backup) as the page arrives, None for nobody.
    on_point: tuple[int | None, int | None] = (None, None)
    #: True when answers of our own are being kept until the message arrives that they answer.
    has_early_answers: bool = False

    @property
    def automatic_department_ids(self) -> set[int]:
        """Ids of the departments that assign automatically."""
        return {department.id for department in self.departments if department.assigns_automatically}

    def is_own(self, item: Storable) -> bool:
        """Return whether the brand account wrote this itself."""
        return item.message.author.is_self or item.author_id == self.own_id

    def find_department(self, slug: str, default: str) -> PageDepartment:
        """Return the department that a decision names, for a new case.

        The `default` (a slug, too) when that one is closed or gone; any open one when the default is closed or gone as
        well; when all are closed, the default or any. Raises `LookupError` when there is no department.
        """
        for candidate in (slug, default):
            for department in self.departments:
                if department.slug == candidate and department.is_open:
                    return department
        if not self.departments:
            raise LookupError("There is no department that could take a case.")
        return min(
            self.departments,
            key=lambda department: (not department.is_open, department.slug != default),
        )


def header_from_row(row: Mapping[str, Any], now: dt.datetime) -> PageHeader:
    """Return the header of a page at `now`.

    `row` has `read_sql.HEADER_COLUMNS`, JSON as text.
    """
    departments = orjson.loads(row["departments"] or "[]")
    shifts = orjson.loads(row["shifts"]) if row["shifts"] else None
    return PageHeader(
        kind=row["kind"],
        brand_account_id=row["brand_account_id"],
        network=row["network"],
        own_id=row["own_id"],
        connected_at=row["connected_at"],
        health=row["health"],
        departments=tuple(PageDepartment(*values) for values in departments),
        sla_version=row["sla_version"],
        on_point=on_point_from_rows(shifts, row["time_zone"], now),
        has_early_answers=row["has_early_answers"],
    )
