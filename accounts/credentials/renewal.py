"""A credential that is about to end is renewed, and kept. Its refresh token is good once, whoever is quicker."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable

from django.db import transaction

from accounts.credentials.store import store_credential
from accounts.models import BrandAccount, Credential
from networks.base import Connector, Reauthorise

#: Seconds between looks whether another process, which was quicker to renew, has stored what it got.
_WAIT_SECONDS = (0.0, 0.5, 1.0, 2.0)


def open_renewed_connector(
    brand_account: BrandAccount, open_it: Callable[[BrandAccount], Connector], *, now: dt.datetime
) -> tuple[Connector, dt.datetime | None]:
    """The connector that `open_it` makes, with secrets that last, and when its credential was stored.

    Never call it inside a transaction: it may ask the network. Raises what `open_it` does, and any `NetworkError` when
    the credential had to be renewed and was not.
    """
    before = credential_stored_at(brand_account)
    connector = open_it(brand_account)
    try:
        fresh = connector.refresh_credentials()
    except Reauthorise:
        # When somebody else used the refresh token meanwhile, what they got is the one to go on with.
        theirs = _wait_for_other_renewal(brand_account, before)
        if theirs is None:
            raise
        return open_it(brand_account), theirs
    if fresh is None:
        return connector, before
    with transaction.atomic():
        list(Credential.objects.select_for_update().filter(brand_account=brand_account))
        store_credential(brand_account, fresh.secrets, now=now)
    return connector, now


def credential_stored_at(brand_account: BrandAccount) -> dt.datetime | None:
    """When the brand account's credential was stored, None without one."""
    return Credential.objects.filter(brand_account=brand_account).values_list("updated_at", flat=True).first()


def _wait_for_other_renewal(brand_account: BrandAccount, before: dt.datetime | None) -> dt.datetime | None:
    """When somebody stores another credential, now or in the next seconds; None when nobody does."""
    for pause in _WAIT_SECONDS:
        time.sleep(pause)
        if (found := credential_stored_at(brand_account)) != before:
            return found
    return None
