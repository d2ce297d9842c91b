"""Connectors kept between tasks: one a brand account and thread, with its HTTP connections open.

A new credential makes a new connector at its next use.
"""

from __future__ import annotations

import threading
from collections import OrderedDict

from django.conf import settings

from accounts.credentials import open_credential
from accounts.models import BrandAccount
from networks.base import Connector, Credentials
from networks.registry import connector

#: Connectors a thread keeps; each holds a few open connections.
_KEPT = 64


class _Kept(threading.local):
    def __init__(self) -> None:
        self.connectors: OrderedDict[int, tuple[Credentials, str, Connector]] = OrderedDict()


_kept = _Kept()


def connector_for(brand_account: BrandAccount) -> Connector:
    """The connector of a brand account. Costs one small statement.

    Raises `accounts.credentials.CredentialUnusable`, and `KeyError` for an unknown network.
    """
    credentials = open_credential(brand_account)
    api_url = str(settings.NETWORK_API_URLS.get(brand_account.network, ""))
    kept = _kept.connectors.get(brand_account.pk)
    if kept is None or (kept[0], kept[1]) != (credentials, api_url):
        kept = (credentials, api_url, connector(credentials, api_url=api_url))
    _kept.connectors[brand_account.pk] = kept
    _kept.connectors.move_to_end(brand_account.pk)
    while len(_kept.connectors) > _KEPT:
        _kept.connectors.popitem(last=False)
    return kept[2]


def forget() -> None:
    """Drop this thread's connectors."""
    _kept.connectors.clear()
