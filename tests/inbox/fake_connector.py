"""Messages and pages as a network would return them, and a connector that serves them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from networks.base import Author, Capabilities, InboundMessage, PollResult
from tests.factories import NOW

_CAPABILITIES = Capabilities(
    network="x",
    label="X",
    streams=("mentions",),
    max_length=280,
    max_dm_length=10_000,
    length_unit="x_weighted",
    threading="tree",
)


def message(
    remote_id: str, text: str = "Where is my parcel?", by: str = "1001", **changes: Any
) -> InboundMessage:
    """Return an inbound mention by the author `by`.

    `minute=` is its time, in minutes before NOW.
    """
    at = NOW - dt.timedelta(minutes=changes.pop("minute", 1))
    author = changes.pop("author", None) or Author(
        remote_id=by, handle=f"user{by}", name=f"User {by}", followers=10
    )
    values: dict[str, Any] = {
        "stream": "mentions",
        "remote_id": remote_id,
        "canonical_id": remote_id,
        "thread_id": remote_id,
        "parent_id": "",
        "author": author,
        "text": text,
        "created_at": at,
        "permalink": f"https://example.org/{remote_id}",
        "reply_ref": {"tweet_id": remote_id, "author_id": by},
        "raw": {"id": remote_id, "text": text},
    }
    return InboundMessage(**{**values, **changes})


def page(
    messages: Iterable[InboundMessage] = (), *, cursor: str = "1", more: bool = False, **changes: Any
) -> PollResult:
    """Return a page of messages, with `cursor` as the next one."""
    return PollResult(tuple(messages), {"since": cursor}, has_more=more, **changes)


class FakeConnector:
    """Serves `script`, a list of pages and errors, one for each poll; afterwards empty pages.

    `messages_by_id` are those that `fetch` finds.
    """

    capabilities = _CAPABILITIES

    def __init__(self, script: Iterable[Any] = ()) -> None:
        self.script = list(script)
        self.polls: list[tuple[str, Any]] = []
        self.messages_by_id: dict[str, InboundMessage] = {}

    def __call__(self, credentials, *, api_url=""):
        """Return itself: in the registry it takes the place of a connector's class."""
        return self

    def poll(self, stream, cursor, limit=100):
        self.polls.append((stream, cursor))
        step = self.script.pop(0) if self.script else PollResult((), dict(cursor))
        if isinstance(step, BaseException):
            raise step
        return step

    def fetch(self, ids):
        return {id_: self.messages_by_id[id_] for id_ in ids if id_ in self.messages_by_id}

    def refresh_credentials(self):
        return None
