"""Serve the live stream of one open page as server-sent events.

There is one Redis subscription for each process. An event names new or changed cases that the reader may see; the page
reloads through the viewer-scoped views. The first event goes out at once, later ones at most every quarter of a second.
When the subscription breaks, every stream ends, so that pages notice, poll and come back.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import weakref
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import orjson
import redis.asyncio
from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.db import connections
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.models import User
from accounts.sign_in.sessions import find_session_user
from accounts.working_time import presence
from inbox.live.publish import CASES_CHANNEL, NOTICES_CHANNEL, WATCHES_CHANNEL, CaseChange
from inbox.models import Case, Visibility
from inbox.visibility import CaseScope, Reach, case_scope

logger = logging.getLogger(__name__)

#: Seconds between two events to one page, between keep-alives, and between checks of the reader's authority.
COALESCE, HEARTBEAT, RECHECK = 0.25, 15.0, 60.0
#: Seconds without a message after which the broker is asked whether it is there, and in which it has to answer.
ANSWER = 5.0
#: With more changed cases than this an event says "everything" instead of naming them.
MAX_NAMED_CASES = 100


@dataclass(frozen=True, slots=True)
class Audience:
    """The reader of a page.

    `scope` is the set of cases that they see by role; `watched_case_ids` are public cases that they watch, in any
    department.
    """

    scope: CaseScope
    user_id: int = 0
    watched_case_ids: frozenset[int] = frozenset()

    def may_hear_of(self, change: CaseChange) -> bool:
        """Return whether the reader may read the case, or could before.

        Before the change: a case that leaves a department is news there once more.
        """
        if change.case_id in self.watched_case_ids and self.scope.includes_when_watched(change):
            return True
        before = change.before_move()
        return self.scope.includes(change) or (before is not None and self.scope.includes(before))


@dataclass(eq=False, slots=True, weakref_slot=True)
class Listener:
    """One open page. `pending` holds the ids of changed cases that have not been sent to it yet."""

    audience: Audience
    pending: set[int] = field(default_factory=set)
    #: The reader's own notices changed.
    notices_changed: bool = False
    #: The audience has to be read again before the next event.
    audience_is_stale: bool = False
    #: The page has to reload everything that it shows: changes in the meantime were not sent to it.
    reload_all: bool = False
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    ended: bool = False

    def offer(self, changes: list[CaseChange]) -> None:
        """Add those changed cases that this reader may hear of."""
        case_ids = [change.case_id for change in changes if self.audience.may_hear_of(change)]
        if case_ids:
            self.pending.update(case_ids)
            self.woken.set()

    def offer_notices(self, user_ids: list[int]) -> None:
        """Note that the notices of these users changed."""
        if self.audience.user_id in user_ids:
            self.notices_changed = True
            self.woken.set()

    def offer_watches(self, user_ids: list[int]) -> None:
        """Note that these users watch other cases than before."""
        if self.audience.user_id in user_ids:
            self.audience_is_stale = True
            self.woken.set()

    def end(self) -> None:
        """Let the page's stream finish."""
        self.ended = True
        self.woken.set()

    def pop_events(self) -> bytes:
        """Return everything pending as bytes, one event for each subject.

        Bounded, however much has happened: more than `MAX_NAMED_CASES` cases become "everything" (`[]`).
        """
        events = b"event: notices\ndata: []\n\n" if self.notices_changed else b""
        if self.pending or self.reload_all:
            ids = sorted(self.pending) if len(self.pending) <= MAX_NAMED_CASES and not self.reload_all else []
            events += b"event: cases\ndata: " + orjson.dumps(ids) + b"\n\n"
        self.pending.clear()
        self.notices_changed = self.reload_all = False
        self.woken.clear()
        return events


