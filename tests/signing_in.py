"""Signing in without the door, for tests of what is behind it."""

from __future__ import annotations

import secrets
import time
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.cached_db import SessionStore
from django.test import Client


def sign_in_records(user, *, seconds_ago: float = 0) -> dict[str, Any]:
    """What a session has in it when that person gave their password so long ago."""
    return {
        "account_authentication_methods": [{"method": "password", "at": time.time() - seconds_ago}],
        "account_authentication_methods_user": str(user.pk),
    }


def signed_in(user, **more):
    """A browser with a session of `user`, and `more` in it.

    The session that `Client.force_login` leaves, written once: that one looks for a free key, writes an anonymous session
    and changes its key, which is eight times as much as many a request that comes after.
    """
    client, session = Client(), SessionStore(secrets.token_hex(16))
    session._session_cache = {
        SESSION_KEY: str(user.pk),
        BACKEND_SESSION_KEY: settings.AUTHENTICATION_BACKENDS[0],
        HASH_SESSION_KEY: user.get_session_auth_hash(),
        **more,
    }
    session.save(must_create=True)
    client.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
    return client
