"""Caches in Redis that do without it while it is away.

Sessions are then read from their table. Everything else (limits of sign-in codes) is kept in the memory of each process.
"""

from __future__ import annotations

import functools
import threading
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.core.cache.backends.dummy import DummyCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache, RedisCacheClient

from inbox.live.broker import breaker, client_options

#: Seconds for which a session is read from Redis. A copy that could not be deleted, because Redis was away when somebody
#: signed out, counts no longer than this. It costs one read of the table a minute and session.
SESSION_SECONDS = 60
_FORGOTTEN_KEYS_MAX = 1000


class PatientCache(RedisCache):
    """A Redis cache that uses another cache for as long as Redis does not answer."""

    def __init__(self, server: str, parameters: dict[str, Any]) -> None:
        super().__init__(server, parameters)
        self._server = server
        self._substitute = self._make_substitute(parameters)

    def _make_substitute(self, parameters: dict[str, Any]) -> BaseCache:
        return LocMemCache("while-redis-is-away", parameters)

    @property
    def _cache(self) -> RedisCacheClient:
        # One client for the process: Django makes a cache for each thread, and under ASGI for each request.
        return _shared_client(self._server)

    def add(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """Store a value unless there is one; return whether it was stored."""
        return bool(self._attempt("add", key, value, timeout, version))

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        """Return a value, or `default`."""
        return self._attempt("get", key, default, version)

    def set(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        """Store a value."""
        self._attempt("set", key, value, timeout, version)

    def touch(self, key: str, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """Give a value another time-out; return whether there is one."""
        return bool(self._attempt("touch", key, timeout, version))

    def delete(self, key: str, version: int | None = None) -> bool:
        """Delete a value; return whether there was one."""
        return bool(self._attempt("delete", key, version))

    def get_many(self, keys: Any, version: int | None = None) -> Any:
        """Return the values of those keys that have one."""
        return self._attempt("get_many", keys, version)

    def has_key(self, key: str, version: int | None = None) -> bool:
        """Return whether there is a value."""
        return bool(self._attempt("has_key", key, version))

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> int:
        """Add to a number and return it. Raises ValueError without one."""
        return int(self._attempt("incr", key, delta, version))

    def set_many(self, data: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> Any:
        """Store values."""
        return self._attempt("set_many", data, timeout, version)

    def delete_many(self, keys: Any, version: int | None = None) -> None:
        """Delete values."""
        self._attempt("delete_many", keys, version)

    def _attempt(self, method: str, *arguments: Any) -> Any:
        return breaker.attempt(
            lambda: getattr(super(PatientCache, self), method)(*arguments),
            lambda: getattr(self._substitute, method)(*arguments),
        )


class SessionCache(PatientCache):
    """Copies of sessions; without Redis there are none, and Django reads the table."""

    def _make_substitute(self, parameters: dict[str, Any]) -> BaseCache:
        return DummyCache("", parameters)

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        """Return a copy, unless it is outdated."""
        _outdated.delete_from(self)
        return default if key in _outdated else super().get(key, default, version)

    def set(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        """Store a copy for a short time."""
        seconds = SESSION_SECONDS if timeout in (None, DEFAULT_TIMEOUT) else min(timeout, SESSION_SECONDS)

        def store() -> None:
            RedisCache.set(self, key, value, seconds, version)
            _outdated.discard(key)

        breaker.attempt(store, lambda: _outdated.add(key))

    def delete(self, key: str, version: int | None = None) -> bool:
        """Delete a copy, now or as soon as Redis answers."""

        def remember() -> bool:
            _outdated.add(key)
            return False

        return breaker.attempt(lambda: bool(RedisCache.delete(self, key, version)), remember)

    def has_key(self, key: str, version: int | None = None) -> bool:
        """Return whether there is a copy that counts."""
        return key not in _outdated and super().has_key(key, version)


class _OutdatedCopies:
    """Keys whose copies could not be replaced or deleted while Redis was away."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._keys: dict[str, None] = {}

    def __contains__(self, key: str) -> bool:
        return key in self._keys

    def add(self, key: str) -> None:
        """Remember a key; of very many the oldest are left to their time-out."""
        with self._lock:
            self._keys[key] = None
            while len(self._keys) > _FORGOTTEN_KEYS_MAX:
                del self._keys[next(iter(self._keys))]

    def discard(self, key: str) -> None:
        """Forget a key whose copy was replaced after all."""
        if key in self._keys:
            with self._lock:
                self._keys.pop(key, None)

    def delete_from(self, cache: RedisCache) -> None:
        """Delete the copies if Redis answers. No command when there are none."""
        keys = list(self._keys)

        def delete() -> bool:
            RedisCache.delete_many(cache, keys)
            return True

        if not keys:
            return
        is_deleted: bool = breaker.attempt(delete, lambda: False)
        if is_deleted:
            for key in keys:
                self.discard(key)


_outdated = _OutdatedCopies()


class _KeptClient(RedisCacheClient):
    """Keep one Redis client: Django builds one for each command, which takes longer than the command itself."""

    def __init__(self, server: str, **options: Any) -> None:
        super().__init__([server], **options)
        self._kept = super().get_client(write=True)

    def get_client(self, key: Any = None, *, write: bool = False) -> Any:
        """Return the client. It may be used by several threads: each command takes a connection from the pool."""
        return self._kept


@functools.cache
def _shared_client(server: str) -> RedisCacheClient:
    return _KeptClient(server, **client_options())
