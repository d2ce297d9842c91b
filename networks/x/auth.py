"""X's two kinds of credentials, and the rotation of OAuth 2 tokens.

OAuth 1: consumer_key, consumer_secret, access_token, access_token_secret. They do not expire.
OAuth 2 (user context): client_id, client_secret (confidential clients only), access_token, refresh_token, expires_at
(ISO 8601, UTC), scope. An access token is valid for 2 h; each refresh token works once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import requests
import tweepy

from networks import transport, wire
from networks.base import NetworkError, Reauthorise, RetryLater
from networks.transport import HTTPAnswer, Transport
from networks.x import errors

TOKEN_URL = "https://api.x.com/2/oauth2/token"  # noqa: S105
#: Refresh this long before a token expires, so that it does not expire during a poll.
REFRESH_MARGIN = dt.timedelta(minutes=5)
_DEFAULT_LIFE = 7200
#: The scopes of OAuth 2 that the parts of an access level of OAuth 1 amount to.
_LEVEL_SCOPES = {
    "read": ("tweet.read", "users.read", "offline.access"),
    "write": ("tweet.write", "tweet.moderate.write", "like.write"),
    "directmessages": ("dm.read", "dm.write"),
}


def is_oauth1(secrets: Mapping[str, str]) -> bool:
    return bool(secrets.get("access_token_secret"))


def granted_scopes(secrets: Mapping[str, str], access_level: str) -> tuple[str, ...]:
    """Return the scopes that a credential was granted; none when X does not say.

    `access_level` is X's answer for a credential of OAuth 1: "read", "read-write", "read-write-directmessages".
    """
    if scope := secrets.get("scope"):
        return tuple(scope.split())
    levels = access_level.split("-") if is_oauth1(secrets) else []
    return tuple(scope for level in levels for scope in _LEVEL_SCOPES.get(level, ()))


def build_x_client(secrets: Mapping[str, str]) -> tweepy.Client:
    """Build a client that neither sleeps on a 429 nor builds models.

    When a 429 has no reset header, sleeping would recurse.
    """
    if is_oauth1(secrets):
        return tweepy.Client(
            consumer_key=secrets["consumer_key"],
            consumer_secret=secrets["consumer_secret"],
            access_token=secrets["access_token"],
            access_token_secret=secrets["access_token_secret"],
            return_type=requests.Response,
            wait_on_rate_limit=False,
        )
    return tweepy.Client(secrets["access_token"], return_type=requests.Response, wait_on_rate_limit=False)


def must_refresh(secrets: Mapping[str, str], now: dt.datetime) -> bool:
    """Tell whether an OAuth 2 token expires soon. An unknown expiry counts as now."""
    if is_oauth1(secrets) or not secrets.get("refresh_token"):
        return False
    try:
        return wire.require_time(secrets.get("expires_at")) <= now + REFRESH_MARGIN
    except ValueError:
        return True


def request_token(
    session: requests.Session,
    mounted: Transport,
    secrets: Mapping[str, str],
    form: Mapping[str, str],
    now: dt.datetime,
) -> dict[str, str]:
    """Request a token with this form; return the new secrets.

    Raises `Reauthorise` when X refuses, otherwise `RetryLater`.
    """
    client_id, client_secret = secrets["client_id"], secrets.get("client_secret", "")
    data = {**form, "client_id": client_id}
    auth = (client_id, client_secret) if client_secret else None
    answer = transport.attempt_call(mounted, lambda: session.post(TOKEN_URL, data=data, auth=auth))
    if isinstance(answer, HTTPAnswer) and answer.status in (400, 401, 403):
        raise Reauthorise("X no longer accepts this connection.", code=_oauth_error_code(answer))
    # A token whose answer was lost cannot be retrieved, so this is never ambiguous: the next attempt decides.
    if error := errors.classify_x_answer(answer, write=False, now=now):
        raise error
    return _secrets_from(answer, secrets, now)


def _oauth_error_code(answer: HTTPAnswer) -> str:
    return wire.optional_text(wire.as_mapping(answer.document).get("error"))[:80] or str(answer.status)


def _secrets_from(
    answer: HTTPAnswer | transport.NoAnswer, secrets: Mapping[str, str], now: dt.datetime
) -> dict[str, str]:
    document = wire.as_mapping(answer.document) if isinstance(answer, HTTPAnswer) else {}
    token = wire.optional_text(document.get("access_token"))
    if not token:
        error: NetworkError = RetryLater("X sent a response that could not be read.", code="malformed")
        raise error
    life = wire.optional_count(document.get("expires_in")) or _DEFAULT_LIFE
    new = dict(secrets)
    new["access_token"] = token
    new["refresh_token"] = wire.optional_text(document.get("refresh_token")) or secrets.get(
        "refresh_token", ""
    )
    new["expires_at"] = (now + dt.timedelta(seconds=min(life, 10**8))).isoformat()
    if scope := wire.optional_text(document.get("scope")):
        new["scope"] = scope
    return new
