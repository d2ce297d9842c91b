"""Connectors that tasks reuse: one per brand account and thread, with its HTTP connections kept open.

After a credential changes, the next use builds a new connector. A credential that is about to expire is renewed first.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections import OrderedDict

from django.conf import settings

from accounts.credentials.renewal import open_renewed_connector
from accounts.credentials.store import CredentialUnusable
from accounts.models import BrandAccount
from networks.base import Connector, Credentials
from networks.registry import build_connector

#: Connectors that one thread keeps; each has a few open connections.
_MAX_CONNECTORS = 64


class _ConnectorCache(threading.local):
    def __init__(self) -> None:
        self.connectors: OrderedDict[int, tuple[Credentials, str, Connector]] = OrderedDict()


_cache = _ConnectorCache()


def connector_for(brand_account: BrandAccount, credentials: Credentials) -> Connector:
    """Return this thread's connector of a brand account.

    Raises `KeyError` for an unknown network or incomplete credentials.
    """
    api_url = str(settings.NETWORK_API_URLS.get(brand_account.network, ""))
    cached = _cache.connectors.get(brand_account.pk)
    if cached is None or (cached[0], cached[1]) != (credentials, api_url):
        cached = (credentials, api_url, build_connector(credentials, api_url=api_url))
    _cache.connectors[brand_account.pk] = cached
    _cache.connectors.move_to_end(brand_account.pk)
    while len(_cache.connectors) > _MAX_CONNECTORS:
        _cache.connectors.popitem(last=False)
    return cached[2]


def forget_connectors() -> None:
    """Drop this thread's connectors."""
    _cache.connectors.clear()


def connect_renewed(brand_account: BrandAccount, *, now: dt.datetime) -> Connector:
    """Return a connector whose credential is valid for the next requests.

    Renews a credential that is about to expire. Never call it inside a transaction: it may send a request to the
    network. Raises `CredentialUnusable` when the stored secret cannot be opened, belongs to another account or is
    incomplete, and any `NetworkError` when renewing it failed.
    """
    return open_renewed_connector(brand_account, _open_connector, now=now)[0]


def _open_connector(brand_account: BrandAccount, credentials: Credentials) -> Connector:
    try:
        return connector_for(brand_account, credentials)
    except KeyError as error:
        raise CredentialUnusable(
            f"The credential of {brand_account.handle} is incomplete: {error} is missing."
        ) from error
