"""Pass on what changed to the pages that listen in this process.

There is one Redis subscription for each process. When it breaks, every listener ends, so that pages notice, poll and
come back. What was heard lately is remembered: a page listens only a moment after it was drawn, and what changed in
between concerns it, too.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import weakref
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import orjson
import redis.asyncio
from django.conf import settings

from inbox.live import here
from inbox.live.publish import (
    CASES_CHANNEL,
    DRAFTS_CHANNEL,
    NOTICES_CHANNEL,
    PEOPLE_CHANNEL,
    WATCHES_CHANNEL,
    CaseChange,
)
from inbox.visibility import CaseScope

logger = logging.getLogger(__name__)

#: Seconds without a message after which the broker is asked whether it is there, and in which it has to answer.
ANSWER = 5.0
#: Seconds for which a process remembers what it heard, and stays subscribed when the last page has left.
MEMORY = 30.0
#: A page's age lacks the time that its request took to get here: so many seconds more are repeated.
GRACE = 2.0
#: No more messages than this are remembered; a page older than the oldest one reloads.
MAX_REMEMBERED = 2000
_CHANNELS = (CASES_CHANNEL, NOTICES_CHANNEL, WATCHES_CHANNEL, PEOPLE_CHANNEL, DRAFTS_CHANNEL)
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
    #: What rows say of who has their case open, by case; and by which page the reader's own drafts were stored.
    people: dict[int, here.HereWords] = field(default_factory=dict)
    drafts: dict[int, str] = field(default_factory=dict)
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

    def offer_people(self, change: CaseChange, people: list[here.Row]) -> None:
        """Note who has a case open, for readers who may hear it."""
        if self.audience.may_hear_of(change) and len(self.people) < MAX_NAMED_CASES:
            self.people[change.case_id] = here.describe_people(people, self.audience.user_id)
            self.woken.set()

    def offer_draft(self, user_id: int, case_id: int, page: str) -> None:
        """Note that a draft was stored, if it is the reader's own."""
        if self.audience.user_id == user_id:
            self.drafts[case_id] = page
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

    @property
    def has_news(self) -> bool:
        """True when there is something to send."""
        return bool(self.pending or self.notices_changed or self.reload_all or self.people or self.drafts)

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
        for name, contents in (("people", self.people), ("drafts", self.drafts)):
            if contents:
                data = orjson.dumps(contents, option=orjson.OPT_NON_STR_KEYS)
                events += b"event: " + name.encode() + b"\ndata: " + data + b"\n\n"
                contents.clear()
        self.pending.clear()
        self.notices_changed = self.reload_all = False
        self.woken.clear()
        return events


class Hub:
    """The listeners of this process and the subscription that feeds them.

    It lasts while anybody listens, and a moment longer: most pages that leave are followed by another.
    """

    def __init__(self) -> None:
        self._remembered: deque[tuple[float, bytes, list[Any]]] = deque(maxlen=MAX_REMEMBERED)
        self._subscribed_at = 0.0
        self._ending: asyncio.TimerHandle | None = None
        # Weak: a page that is closed before its first byte was sent leaves nothing behind.
        self._listeners: weakref.WeakSet[Listener] = weakref.WeakSet()
        self._reader: asyncio.Task[None] | None = None
        self._subscribed = asyncio.Event()

    async def join(self, audience: Audience, age: float | None = None) -> Listener:
        """Return a listener that hears every change from now on.

        And those since its page was drawn, `age` seconds ago. What is not remembered that long makes it reload. None is for those who want only what comes. Raises `TimeoutError` when the broker does not answer within
        three seconds.
        """
        asked_at = asyncio.get_running_loop().time()
        if self._ending is not None:
            self._ending.cancel()
            self._ending = None
        if self._reader is None or self._reader.done():
            self._subscribed = asyncio.Event()
            self._reader = asyncio.create_task(self._read_subscription())
        # Added before the wait: otherwise another page that closes in the meantime would end the subscription.
        listener = Listener(audience)
        self._listeners.add(listener)
        try:
            async with asyncio.timeout(3):
                await self._subscribed.wait()
        except BaseException:
            self.leave(listener)
            raise
        if age is not None:
            self._catch_up(listener, asked_at - age - GRACE)
        return listener

    def _catch_up(self, listener: Listener, drawn_at: float) -> None:
        """Offer the listener what was heard since `drawn_at` (the loop's clock)."""
        forgotten = len(self._remembered) == MAX_REMEMBERED and drawn_at < self._remembered[0][0]
        if drawn_at < self._subscribed_at or forgotten:
            listener.reload_all = True
            listener.woken.set()
            return
        for heard_at, channel, rows in self._remembered:
            if heard_at >= drawn_at:
                _offer([listener], channel, rows)

    def leave(self, listener: Listener) -> None:
        """Remove the listener of a closed page; a while after the last one the subscription ends."""
        self._listeners.discard(listener)
        if not self._listeners and self._ending is None:
            self._ending = asyncio.get_running_loop().call_later(MEMORY, self._end_if_alone)

    def _end_if_alone(self) -> None:
        self._ending = None
        if not self._listeners and self._reader is not None:
            self._reader.cancel()
            self._reader = None

    async def _read_subscription(self) -> None:
        client = redis.asyncio.Redis.from_url(
            settings.REDIS_URL, socket_connect_timeout=2, socket_timeout=ANSWER
        )
        try:
            async with client.pubsub() as subscription:
                await subscription.subscribe(*_CHANNELS)
                self._remembered.clear()
                self._subscribed_at = asyncio.get_running_loop().time()
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
        now = asyncio.get_running_loop().time()
        while self._remembered and self._remembered[0][0] < now - MEMORY:
            self._remembered.popleft()
        self._remembered.append((now, channel, rows))
        _offer(self._listeners, channel, rows)


def _offer(listeners: Iterable[Listener], channel: bytes, rows: list[Any]) -> None:
    """Offer a message of the subscription to these listeners."""
    if channel == NOTICES_CHANNEL.encode():
        for listener in listeners:
            listener.offer_notices(rows)
    elif channel == WATCHES_CHANNEL.encode():
        for listener in listeners:
            listener.offer_watches(rows)
    elif channel == DRAFTS_CHANNEL.encode():
        for listener in listeners:
            listener.offer_draft(*rows)
    elif channel == PEOPLE_CHANNEL.encode():
        here.forget_people()
        change = CaseChange(*rows[:4])
        for listener in listeners:
            listener.offer_people(change, rows[4])
    else:
        changes = [CaseChange(*row) for row in rows]
        for listener in listeners:
            listener.offer(changes)


_hubs: dict[int, Hub] = {}


def get_hub() -> Hub:
    """Return the hub of the running event loop."""
    return _hubs.setdefault(id(asyncio.get_running_loop()), Hub())
