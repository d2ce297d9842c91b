"""The live stream: server-sent events for one open page, out of one Redis subscription per process.

An event names cases that are new or different and that the reader may see; the page asks again through the
viewer-scoped views. The first event goes out at once, later ones at most every quarter of a second. What happened
between making a page and opening its stream is told first. When the subscription breaks, every stream ends, so that
pages notice, poll and come back.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
import weakref
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from functools import partial
from operator import methodcaller
from typing import Any

import orjson
import redis.asyncio
from asgiref.sync import sync_to_async
from django.conf import settings
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_GET

from inbox.audience import Audience, audience_of
from inbox.live import CHANNEL, NOTICES, WATCHES, CaseChange

logger = logging.getLogger(__name__)

#: Seconds between two events to one page, between signs of life, and between checks of the reader's authority.
COALESCE, HEARTBEAT, RECHECK = 0.25, 15.0, 60.0
#: Seconds that a process remembers what it heard and goes on listening when nobody does; a page's own age is counted from
#: so much before it says that it was made: it tells whole seconds, and read its cases a moment earlier.
MEMORY, SLACK = 30.0, 2.0
#: With more changed cases than this an event says "everything" instead of naming them.
NAMED = 100


@dataclass(eq=False, slots=True, weakref_slot=True)
class Listener:
    """One open page. `pending` holds what it has not been told yet."""

    audience: Audience
    pending: set[int] = field(default_factory=set)
    #: Whether the reader's own notices changed.
    noticed: bool = False
    #: Whether what the reader may hear of has to be looked up again before anything is told.
    stale: bool = False
    #: Whether the page is to ask for all that it shows: what happened meanwhile was not offered.
    everything: bool = False
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    ended: bool = False

    def offer(self, changes: list[CaseChange]) -> None:
        """Take note of what this reader may hear of."""
        heard = [change.case_id for change in changes if self.audience.hears(change)]
        if heard:
            self.pending.update(heard)
            self.woken.set()

    def offer_notices(self, user_ids: list[int]) -> None:
        """Take note that these people's notices changed."""
        if self.audience.user_id in user_ids:
            self.noticed = True
            self.woken.set()

    def offer_watches(self, user_ids: list[int]) -> None:
        """Take note that these people watch other cases than before."""
        if self.audience.user_id in user_ids:
            self.stale = True
            self.woken.set()

    def end(self) -> None:
        """Let the page's stream finish."""
        self.ended = True
        self.woken.set()

    def take(self) -> bytes:
        """Everything pending, an event a subject; bounded, however much has happened."""
        told = b"event: notices\ndata: []\n\n" if self.noticed else b""
        if self.pending or self.everything:
            ids = sorted(self.pending) if len(self.pending) <= NAMED and not self.everything else []
            told += b"event: cases\ndata: " + orjson.dumps(ids) + b"\n\n"
        self.pending.clear()
        self.noticed = self.everything = False
        self.woken.clear()
        return told


