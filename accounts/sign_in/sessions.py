"""Whom a stored session signs in, for what outlives a request; and who hears that somebody is signed out everywhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.utils.crypto import constant_time_compare

from accounts.models import User

#: Called with the ids of people whose sessions have ended, so that what they have open ends too. Other rooms add theirs
#: in `AppConfig.ready`.
sessions_ended_hooks: list[Callable[[Iterable[int]], None]] = []


def find_session_user(session: SessionBase) -> User | None:
    """Return the active person whom a session signs in now.

    Reads the stored session again. None when it is gone, or has ended because the person's password, role or epoch
    has changed: the same rule as for a page (`django.contrib.auth.get_user`).
    """
    stored = type(session)(session.session_key).load() if session.session_key else {}
    user = User.objects.filter(pk=int(stored.get(SESSION_KEY, 0)), is_active=True).first()
    if user is None:
        return None
    session_hash = str(stored.get(HASH_SESSION_KEY, ""))
    valid_hashes = [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
    is_valid = any(constant_time_compare(session_hash, valid_hash) for valid_hash in valid_hashes)
    return user if is_valid else None


def tell_sessions_ended(user_ids: Iterable[int]) -> None:
    """Call the hooks for people whose sessions have ended."""
    for tell in sessions_ended_hooks:
        tell(user_ids)
