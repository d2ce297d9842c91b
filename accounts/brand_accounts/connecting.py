"""Connecting a brand account to its network, and disconnecting it.

The network is asked before anything is stored, and never inside a transaction.
"""

from __future__ import annotations

import datetime as dt
import logging
import re
from collections.abc import Callable, Mapping, Sequence

from django.conf import settings
from django.db import transaction

from accounts.audit.recording import compare_values, record_change
from accounts.brand_accounts.charter import company_day, quarter_end
from accounts.brand_accounts.checks import CHECK_EVERY, ConnectRefused, open_connector, verify_credentials
from accounts.brand_accounts.health import set_health
from accounts.credentials.store import store_credential
from accounts.models import (
    AuditVerb,
    BrandAccount,
    Credential,
    Department,
    Health,
    Lifecycle,
    Stream,
    Sunset,
    User,
)
from networks.base import Credentials
from networks.registry import CONNECTORS, network_capabilities

__all__ = ["ConnectRefused", "connect_brand_account", "disconnect_brand_account"]

logger = logging.getLogger(__name__)

#: Called in the same transaction when an account is disconnected. Arguments: the account, the person who disconnects it,
#: and the time. Each returns a sentence about what happened to work that waited for it, "" if nothing. Other apps add
#: their hooks in `AppConfig.ready`.
DisconnectedHook = Callable[[BrandAccount, User, dt.datetime], str]
disconnected_hooks: list[DisconnectedHook] = []
#: The format of every network's ids: short, printable, no spaces.
_REMOTE_ID = re.compile(r"[!-~]{1,64}")


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
    scopes: Sequence[str] = (),
    verify: bool = True,
) -> BrandAccount:
    """Store a brand account with its credential and its streams.

    There is a stream for each kind of message that the network offers. For a brand account that already
    exists (same network and remote id) the new secrets replace the old ones, its health is restored and
    polling resumes at the stored cursors; charter, history and paused streams stay unchanged. `scopes`
    are those that the network granted, none when it did not say. Unless `verify` is false, the network is asked first which account the secrets belong to. Raises `ConnectRefused`.
    """
    credentials = _build_credentials(network, remote_id, secrets)
    if not verify:
        open_connector(credentials)
    else:
        own = verify_credentials(credentials)
        handle, name, scopes = own.handle or handle, own.name or name, own.scopes or scopes
    with transaction.atomic():
        brand_account, is_new = BrandAccount.objects.select_for_update().get_or_create(
            network=network, remote_id=remote_id, defaults={"connected_at": now}
        )
        before = {} if is_new else _shown_values(brand_account)
        brand_account.handle, brand_account.name = handle.removeprefix("@"), name
        brand_account.owner_department = owner_department or brand_account.owner_department
        brand_account.connected_by, brand_account.granted_scopes = by, list(scopes) or None
        brand_account.verified_at = now if verify else None
        brand_account.check_due_at, brand_account.check_asked_at = now + CHECK_EVERY if verify else now, now
        _activate_brand_account(brand_account, secrets, now)
        _record_connection(brand_account, before, by)
    logger.info("brand account connected", extra={"brand_account": brand_account.pk, "user": by and by.pk})
    return brand_account


def _record_connection(brand_account: BrandAccount, before: dict[str, object], by: User | None) -> None:
    """Record that a brand account was connected; again, if there are values `before`."""
    record_change(
        AuditVerb.ACCOUNT_RECONNECTED if before else AuditVerb.ACCOUNT_CONNECTED,
        brand_account,
        compare_values(before, _shown_values(brand_account)),
        by=by,
        department_ids=[brand_account.owner_department_id],
    )


def _shown_values(brand_account: BrandAccount) -> dict[str, object]:
    return {
        "Account": brand_account.display_name,
        "Owner department": brand_account.owner_department,
        "State": brand_account.get_lifecycle_display(),
    }


def _build_credentials(network: str, remote_id: str, secrets: Mapping[str, str]) -> Credentials:
    if network not in CONNECTORS:
        raise ConnectRefused(f"There is no network “{network}”. Known: {', '.join(sorted(CONNECTORS))}.")
    if not _REMOTE_ID.fullmatch(remote_id):
        raise ConnectRefused("The network's own id of the account is missing or is not an id.")
    return Credentials(network, remote_id, secrets)


@transaction.atomic
def disconnect_brand_account(brand_account: BrandAccount, *, by: User, now: dt.datetime) -> str:
    """Delete the credential and stop polling.

    Messages, cases, cursors and the charter are kept. Returns sentences of the `disconnected_hooks` about work that
    waited for the account.
    """
    BrandAccount.objects.select_for_update(no_key=True).get(pk=brand_account.pk)
    Credential.objects.filter(brand_account=brand_account).delete()
    brand_account.lifecycle = Lifecycle.CLOSED
    brand_account.save(update_fields=["lifecycle"])
    set_health(brand_account, Health.REAUTHORISE, f"Disconnected by {by}.", now=now)
    record_change(
        AuditVerb.ACCOUNT_DISCONNECTED,
        brand_account,
        by=by,
        department_ids=[brand_account.owner_department_id],
    )
    logger.info("brand account disconnected", extra={"brand_account": brand_account.pk, "user": by.pk})
    return " ".join(words for release in disconnected_hooks if (words := release(brand_account, by, now)))


def _activate_brand_account(
    brand_account: BrandAccount, secrets: Mapping[str, str], now: dt.datetime
) -> None:
    if brand_account.lifecycle == Lifecycle.CLOSED:
        under_way = Sunset.objects.filter(brand_account=brand_account, ended_at__isnull=True).exists()
        brand_account.lifecycle = Lifecycle.SUNSETTING if under_way else Lifecycle.ACTIVE
    if brand_account.review_due_on is None:
        brand_account.review_due_on = quarter_end(company_day(now))
    brand_account.sending_timeouts, brand_account.sending_paused_until = 0, None
    brand_account.save()
    set_health(brand_account, Health.OK, "", now=now)
    store_credential(brand_account, secrets, now=now)
    _start_streams(brand_account, now)


def _start_streams(brand_account: BrandAccount, now: dt.datetime) -> None:
    kinds = network_capabilities(brand_account.network).streams
    Stream.objects.bulk_create(
        [
            Stream(
                brand_account=brand_account, kind=kind, next_poll_at=now, interval=settings.POLL_INTERVAL_MIN
            )
            for kind in kinds
        ],
        ignore_conflicts=True,
    )
    brand_account.streams.update(next_poll_at=now, failures=0, last_error="", last_error_kind="")
