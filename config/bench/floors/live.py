"""The floor of the live stream: a bare ASGI application that forwards what Redis publishes to every listener."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import Any

import redis.asyncio

from inbox.live.publish import CASES_CHANNEL

_listeners: set[asyncio.Queue[bytes]] = set()
_reader: asyncio.Task[None] | None = None


async def _forward_published() -> None:
    client = redis.asyncio.Redis.from_url(os.environ["REDIS_URL"])
    subscription = client.pubsub()
    await subscription.subscribe(CASES_CHANNEL)
    async for message in subscription.listen():
        if message["type"] == "message":
            for queue in _listeners:
                queue.put_nowait(b"event: cases\ndata: []\n\n")


async def application(
    scope: dict[str, Any], receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]
) -> None:
    """Answer with an event stream that never ends."""
    global _reader
    if scope["type"] != "http":
        return
    if _reader is None:
        _reader = asyncio.create_task(_forward_published())
    queue: asyncio.Queue[bytes] = asyncio.Queue()
    _listeners.add(queue)
    try:
        await send(
            {
                "type": "http.response.start",
                "status": 200,
                "headers": [(b"content-type", b"text/event-stream")],
            }
        )
        await send({"type": "http.response.body", "body": b": hello\n\n", "more_body": True})
        while True:
            await send({"type": "http.response.body", "body": await queue.get(), "more_body": True})
    finally:
        _listeners.discard(queue)
