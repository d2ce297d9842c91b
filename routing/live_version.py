"""Versions that are published in the database and read by every process: the live one, and those kept compiled.

A process may go on with the live version that it knows for `LIVE_VERSION_MAX_AGE` seconds before it asks again, so that a
decision costs no statement. Publishing clears the cache of its own process; the others follow within that time.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")

#: Seconds for which a process goes on with the version it knows before it asks for a newer one.
LIVE_VERSION_MAX_AGE = 1.0


class LiveVersion(Generic[V]):
    """The version that is live, read anew when it is older than `LIVE_VERSION_MAX_AGE` seconds. Safe between threads.

    `read_live` asks the database and returns the version, which may be None; when it raises, nothing is remembered and
    the next call asks again. Threads that need a newer version wait for the one that reads it.
    """

    def __init__(self, read_live: Callable[[], V]) -> None:
        self._read_live = read_live
        self._lock = threading.Lock()
        #: When the database was asked (monotonic seconds), and what it answered.
        self._cached: tuple[float, V] | None = None

    def get(self) -> V:
        """Return the live version. Raises what `read_live` raises."""
        cached = self._cached
        if cached is not None and time.monotonic() - cached[0] < LIVE_VERSION_MAX_AGE:
            return cached[1]
        with self._lock:
            # The time before the question: the answer is at most as old as that. Another thread may just have asked.
            now, cached = time.monotonic(), self._cached
            if cached is None or now - cached[0] >= LIVE_VERSION_MAX_AGE:
                cached = self._cached = (now, self._read_live())
            return cached[1]

    def clear(self) -> None:
        """Forget the version, so that the next `get` asks the database. Waits for a read that is under way."""
        with self._lock:
            self._cached = None


class CompiledVersions(Generic[K, V]):
    """Versions compiled once a process, by primary key: those used last, at most `size`. Safe between threads.

    By primary key and not by number: a number is given again when the transaction that gave it is rolled back.
    """

    def __init__(self, compile_version: Callable[[K], V], size: int) -> None:
        self._compile_version = compile_version
        self._size = size
        self._lock = threading.Lock()
        self._versions: dict[K, V] = {}

    def get(self, key: K) -> V:
        """Return the version with this key; compile it if it is not kept. Raises what compiling raises."""
        with self._lock:
            if key in self._versions:
                version = self._versions.pop(key)
            else:
                version = self._compile_version(key)
                while len(self._versions) >= self._size:
                    self._versions.pop(next(iter(self._versions)))
            # The last in the dictionary is the last used.
            self._versions[key] = version
            return version

    def values(self) -> tuple[V, ...]:
        """Return the versions that are kept."""
        with self._lock:
            return tuple(self._versions.values())

    def clear(self) -> None:
        """Forget every version."""
        with self._lock:
            self._versions.clear()
