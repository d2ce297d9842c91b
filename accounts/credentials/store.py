"""Secrets of brand accounts, encrypted at rest.

The envelope is a Fernet token (AES-128-CBC with HMAC-SHA256) over JSON that contains the network and the
network's own account id. Opening an envelope compares both with its row, so that two swapped ciphertexts are
refused instead of giving access to the wrong account. Keys come from CREDENTIAL_KEYS, newest first.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction

from accounts.audit.recording import record_change
from accounts.models import AuditVerb, BrandAccount, Credential
from networks.base import Credentials


class CredentialUnusable(Exception):
    """The stored secret cannot be opened, or belongs to another brand account. The message is safe to show."""


def _cipher() -> MultiFernet:
    if not settings.CREDENTIAL_KEYS:
        raise ImproperlyConfigured("Set CREDENTIAL_KEYS to one or more Fernet keys, newest first.")
    try:
        return MultiFernet([Fernet(key) for key in settings.CREDENTIAL_KEYS])
    except ValueError as error:
        raise ImproperlyConfigured("CREDENTIAL_KEYS holds something that is not a Fernet key.") from error


def seal_secrets(network: str, remote_id: str, secrets: Mapping[str, str]) -> bytes:
    """Encrypt a brand account's secrets into an envelope."""
    body = json.dumps({"network": network, "remote_id": remote_id, "secrets": dict(secrets)})
    return _cipher().encrypt(body.encode())


def store_credential(brand_account: BrandAccount, secrets: Mapping[str, str], *, now: dt.datetime) -> None:
    """Store `secrets` as the brand account's only credential."""
    envelope = seal_secrets(brand_account.network, brand_account.remote_id, secrets)
    Credential.objects.update_or_create(
        brand_account=brand_account, defaults={"envelope": envelope, "updated_at": now}
    )


@transaction.atomic
def replace_credential(
    brand_account: BrandAccount, used: Credentials, secrets: Mapping[str, str], *, now: dt.datetime
) -> bool:
    """Store renewed secrets in the place of those that were `used`.

    The audit log notes it, without any secret. Returns False, and stores nothing, when others are stored by now or none: the account was connected again or
    disconnected. The secrets are compared, not the time: another key may have encrypted the same ones again.
    """
    row = Credential.objects.select_for_update().filter(brand_account=brand_account).first()
    try:
        stored = row and unseal_secrets(bytes(row.envelope), brand_account.network, brand_account.remote_id)
    except (InvalidToken, KeyError):
        return False
    if stored != dict(used.secrets):
        return False
    store_credential(brand_account, secrets, now=now)
    record_change(AuditVerb.TOKEN_RENEWED, brand_account, department_ids=[brand_account.owner_department_id])
    return True


def open_credential(brand_account: BrandAccount) -> Credentials:
    """Return the brand account's secrets, decrypted.

    Raises as `read_credential` does.
    """
    return read_credential(brand_account)[0]


def read_credential(brand_account: BrandAccount) -> tuple[Credentials, dt.datetime]:
    """Return the brand account's secrets, and when they were stored.

    Raises `CredentialUnusable` when there are none, no key can decrypt them, or the envelope belongs to
    another account.
    """
    credential = Credential.objects.filter(brand_account=brand_account).first()
    if credential is None:
        raise CredentialUnusable(
            f"{brand_account.display_name} has no credential. Connect the account again."
        )
    try:
        secrets = unseal_secrets(bytes(credential.envelope), brand_account.network, brand_account.remote_id)
    except InvalidToken as error:
        raise CredentialUnusable(
            f"The credential of {brand_account.display_name} cannot be opened with the configured keys."
        ) from error
    except KeyError as error:
        raise CredentialUnusable(
            f"The credential stored for {brand_account.display_name} belongs to another account. "
            "Connect the account again."
        ) from error
    return Credentials(brand_account.network, brand_account.remote_id, secrets), credential.updated_at


def unseal_secrets(envelope: bytes, network: str, remote_id: str) -> dict[str, str]:
    """Decrypt an envelope that `seal_secrets` made.

    Raises `InvalidToken` when no key can decrypt it and `KeyError` when it was sealed for another account.
    """
    body = json.loads(_cipher().decrypt(envelope))
    if (body["network"], body["remote_id"]) != (network, remote_id):
        raise KeyError(remote_id)
    return dict(body["secrets"])


@transaction.atomic
def rotate_credentials(*, now: dt.datetime) -> int:
    """Re-encrypt every envelope with the newest key.

    Returns how many were rewritten. The rows are locked, so that a token renewed in the meantime is not
    overwritten. Raises `CredentialUnusable`, with nothing changed, when no key can decrypt one of them.
    """
    cipher = _cipher()
    rows = list(
        Credential.objects.select_for_update(of=("self",)).select_related("brand_account").order_by("pk")
    )
    for row in rows:
        try:
            row.envelope = cipher.rotate(bytes(row.envelope))
        except InvalidToken as error:
            raise CredentialUnusable(
                f"The credential of {row.brand_account} cannot be opened with the configured keys."
            ) from error
        row.updated_at = now
    Credential.objects.bulk_update(rows, ["envelope", "updated_at"], batch_size=500)
    record_change(AuditVerb.CREDENTIALS_ENCRYPTED_ANEW, f"{len(rows)} brand accounts")
    return len(rows)
