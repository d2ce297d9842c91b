"""Renewing a credential that is about to expire. Its refresh token works once, for the first process that
uses it.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable

from accounts.credentials.store import read_credential, replace_credential
from accounts.models import BrandAccount, Credential
from networks.base import Connector, Credentials, Reauthorise

#: Seconds to wait before each check whether another process, which renewed first, has stored its credential.
_WAIT_SECONDS = (0.0, 0.5, 1.0, 2.0)
#: Opens a connector of a brand account with its credentials.
OpenConnector = Callable[[BrandAccount, Credentials], Connector]


def open_renewed_connector(
    brand_account: BrandAccount, open_it: OpenConnector, *, now: dt.datetime
) -> tuple[Connector, dt.datetime | None]:
    """Open a connector; renew its credential first where needed.

    Returns the connector that `open_it` makes, and the time at which its credential was stored. Never call it
    inside a transaction, because it may send a request to the network. What was renewed is not stored when the
    account was disconnected or connected again meanwhile: the credential that is stored then counts. Raises
    `CredentialUnusable`, what `open_it` raises, and any `NetworkError` when the credential had to be renewed and could
    not be.
    """
    credentials, before = read_credential(brand_account)
    connector = open_it(brand_account, credentials)
    try:
        fresh = connector.refresh_credentials()
    except Reauthorise:
        # Another process may have used the refresh token in the meantime: then its credential is the valid one.
        if _wait_for_other_renewal(brand_account, before) is None:
            raise
        return _open_stored(brand_account, open_it)
    if fresh is None:
        return connector, before
    if not replace_credential(brand_account, credentials, fresh.secrets, now=now):
        return _open_stored(brand_account, open_it)
    return connector, now


def _open_stored(brand_account: BrandAccount, open_it: OpenConnector) -> tuple[Connector, dt.datetime | None]:
    credentials, stored_at = read_credential(brand_account)
    return open_it(brand_account, credentials), stored_at


def credential_stored_at(brand_account: BrandAccount) -> dt.datetime | None:
    """Return the time at which a credential was stored, None without one."""
    return Credential.objects.filter(brand_account=brand_account).values_list("updated_at", flat=True).first()


def _wait_for_other_renewal(brand_account: BrandAccount, before: dt.datetime | None) -> dt.datetime | None:
    """Wait a few seconds for another process to store a credential.

    Returns the time at which it was stored, None when no process did.
    """
    for pause in _WAIT_SECONDS:
        time.sleep(pause)
        if (stored_at := credential_stored_at(brand_account)) != before:
            return stored_at
    return None
