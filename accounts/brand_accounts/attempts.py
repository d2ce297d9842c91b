"""Attempts to connect an account by OAuth: bound to one session, valid once, for ten minutes.

The state travels through the network and the browser; only its digest is stored. The PKCE verifier stays in
the session, so that a stolen callback URL is useless elsewhere. The accounts that the network granted are
kept encrypted in the attempt's row.
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
#: Unfinished attempts that one session may have; the oldest are dropped first.
_MAX_PER_SESSION = 5


class AttemptRefused(Exception):
    """The attempt is unknown in this session, expired, or already used. Nothing was connected."""


def start_attempt(
    network: str,
    authorisation: Authorisation,
    session: MutableMapping[str, Any],
    user: User,
    *,
    now: dt.datetime,
    brand_account: BrandAccount | None = None,
) -> None:
    """Store the start of an attempt.

    `brand_account` is the account to connect again, None for any.
    """
    digest = _digest_state(authorisation.state)
    ConnectAttempt.objects.create(
        state_digest=digest, network=network, user=user, brand_account=brand_account, created_at=now
    )
    begun = {**session.get(_SESSION_KEY, {}), digest: authorisation.verifier}
    session[_SESSION_KEY] = dict(list(begun.items())[-_MAX_PER_SESSION:])


def delete_expired_attempts(now: dt.datetime) -> int:
    """Delete attempts that expired long ago.

    The tokens that nobody confirmed go with them. Returns how many attempts there were.
    """
    return ConnectAttempt.objects.filter(created_at__lt=now - 2 * ATTEMPT_LIFETIME).delete()[0]


def receive_returned_attempt(
    network: str, state: str, session: MutableMapping[str, Any], user: User, *, now: dt.datetime
) -> tuple[ConnectAttempt, str]:
    """Return the attempt that comes back with `state`, and its PKCE verifier.

    Marks it as returned, so that it cannot come back again. Raises `AttemptRefused` when no attempt of this
    session and user can return with this state.
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
    """Store the granted accounts, encrypted, until the person confirms one."""
    body = json.dumps(
        [
            [*_account_values(entry.account), dict(entry.secrets), list(entry.cannot_answer)]
            for entry in granted
        ]
    )
    attempt.envelope = seal_secrets(attempt.network, f"attempt {attempt.pk}", {"granted": body})
    attempt.save(update_fields=["envelope"])


def get_waiting_attempt(
    pk: int, user: User, *, now: dt.datetime
) -> tuple[ConnectAttempt, list[GrantableAccount]]:
    """Return an attempt that waits for confirmation, and the granted accounts.

    Raises `AttemptRefused` when this user has no such attempt.
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
        GrantableAccount(
            attempt.network,
            OwnAccount(remote_id, handle, name, tuple(scopes)),
            secrets,
            tuple(*cannot_answer),
        )
        for remote_id, handle, name, scopes, secrets, *cannot_answer in json.loads(body["granted"])
    ]
    return attempt, granted


def finish_attempt(attempt: ConnectAttempt, *, now: dt.datetime) -> None:
    """Mark an attempt as used and delete the granted accounts.

    Raises `AttemptRefused` when it has already been used.
    """
    if not ConnectAttempt.objects.filter(pk=attempt.pk, used_at=None).update(used_at=now, envelope=b""):
        raise AttemptRefused


def _account_values(account: OwnAccount) -> list[str | list[str]]:
    return [account.remote_id, account.handle, account.name, list(account.scopes)]


def _digest_state(state: str) -> str:
    return hashlib.sha256(state.encode("utf-8", "replace")).hexdigest()
