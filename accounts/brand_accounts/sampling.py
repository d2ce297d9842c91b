"""Fetch the times of recent messages to an account that is about to be connected. Nothing is stored."""

from __future__ import annotations

import datetime as dt
import logging
import time

from accounts.brand_accounts.checks import open_connector
from networks.base import Connector, Credentials, JSONObject, NetworkError, StreamKind
from networks.registry import network_capabilities

logger = logging.getLogger(__name__)

#: Pages of each stream, and seconds for all: a person waits.
_MOST_PAGES, _MOST_SECONDS = 3, 8.0


def sample_arrivals(credentials: Credentials) -> list[dt.datetime]:
    """Return when customers wrote to an account.

    As far back as a few pages reach. A stream that the network refuses is left out. Call it outside a transaction.
    """
    connector = open_connector(credentials)
    ends, arrivals = time.monotonic() + _MOST_SECONDS, dict[str, dt.datetime]()
    for stream in network_capabilities(credentials.network).streams:
        try:
            _sample_stream(connector, stream, ends, arrivals)
        except NetworkError as error:
            logger.info("no sample of a stream", extra={"stream": stream, "reason": str(error)})
    return sorted(arrivals.values())


def _sample_stream(
    connector: Connector, stream: StreamKind, ends: float, arrivals: dict[str, dt.datetime]
) -> None:
    """Add the times of a stream's messages, by their ids: streams overlap."""
    cursor: JSONObject = {}
    for _ in range(_MOST_PAGES):
        if time.monotonic() > ends:
            return
        page = connector.poll(stream, cursor)
        arrivals.update(
            (message.canonical_id, message.created_at)
            for message in page.messages
            if not message.author.is_self and not message.is_repost and not message.deleted
        )
        if not page.has_more:
            return
        cursor = page.next_cursor
