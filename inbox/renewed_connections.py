"""A brand account's connector with secrets that last: renewed, and kept, where they are about to end."""

from __future__ import annotations

import datetime as dt

from accounts.credentials import CredentialUnusable
from accounts.models import BrandAccount
from accounts.renewal import renewed
from inbox.connections import connector_for
from networks.base import Connector


def connect(brand_account: BrandAccount, *, now: dt.datetime) -> Connector:
    """The connector to use for the next requests. Never call it inside a transaction: it may ask the network.

    Raises `CredentialUnusable` when the stored secret cannot be opened, is another account's or is incomplete, and
    any `NetworkError` when it had to be renewed and was not.
    """
    return renewed(brand_account, _open, now=now)[0]


def _open(brand_account: BrandAccount) -> Connector:
    try:
        return connector_for(brand_account)
    except KeyError as error:
        raise CredentialUnusable(
            f"The credential of {brand_account.handle} is incomplete: {error} is missing."
        ) from error
