"""Connecting a brand account to its network, checking it, and disconnecting it.

The network is asked before anything is stored, and never inside a transaction.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping

from django.conf import settings
from django.db import transaction

from accounts.credentials import CredentialUnusable, open_credential, store_credential
from accounts.models import BrandAccount, Credential, Department, Health, Lifecycle, Stream, User
from networks.base import (
    BudgetExhausted,
    Connector,
    Credentials,
    MissingPermission,
    NetworkError,
    OwnAccount,
    Reauthorise,
    RetryLater,
)
from networks.registry import CONNECTORS, capabilities, connector

logger = logging.getLogger(__name__)


class ConnectRefused(Exception):
    """The brand account was not connected; nothing was changed. The message is safe to show."""


def api_url(network: str) -> str:
    """The base address that stands in for the network's own, "" for the network itself."""
    return str(settings.NETWORK_API_URLS.get(network, ""))


def connect_brand_account(
    *,
    network: str,
    remote_id: str,
    handle: str,
    name: str,
    secrets: Mapping[str, str],
    owner_department: Department | None,
    by: User | None,
    now: dt.datetime,
    verify: bool = True,
) -> BrandAccount:
    """Store a brand account with its credential and a stream for each kind that the network offers.

    For a brand account that is known already (same network and remote id) the new secrets replace the old ones, its
    health is restored and polling resumes at the saved cursors; charter, history and paused streams stay as they are.
    Unless `verify` is false the network is asked first whom the secrets speak for. Raises `ConnectRefused`.
    """
    if network not in CONNECTORS:
        raise ConnectRefused(f"There is no network “{network}”. Known: {', '.join(sorted(CONNECTORS))}.")
    if not remote_id:
        raise ConnectRefused("The network's own id of the account is missing.")
    if verify:
        own = whose_secrets(Credentials(network, remote_id, secrets))
        handle, name = own.handle or handle, own.name or name
    with transaction.atomic():
        brand_account, _ = BrandAccount.objects.select_for_update().get_or_create(
            network=network, remote_id=remote_id, defaults={"connected_at": now}
        )
        brand_account.handle, brand_account.name = handle.removeprefix("@"), name
        brand_account.owner_department = owner_department or brand_account.owner_department
        brand_account.connected_by = by
        brand_account.verified_at = now if verify else None
        if brand_account.lifecycle == Lifecycle.CLOSED:
            brand_account.lifecycle = Lifecycle.ACTIVE
        brand_account.save()
        _set_health(brand_account, Health.OK, "", now=now)
        store_credential(brand_account, secrets, now=now)
        _start_streams(brand_account, now)
    logger.info("brand account connected", extra={"brand_account": brand_account.pk, "user": by and by.pk})
    return brand_account


def whose_secrets(credentials: Credentials) -> OwnAccount:
    """Ask the network whom these secrets speak for.

    Raises `ConnectRefused` when it does not accept them, cannot be reached, or they are another account's.
    """
    label = capabilities(credentials.network).label
    try:
        own = _connector(credentials).verify()
    except (KeyError, ValueError, TypeError) as error:
        raise ConnectRefused(f"The credentials for {label} are incomplete: {error}.") from error
    except (Reauthorise, MissingPermission) as error:
        raise ConnectRefused(f"{label} does not accept these credentials: {_sentence(error)}") from error
    except NetworkError as error:
        raise ConnectRefused(
            f"{label} could not be asked whose credentials these are: {_sentence(error)} Try again in a few minutes."
        ) from error
    if own.remote_id != credentials.remote_id:
        raise ConnectRefused(
            f"These credentials belong to {own.handle or 'another account'} ({own.remote_id}), "
            f"not to the account with the id {credentials.remote_id}."
        )
    return own


def check_brand_account(brand_account: BrandAccount, *, now: dt.datetime) -> BrandAccount:
    """Ask the network now whether the stored credential works, and keep what it says as the account's health.

    A credential that turns out to be another account's has to be replaced by a person. An unwell network is told as
    such and does not stop polling.
    """
    try:
        credentials = open_credential(brand_account)
        own = _connector(credentials).verify()
    except CredentialUnusable as error:
        return _set_health(brand_account, Health.REAUTHORISE, str(error), now=now)
    except NetworkError as error:
        health, until = health_of(error)
        return _set_health(brand_account, health, _sentence(error), now=now, until=until)
    if own.remote_id != brand_account.remote_id:
        detail = f"The network says the credential belongs to {own.handle} ({own.remote_id})."
        return _set_health(brand_account, Health.REAUTHORISE, detail, now=now)
    brand_account.handle = own.handle or brand_account.handle
    brand_account.name = own.name or brand_account.name
    brand_account.verified_at = now
    brand_account.save(update_fields=["handle", "name", "verified_at"])
    return _set_health(brand_account, Health.OK, "", now=now)


def health_of(error: NetworkError) -> tuple[Health, dt.datetime | None]:
    """Which health a network's failure means, and until when if the network said so."""
    if isinstance(error, Reauthorise):
        return Health.REAUTHORISE, None
    if isinstance(error, MissingPermission):
        return Health.PERMISSION, None
    if isinstance(error, BudgetExhausted):
        return Health.BUDGET, error.until
    if isinstance(error, RetryLater) and error.at is not None:
        return Health.LIMITED, error.at
    return Health.UNWELL, None


@transaction.atomic
def disconnect_brand_account(brand_account: BrandAccount, *, by: User, now: dt.datetime) -> None:
    """Delete the credential and stop polling. Messages, cases, cursors and the charter stay."""
    Credential.objects.filter(brand_account=brand_account).delete()
    brand_account.lifecycle = Lifecycle.CLOSED
    brand_account.save(update_fields=["lifecycle"])
    _set_health(brand_account, Health.REAUTHORISE, f"Disconnected by {by}.", now=now)
    logger.info("brand account disconnected", extra={"brand_account": brand_account.pk, "user": by.pk})


def _start_streams(brand_account: BrandAccount, now: dt.datetime) -> None:
    kinds = capabilities(brand_account.network).streams
    Stream.objects.bulk_create(
        [
            Stream(
                brand_account=brand_account, kind=kind, next_poll_at=now, interval=settings.POLL_INTERVAL_MIN
            )
            for kind in kinds
        ],
        ignore_conflicts=True,
    )
    brand_account.streams.update(next_poll_at=now, failures=0, last_error="")


def _set_health(
    brand_account: BrandAccount,
    health: Health,
    detail: str,
    *,
    now: dt.datetime,
    until: dt.datetime | None = None,
) -> BrandAccount:
    if brand_account.health != health or brand_account.health_since is None:
        brand_account.health_since = now
    brand_account.health = health
    brand_account.health_detail = detail[:500]
    brand_account.health_until = until
    brand_account.save(update_fields=["health", "health_detail", "health_until", "health_since"])
    return brand_account


def _connector(credentials: Credentials) -> Connector:
    return connector(credentials, api_url=api_url(credentials.network))


def _sentence(error: NetworkError) -> str:
    text = str(error).strip() or "it gave no reason"
    return text if text.endswith((".", "!", "?")) else f"{text}."
