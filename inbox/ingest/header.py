"""Whose page of messages it is, as it stands when the page is stored."""

from __future__ import annotations

import datetime as dt
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
    #: Cases are given to people without anybody's doing.
    assigns_automatically: bool = False


@dataclass(frozen=True, slots=True)
class PageHeader:
    """Whose page it is."""

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
    #: Answers of our own wait for what they answer.
    has_early_answers: bool = False

    @property
    def automatic_department_ids(self) -> set[int]:
        """The departments that assign automatically."""
        return {place.id for place in self.departments if place.assigns_automatically}

    def is_own(self, item: Storable) -> bool:
        """Whether the brand account wrote this itself."""
        return item.message.author.is_self or item.author_id == self.own_id


def header_from_row(row: tuple[Any, ...], now: dt.datetime) -> PageHeader:
    """Out of the row that `ingest_sql.fence` and `lock` return; who is on point at `now`."""
    kind, brand, network, own_id, connected_at, health, places, sla, zone, shifts, early = row
    departments = tuple(PageDepartment(*one) for one in orjson.loads(places or "[]"))
    there = on_point_from_rows(orjson.loads(shifts), zone, now) if shifts else (None, None)
    return PageHeader(kind, brand, network, own_id, connected_at, health, departments, sla, there, early)
