"""Caches of published versions: the live version, and compiled versions.

A process uses its cached live version for `LIVE_VERSION_MAX_AGE` seconds, so that a decision costs no statement.
Publishing clears the cache of its own process; the other processes follow within that time.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")

#: The number of seconds for which a process uses the cached live version.
LIVE_VERSION_MAX_AGE = 1.0


class LiveVersion(Generic[V]):
    """The live version, cached for `LIVE_VERSION_MAX_AGE` seconds. Safe between threads.

    `read_live` reads the database and returns the version, which may be None. When it raises, nothing is cached and
    the next call reads again. Threads that need a newer version wait for the one that reads it.
    """

    def __init__(self, read_live: Callable[[], V]) -> None:
        self._read_live = read_live
        self._lock = threading.Lock()
        #: The time of the read (monotonic seconds), and its result.
        self._cached: tuple[float, V] | None = None

    def get(self) -> V:
        """Return the live version. Raises what `read_live` raises."""
        cached = self._cached
        if cached is not None and time.monotonic() - cached[0] < LIVE_VERSION_MAX_AGE:
            return cached[1]
        with self._lock:
            # Take the time before reading, so that the result is never older than recorded. Check again,
            # because another thread may have read while this one waited for the lock.
            now, cached = time.monotonic(), self._cached
            if cached is None or now - cached[0] >= LIVE_VERSION_MAX_AGE:
                cached = self._cached = (now, self._read_live())
            return cached[1]

    def clear(self) -> None:
        """Clear the cache, so that the next `get` reads the database.

        Waits for a read in progress.
        """
        with self._lock:
            self._cached = None


class CompiledVersions(Generic[K, V]):
    """The most recently used versions, compiled once per process. Safe between threads.

    At most `size` are cached. The keys are primary keys and not numbers, because a number is used again when
    the transaction that took it is rolled back.
    """

    def __init__(self, compile_version: Callable[[K], V], size: int) -> None:
        self._compile_version = compile_version
        self._size = size
        self._lock = threading.Lock()
        self._versions: dict[K, V] = {}

    def get(self, key: K) -> V:
        """Return the version with this key; compile it if it is not cached.

        Raises what compiling raises.
        """
        with self._lock:
            if key in self._versions:
                version = self._versions.pop(key)
            else:
                version = self._compile_version(key)
                while len(self._versions) >= self._size:
                    self._versions.pop(next(iter(self._versions)))
            # The order of the dictionary is the order of use, the most recent last.
            self._versions[key] = version
            return version

    def values(self) -> tuple[V, ...]:
        """Return the cached versions."""
        with self._lock:
            return tuple(self._versions.values())

    def clear(self) -> None:
        """Remove all versions from the cache."""
        with self._lock:
            self._versions.clear()
