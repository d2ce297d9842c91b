"""A way to ask Redis that never keeps a page waiting: short time-outs, and after a failure a pause without attempts."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

import redis

T = TypeVar("T")

logger = logging.getLogger(__name__)

#: Seconds for a connection and for an answer. What is asked here is always in memory.
TIMEOUT = 0.5
#: Seconds after a failure in which nobody asks. Then one caller tries again; the others wait for its success.
PAUSE = 2.0


class Breaker:
    """The decision of this process to ask Redis, or to do without it for a moment."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_away = False
        self._next_attempt_at = 0.0

    def attempt(self, action: Callable[[], T], otherwise: Callable[[], T]) -> T:
        """Return what `action` returns, or `otherwise` when Redis does not answer."""
        if not self._may_attempt():
            return otherwise()
        try:
            result = action()
        except redis.RedisError as error:
            self._note_failure(error)
            return otherwise()
        if self._is_away:
            self._note_success()
        return result

    def reset(self) -> None:
        """Ask Redis again at once."""
        with self._lock:
            self._is_away = False

    def _may_attempt(self) -> bool:
        if not self._is_away:
            return True
        with self._lock:
            now = time.monotonic()
            if now < self._next_attempt_at:
                return False
            self._next_attempt_at = now + PAUSE
            return True

    def _note_failure(self, error: redis.RedisError) -> None:
        with self._lock:
            if not self._is_away:
                logger.warning("Redis does not answer; going on without it: %s", error)
            self._is_away, self._next_attempt_at = True, time.monotonic() + PAUSE

    def _note_success(self) -> None:
        self.reset()
        logger.warning("Redis answers again.")


#: The one of this process.
breaker = Breaker()


def client_options() -> dict[str, Any]:
    """Return the options of clients that pages wait for."""
    return {"socket_timeout": TIMEOUT, "socket_connect_timeout": TIMEOUT}
