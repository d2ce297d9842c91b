"""Asking a network which account a credential belongs to: before storing it, daily, and on request.

The network is never asked inside a transaction.
"""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from accounts.brand_accounts.health import health_from_error, set_health
from accounts.brand_accounts.stream_state import health_of_streams
from accounts.credentials.renewal import credential_stored_at, open_renewed_connector
from accounts.credentials.store import CredentialUnusable
from accounts.models import BrandAccount, Health, Lifecycle
from networks.base import (
    Connector,
    Credentials,
    MissingPermission,
    NetworkError,
    OwnAccount,
    Reauthorise,
)
from networks.registry import build_connector, network_label

CHECK_EVERY = dt.timedelta(days=1)
#: A check that a worker claimed but did not finish is due again after this time.
_CLAIM_LIFETIME = dt.timedelta(minutes=5)
_LIMIT_HEALTHS = (Health.LIMITED, Health.BUDGET)


class ConnectRefused(Exception):
    """The brand account was not connected; nothing was changed. The message is safe to show."""


def network_api_url(network: str) -> str:
    """Return the base URL that replaces the network's own, "" for none."""
    return str(settings.NETWORK_API_URLS.get(network, ""))


def open_connector(credentials: Credentials) -> Connector:
    """Build the connector for these secrets.

    Raises `ConnectRefused` when a secret that it needs is missing.
    """
    try:
        return build_connector(credentials, api_url=network_api_url(credentials.network))
    except KeyError as error:
        raise ConnectRefused(
            f"The credentials for {network_label(credentials.network)} are incomplete: {error} is missing."
        ) from error


def verify_credentials(credentials: Credentials) -> OwnAccount:
    """Ask the network which account these secrets belong to.

    Raises `ConnectRefused` when it does not accept them, cannot be reached, or they belong to another
    account.
    """
    label = network_label(credentials.network)
    try:
        own = open_connector(credentials).verify()
    except (Reauthorise, MissingPermission) as error:
        raise ConnectRefused(
            f"{label} does not accept these credentials: {_error_sentence(error)}"
        ) from error
    except NetworkError as error:
        raise ConnectRefused(
            f"{label} could not be asked whose credentials these are: {_error_sentence(error)} Try again in a few minutes."
        ) from error
    if own.remote_id != credentials.remote_id:
        raise ConnectRefused(
            f"These credentials belong to {own.handle or 'another account'} ({own.remote_id}), "
            f"not to the account with the id {credentials.remote_id}."
        )
    return own


def claim_due_checks(now: dt.datetime) -> list[int]:
    """Claim the brand accounts whose check is due, and return their ids.

    No other worker gets them for the next five minutes.
    """
    due = BrandAccount.objects.exclude(lifecycle=Lifecycle.CLOSED).filter(
        Q(check_due_at__isnull=True) | Q(check_due_at__lte=now)
    )
    claimed = []
    for pk, due_at in due.values_list("pk", "check_due_at"):
        if BrandAccount.objects.filter(pk=pk, check_due_at=due_at).update(check_due_at=now + _CLAIM_LIFETIME):
            claimed.append(pk)
    return claimed


def check_credential(brand_account_id: int, now: dt.datetime) -> None:
    """Ask the network whether the stored credential works; store the resulting health.

    The credential must be accepted and belong to this account. An accepted credential says nothing about what is
    fetched: the health is then that of the streams. A limit that the network has set for fetching stays until it
    ends. The result is discarded when the credential was replaced in the meantime.
    """
    brand_account = BrandAccount.objects.filter(pk=brand_account_id).first()
    if brand_account is None:
        return
    seen, health, detail, own = _try_credential(brand_account, now)
    with transaction.atomic():
        brand_account = BrandAccount.objects.select_for_update().get(pk=brand_account_id)
        if credential_stored_at(brand_account) != seen:
            return
        brand_account.check_due_at = now + CHECK_EVERY
        if own is not None:
            brand_account.verified_at = now
            brand_account.handle, brand_account.name = own.handle or brand_account.handle, own.name
            brand_account.granted_scopes = list(own.scopes) or brand_account.granted_scopes
            if brand_account.health == Health.REAUTHORISE:
                # What the last error meant stays until they were fetched again.
                brand_account.streams.update(next_poll_at=now, failures=0)
            health, detail = health_of_streams(list(brand_account.streams.all()))
        brand_account.save(update_fields=["check_due_at", "verified_at", "handle", "name", "granted_scopes"])
        limited = brand_account.health_until is not None and brand_account.health_until > now
        if health is Health.REAUTHORISE or not limited:
            set_health(brand_account, health, detail, now=now)


def _try_credential(
    brand_account: BrandAccount, now: dt.datetime
) -> tuple[dt.datetime | None, Health, str, OwnAccount | None]:
    """Try the stored credential at its network.

    Returns the time at which the tried credential was stored, the resulting health, its detail, and the
    account (None unless the credential works).
    """
    seen = credential_stored_at(brand_account)
    try:
        connection, seen = open_renewed_connector(
            brand_account, lambda _, credentials: open_connector(credentials), now=now
        )
        own = connection.verify()
    except (CredentialUnusable, ConnectRefused) as error:
        return seen, Health.REAUTHORISE, str(error), None
    except NetworkError as error:
        # Verifying has separate rate limits, which say nothing about fetching.
        health = health_from_error(error)[0]
        return seen, Health.UNWELL if health in _LIMIT_HEALTHS else health, _error_sentence(error), None
    if own.remote_id != brand_account.remote_id:
        return seen, Health.REAUTHORISE, f"The credential belongs to {own.handle} ({own.remote_id}).", None
    return seen, Health.OK, "", own


def _error_sentence(error: NetworkError) -> str:
    text = str(error).strip() or "it gave no reason"
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."