class Hub:
    """The listeners of this process and the subscription that feeds them. It lasts while anybody listens."""

    def __init__(self) -> None:
        # Weak: a page that is closed before its first byte was sent leaves nothing behind.
        self._listeners: weakref.WeakSet[Listener] = weakref.WeakSet()
        self._reader: asyncio.Task[None] | None = None
        self._subscribed = asyncio.Event()

    async def join(self, audience: Audience) -> Listener:
        """Return a listener that hears every change from now on.

        Raises `TimeoutError` when the broker does not answer within three seconds.
        """
        if self._reader is None or self._reader.done():
            self._subscribed = asyncio.Event()
            self._reader = asyncio.create_task(self._read_subscription())
        # Added before the wait: otherwise another page that closes in the meantime would end the subscription.
        listener = Listener(audience)
        self._listeners.add(listener)
        try:
            await asyncio.wait_for(self._subscribed.wait(), 3)
        except BaseException:
            self.leave(listener)
            raise
        return listener

    def leave(self, listener: Listener) -> None:
        """Remove the listener of a closed page; without listeners the subscription ends."""
        self._listeners.discard(listener)
        if not self._listeners and self._reader is not None:
            self._reader.cancel()
            self._reader = None

    async def _read_subscription(self) -> None:
        client = redis.asyncio.Redis.from_url(
            settings.REDIS_URL, socket_connect_timeout=2, socket_timeout=ANSWER
        )
        try:
            async with client.pubsub() as subscription:
                await subscription.subscribe(CASES_CHANNEL, NOTICES_CHANNEL, WATCHES_CHANNEL)
                self._subscribed.set()
                await self._dispatch_messages(subscription)
        except redis.RedisError as error:
            logger.warning("The live stream lost the broker: %s", error)
        finally:
            for listener in self._listeners:
                listener.end()
            with contextlib.suppress(redis.RedisError, RuntimeError):
                await client.aclose()

    async def _dispatch_messages(self, subscription: redis.asyncio.client.PubSub) -> None:
        """Pass messages on until the broker does not answer.

        Raises `RedisError` then, even if the connection stays open.
        """
        is_asked = False
        while True:
            message = await subscription.get_message(timeout=ANSWER)
            if message is not None:
                is_asked = False
                if message["type"] == "message":
                    self._dispatch(message["channel"], orjson.loads(message["data"]))
            elif is_asked:
                raise redis.TimeoutError(f"no answer within {ANSWER:.0f} s")
            else:
                await subscription.ping()
                is_asked = True

    def _dispatch(self, channel: bytes, rows: list[Any]) -> None:
        if channel == NOTICES_CHANNEL.encode():
            for listener in self._listeners:
                listener.offer_notices(rows)
        elif channel == WATCHES_CHANNEL.encode():
            for listener in self._listeners:
                listener.offer_watches(rows)
        else:
            self._fan_out([CaseChange(*row) for row in rows])

    def _fan_out(self, changes: list[CaseChange]) -> None:
        for listener in self._listeners:
            listener.offer(changes)


_hubs: dict[int, Hub] = {}


def get_hub() -> Hub:
    """Return the hub of the running event loop."""
    return _hubs.setdefault(id(asyncio.get_running_loop()), Hub())


async def stream_events(listener: Listener, recheck: Callable[[], Audience | None]) -> AsyncIterator[bytes]:
    """Yield the bytes of one stream.

    Ends when the page is closed, the broker is lost, or `recheck` returns None because the reader may not read any
    more.
    """
    checked = asyncio.get_running_loop().time()
    yield b"retry: 2000\n: connected\n\n"
    try:
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(listener.woken.wait(), HEARTBEAT)
            if listener.ended:
                return
            if listener.audience_is_stale or asyncio.get_running_loop().time() - checked > RECHECK:
                listener.reload_all, listener.audience_is_stale = listener.audience_is_stale, False
                audience = await sync_to_async(recheck)()
                if audience is None:
                    return
                listener.audience, checked = audience, asyncio.get_running_loop().time()
            if listener.pending or listener.notices_changed or listener.reload_all:
                yield listener.pop_events()
                await asyncio.sleep(COALESCE)
            elif listener.woken.is_set():
                listener.woken.clear()
            else:
                yield b": still here\n\n"
    finally:
        get_hub().leave(listener)


def read_audience(user: User) -> Audience:
    """Return the audience that a user is now. At most two statements."""
    scope = case_scope(user)
    if scope.reach in (Reach.NO_CASE, Reach.EVERY_CASE):
        return Audience(scope, user.pk)
    watched = Case.objects.watched_by(user).filter(visibility=Visibility.PUBLIC)
    if scope.reach is Reach.OWN_BRAND_ACCOUNTS:
        # A case never changes its brand account, so these stay in the scope and need not be listed.
        watched = watched.exclude(scope.condition())
    return Audience(scope, user.pk, frozenset(watched.values_list("pk", flat=True)))


def load_audience(session: SessionBase) -> Audience | None:
    """Return the audience of a signed-in session.

    None when the session has ended. Counts as a sign of life, because the page is open. Keeps no connection to the
    database.
    """
    try:
        user = find_session_user(session)
        if user is None:
            return None
        presence.mark_seen(user, timezone.now())
        return read_audience(user)
    finally:
        # A stream lives for hours: a database connection kept by its thread would be unavailable to all other requests.
        connections.close_all()


@require_GET
async def live_stream(request: HttpRequest) -> HttpResponseBase:
    """Serve the stream of one page.

    401 when signed out, 503 when the broker is away: the page then polls and tries again.
    """
    session = request.session

    def recheck() -> Audience | None:
        return load_audience(session)

    audience = await sync_to_async(recheck)()
    if audience is None:
        return HttpResponse("Sign in again.\n", status=401, content_type="text/plain")
    try:
        listener = await get_hub().join(audience)
    except TimeoutError:
        return HttpResponse("No live updates now.\n", status=503, content_type="text/plain")
    response = StreamingHttpResponse(stream_events(listener, recheck), content_type="text/event-stream")
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"
    return response
