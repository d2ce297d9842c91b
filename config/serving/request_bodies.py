"""Limits on the bodies of requests, kept while they are read: how large they are and how long they take.

A body that is too large or too slow is refused before any page sees it. So it never fills memory or the disk, and no
thread ever waits for a client.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from config.serving.refusal_page import refusal_events

Event = Mapping[str, Any]
Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]

logger = logging.getLogger(__name__)

#: Seconds without a single byte, and seconds in all for a body within the default limit.
IDLE_SECONDS, TOTAL_SECONDS = 10.0, 30.0
#: A larger body gets more time: this many bytes a second suffice.
SLOWEST_BYTES_PER_SECOND = 64 * 1024


class BodyRefused(Exception):
    """The body of a request is not read any further. `status` is 413 or 408."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class LimitedBody:
    """The `receive` of one request, which refuses what is too large or too slow."""

    def __init__(self, receive: Receive, limit: int) -> None:
        self._receive = receive
        self._limit = limit
        self._size = 0
        self._deadline = asyncio.get_running_loop().time() + max(
            TOTAL_SECONDS, limit / SLOWEST_BYTES_PER_SECOND
        )
        #: The whole body has been read. What comes afterwards only says that the client went away.
        self.is_complete = False

    async def receive(self) -> Event:
        """Return the next part. Raises `BodyRefused`."""
        if self.is_complete:
            return await self._receive()
        left = self._deadline - asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(max(0.0, min(IDLE_SECONDS, left))):
                event = await self._receive()
        except TimeoutError:
            raise BodyRefused(408) from None
        self._size += len(event.get("body", b""))
        if self._size > self._limit:
            raise BodyRefused(413)
        self.is_complete = event["type"] != "http.request" or not event.get("more_body", False)
        return event


class BodyLimits:
    """An ASGI application that refuses large and slow bodies for another one.

    `limit` is in bytes; `by_path` maps the beginnings of paths to limits of their own.
    """

    def __init__(
        self, application: Callable[..., Awaitable[None]], limit: int, by_path: Mapping[str, int]
    ) -> None:
        self._application = application
        self._limit = limit
        self._by_path = by_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        limit = self._limit_of(scope["path"])
        try:
            if _declared_size(scope) > limit:
                raise BodyRefused(413)
            await self._application(scope, LimitedBody(receive, limit).receive, send)
        except BodyRefused as refusal:
            logger.warning("Refused the body of %s %s: %d", scope["method"], scope["path"], refusal.status)
            for event in refusal_events(refusal.status):
                await send(event)

    def _limit_of(self, path: str) -> int:
        beginnings = [beginning for beginning in self._by_path if path.startswith(beginning)]
        return self._by_path[max(beginnings, key=len)] if beginnings else self._limit


def _declared_size(scope: Scope) -> int:
    """Return the largest Content-Length.

    0 when there is none that is a number.
    """
    values = [value for name, value in scope["headers"] if name == b"content-length"]
    return max((int(value) for value in values if value.isdigit()), default=0)
