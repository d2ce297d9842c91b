"""The brand accounts to which past conversations belong: those that are connected, and archived ones for all others.

An archived account is closed from the beginning and has no credential and no stream: nothing is fetched for it or sent
from it, and nobody is asked to connect it. Without an account of its own such a conversation would count for another.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass, field

from django.db.models import Count

from accounts.models import BrandAccount, Health, Lifecycle
from inbox.ingest.header import PageDepartment, PageHeader
from networks.registry import CONNECTORS

#: Beginning of the id that an archived account has instead of the network's.
ARCHIVED_PREFIX = "archived:"


@dataclass(slots=True)
class Brands:
    """The brand accounts of one network by the names that a file uses for them."""

    network: str
    departments: tuple[PageDepartment, ...]
    now: dt.datetime
    #: False for a check: accounts that are missing get no row, and the id 0.
    creates: bool
    created: list[str] = field(default_factory=list)
    _by_name: dict[str, PageHeader] = field(default_factory=dict)

    def find(self, name: str) -> PageHeader:
        """Return the brand account that a file calls `name`.

        That is its handle, its name or the network's id.
        Creates an archived account where there is none.
        """
        key = name.casefold()
        header = self._by_name.get(key)
        if header is None:
            account = self._find_account(name) or self._archive_account(name)
            header = self._by_name[key] = self._header_of(account)
        return header

    def _find_account(self, name: str) -> BrandAccount | None:
        accounts = BrandAccount.objects.filter(network=self.network).order_by("pk")
        for column in ("remote_id", "handle__iexact", "name__iexact"):
            account = accounts.filter(**{column: name}).first()
            if account is not None:
                return account
        return None

    def _archive_account(self, name: str) -> BrandAccount:
        remote_id = f"{ARCHIVED_PREFIX}{name.casefold()}"
        if len(remote_id) > 64:
            remote_id = ARCHIVED_PREFIX + hashlib.sha256(name.casefold().encode()).hexdigest()[:32]
        self.created.append(name)
        account = BrandAccount(
            network=self.network,
            remote_id=remote_id,
            handle=name,
            lifecycle=Lifecycle.CLOSED,
            health=Health.OK,
            connected_at=self.now,
        )
        if self.creates:
            values = {
                "handle": name,
                "lifecycle": Lifecycle.CLOSED,
                "health": Health.OK,
                "connected_at": self.now,
            }
            account, _ = BrandAccount.objects.get_or_create(
                network=self.network, remote_id=remote_id, defaults=values
            )
        return account

    def _header_of(self, account: BrandAccount) -> PageHeader:
        return PageHeader(
            kind=public_stream(self.network),
            brand_account_id=account.pk or 0,
            network=self.network,
            own_id=account.remote_id,
            connected_at=account.connected_at,
            health=account.health,
            departments=self.departments,
        )


def public_stream(network: str) -> str:
    """Return the kind of public messages that rules see of a network."""
    streams = CONNECTORS[network].capabilities.streams if network in CONNECTORS else ()
    return next((kind for kind in streams if kind != "direct"), "mentions")


def delete_unused_archived_accounts(network: str) -> int:
    """Delete the archived accounts of a network that have no case; return how many."""
    unused = (
        BrandAccount.objects.filter(network=network, remote_id__startswith=ARCHIVED_PREFIX)
        .annotate(cases_count=Count("cases"))
        .filter(cases_count=0, credential__isnull=True, streams__isnull=True)
    )
    return unused.delete()[0]
