"""A brand account's connector with secrets that last: renewed, and kept, where they are about to end."""

from __future__ import annotations

import datetime as dt
import time

from django.db import transaction

from accounts.credentials import CredentialUnusable, store_credential
from accounts.models import BrandAccount, Credential
from inbox.connectors import connector_for
from networks.base import Connector, Reauthorise

#: Seconds between looks whether another worker, who was quicker to renew, has stored what it got.
_PATIENCE = (0.0, 0.5, 1.0, 2.0)


def connect(brand_account: BrandAccount, *, now: dt.datetime) -> Connector:
    """The connector to use for the next requests. Never call it inside a transaction: it may ask the network.

    Raises `CredentialUnusable` when the stored secret cannot be opened, is another account's or is incomplete, and
    any `NetworkError` when it had to be renewed and was not.
    """
    before = _stored_at(brand_account)
    connector = _open(brand_account)
    try:
        renewed = connector.refresh_credentials()
    except Reauthorise:
        # A refresh token is good once: when somebody else used it meanwhile, theirs is the one to go on with.
        if not _renewed_by_another(brand_account, before):
            raise
        return _open(brand_account)
    if renewed is not None:
        with transaction.atomic():
            list(Credential.objects.select_for_update().filter(brand_account=brand_account))
            store_credential(brand_account, renewed.secrets, now=now)
    return connector


def _renewed_by_another(brand_account: BrandAccount, before: dt.datetime | None) -> bool:
    """Whether somebody stores another credential now or in the next seconds."""
    for pause in _PATIENCE:
        time.sleep(pause)
        if _stored_at(brand_account) != before:
            return True
    return False


def _open(brand_account: BrandAccount) -> Connector:
    try:
        return connector_for(brand_account)
    except KeyError as error:
        raise CredentialUnusable(
            f"The credential of {brand_account.handle} is incomplete: {error} is missing."
        ) from error


def _stored_at(brand_account: BrandAccount) -> dt.datetime | None:
    return Credential.objects.filter(brand_account=brand_account).values_list("updated_at", flat=True).first()