class Hub:
    """The listeners of this process and the subscription that feeds them, alive while somebody listens and a little
    longer: people go from page to page."""

    def __init__(self) -> None:
        # Weak: a page that went before its first byte was sent leaves nothing behind.
        self._listeners: weakref.WeakSet[Listener] = weakref.WeakSet()
        self._reader: asyncio.Task[None] | None = None
        self._subscribed = asyncio.Event()
        #: What was heard lately, with when (seconds since the epoch), and from when on nothing is missing in it.
        self._heard: deque[tuple[float, Callable[[Listener], object]]] = deque()
        self._complete_from = 0.0

    async def join(self, audience: Audience, since: float | None = None) -> Listener:
        """A listener that hears everything from now on, and, with the moment when its page was made (seconds since the
        epoch), all that has happened since. Raises `TimeoutError` when the broker does not answer."""
        if self._reader is None or self._reader.done():
            self._subscribed = asyncio.Event()
            self._reader = asyncio.create_task(self._read())
        # One of those that listen from here on: another page that leaves meanwhile must not end the subscription.
        listener = Listener(audience)
        self._listeners.add(listener)
        try:
            await asyncio.wait_for(self._subscribed.wait(), 3)
        except BaseException:
            self.leave(listener)
            raise
        if since is not None:
            self._catch_up(listener, since - SLACK)
        return listener

    def leave(self, listener: Listener) -> None:
        """Forget a page that has gone; when no other has come for a while the subscription ends."""
        self._listeners.discard(listener)
        if not self._listeners and self._reader is not None:
            asyncio.get_running_loop().call_later(MEMORY, self._rest)

    def _rest(self) -> None:
        if not self._listeners and self._reader is not None:
            self._reader.cancel()
            self._reader = None

    def _catch_up(self, listener: Listener, since: float) -> None:
        self._forget()
        if since < self._complete_from:
            listener.everything = True
            listener.woken.set()
        for at, tell in self._heard:
            if at >= since:
                tell(listener)

    def _forget(self) -> None:
        over = time.time() - MEMORY
        while self._heard and self._heard[0][0] < over:
            self._complete_from = self._heard.popleft()[0]

    async def _read(self) -> None:
        client = redis.asyncio.Redis.from_url(
            settings.REDIS_URL, socket_connect_timeout=2, health_check_interval=10
        )
        try:
            async with client.pubsub() as subscription:
                await subscription.subscribe(*_HEARD)
                async for message in subscription.listen():
                    if message["type"] == "message":
                        self._hear(message["channel"], orjson.loads(message["data"]))
                    elif message["data"] == len(_HEARD):
                        self._heard.clear()
                        self._complete_from = time.time()
                        self._subscribed.set()
        except redis.RedisError as error:
            logger.warning("The live stream lost the broker: %s", error)
        finally:
            for listener in self._listeners:
                listener.end()
            with contextlib.suppress(redis.RedisError, RuntimeError):
                await client.aclose()

    def _hear(self, channel: bytes, rows: list[Any]) -> None:
        tell = _HEARD[channel.decode()](rows)
        self._forget()
        self._heard.append((time.time(), tell))
        for listener in self._listeners:
            tell(listener)


def _changes(rows: list[Any]) -> Callable[[Listener], object]:
    return methodcaller("offer", [CaseChange(*row) for row in rows])


#: By channel: what is told to each listener of what is heard there.
_HEARD: dict[str, Callable[[list[Any]], Callable[[Listener], object]]] = {
    CHANNEL: _changes,
    NOTICES: partial(methodcaller, "offer_notices"),
    WATCHES: partial(methodcaller, "offer_watches"),
}
_hubs: dict[int, Hub] = {}


def hub() -> Hub:
    """The hub of the running event loop."""
    return _hubs.setdefault(id(asyncio.get_running_loop()), Hub())


async def events(listener: Listener, recheck: Callable[[], Audience | None]) -> AsyncIterator[bytes]:
    """The bytes of one stream until the page goes, the broker is lost or the reader may not read any more."""
    checked = asyncio.get_running_loop().time()
    yield b"retry: 2000\n: connected\n\n"
    try:
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(listener.woken.wait(), HEARTBEAT)
            if listener.ended:
                return
            if listener.stale or asyncio.get_running_loop().time() - checked > RECHECK:
                listener.everything, listener.stale = listener.stale, False
                audience = await sync_to_async(recheck)()
                if audience is None:
                    return
                listener.audience, checked = audience, asyncio.get_running_loop().time()
            if listener.pending or listener.noticed or listener.everything:
                yield listener.take()
                await asyncio.sleep(COALESCE)
            elif listener.woken.is_set():
                listener.woken.clear()
            else:
                yield b": still here\n\n"
    finally:
        hub().leave(listener)


def _made(request: HttpRequest) -> float | None:
    """When the page says that it was made, seconds since the epoch; None when it does not say. What is no such moment
    counts as long ago: the page is told to ask for everything."""
    since = request.GET.get("since")
    if since is None:
        return None
    return float(since) if since.isascii() and since.isdecimal() and len(since) < 12 else 0.0


@require_GET
async def live(request: HttpRequest) -> HttpResponseBase:
    """The stream of one page, made at `since`: 401 when signed out, 503 when the broker is away (the page polls and tries again)."""
    user, session = await request.auser(), request.session

    def recheck() -> Audience | None:
        return audience_of(user.pk or 0, session)

    audience = await sync_to_async(recheck)()
    if audience is None:
        return HttpResponse("Sign in again.\n", status=401, content_type="text/plain")
    try:
        listener = await hub().join(audience, _made(request))
    except TimeoutError:
        return HttpResponse("No live updates now.\n", status=503, content_type="text/plain")
    response = StreamingHttpResponse(events(listener, recheck), content_type="text/event-stream")
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"
    return response
