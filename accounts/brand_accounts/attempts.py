"""Journeys to a network's consent page and back: bound to one session, valid once, for ten minutes.

The state travels through the network and the browser; only its digest is stored. The PKCE verifier stays in the
session, so that a stolen address is worth nothing elsewhere. The accounts that the network granted wait encrypted in
the row.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import MutableMapping, Sequence
from typing import Any

from accounts.credentials.store import seal_secrets, unseal_secrets
from accounts.models import BrandAccount, ConnectAttempt, User
from networks.base import OwnAccount
from networks.oauth import Authorisation, GrantableAccount

ATTEMPT_LIFETIME = dt.timedelta(minutes=10)
_SESSION_KEY = "connecting"
#: Unfinished journeys that one session may have; the oldest are dropped first.
_MAX_PER_SESSION = 5


class AttemptRefused(Exception):
    """An attempt that is unknown here, over, or was used already. Nothing was connected."""


def start_attempt(
    network: str,
    authorisation: Authorisation,
    session: MutableMapping[str, Any],
    user: User,
    *,
    now: dt.datetime,
    brand_account: BrandAccount | None = None,
) -> None:
    """Store the beginning of a journey.

    `brand_account` is the one to connect again, None for any. Also deletes journeys that ended long ago.
    """
    ConnectAttempt.objects.filter(created_at__lt=now - 2 * ATTEMPT_LIFETIME).delete()
    digest = _digest_state(authorisation.state)
    ConnectAttempt.objects.create(
        state_digest=digest, network=network, user=user, brand_account=brand_account, created_at=now
    )
    begun = {**session.get(_SESSION_KEY, {}), digest: authorisation.verifier}
    session[_SESSION_KEY] = dict(list(begun.items())[-_MAX_PER_SESSION:])


def receive_returned_attempt(
    network: str, state: str, session: MutableMapping[str, Any], user: User, *, now: dt.datetime
) -> tuple[ConnectAttempt, str]:
    """Return the journey that comes back with `state`, and its PKCE verifier.

    From now on it cannot come back again. Raises `AttemptRefused`.
    """
    begun = dict(session.get(_SESSION_KEY, {}))
    verifier = begun.pop(_digest_state(state), None)
    session[_SESSION_KEY] = begun
    attempts = ConnectAttempt.objects.filter(state_digest=_digest_state(state), network=network, user=user)
    returnable = attempts.filter(returned_at=None, created_at__gt=now - ATTEMPT_LIFETIME)
    if verifier is None or not returnable.update(returned_at=now):
        raise AttemptRefused
    return attempts.select_related("brand_account").get(), verifier


def store_granted_accounts(attempt: ConnectAttempt, granted: Sequence[GrantableAccount]) -> None:
    """Store the granted accounts, encrypted, until the person confirms."""
    body = json.dumps(
        [
            [entry.account.remote_id, entry.account.handle, entry.account.name, dict(entry.secrets)]
            for entry in granted
        ]
    )
    attempt.envelope = seal_secrets(attempt.network, f"attempt {attempt.pk}", {"granted": body})
    attempt.save(update_fields=["envelope"])


def get_waiting_attempt(
    pk: int, user: User, *, now: dt.datetime
) -> tuple[ConnectAttempt, list[GrantableAccount]]:
    """Return a journey that waits for confirmation, and the granted accounts.

    Only one of this user's. Raises `AttemptRefused`.
    """
    attempt = (
        ConnectAttempt.objects.filter(pk=pk, user=user, used_at=None, created_at__gt=now - ATTEMPT_LIFETIME)
        .exclude(envelope=b"")
        .select_related("brand_account")
        .first()
    )
    if attempt is None:
        raise AttemptRefused
    body = unseal_secrets(bytes(attempt.envelope), attempt.network, f"attempt {attempt.pk}")
    granted = [
        GrantableAccount(attempt.network, OwnAccount(remote_id, handle, name), secrets)
        for remote_id, handle, name, secrets in json.loads(body["granted"])
    ]
    return attempt, granted


def finish_attempt(attempt: ConnectAttempt, *, now: dt.datetime) -> None:
    """End a journey and forget the granted accounts.

    Raises `AttemptRefused` when it has ended already.
    """
    if not ConnectAttempt.objects.filter(pk=attempt.pk, used_at=None).update(used_at=now, envelope=b""):
        raise AttemptRefused


def _digest_state(state: str) -> str:
    return hashlib.sha256(state.encode("utf-8", "replace")).hexdigest()
