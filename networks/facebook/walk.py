"""Walk Graph's edges within edges, one page at a time.

An outer edge holds posts or conversations, its inner edges their comments or messages. Between pages the
cursor holds the walk, so that a killed process leaves no gap: how far back it reads (`floor`), the position
in the outer edge (`after`), and the inner edges that still have pages (`queue`). `since`, the time of the
newest message, moves only when the walk is complete. Times are seconds since 1970.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from networks import wire
from networks.base import InboundMessage, JSONObject

#: A walk reads this far (in seconds) below the newest known message, to find what Graph shows late.
OVERLAP = 600
#: Every `SWEEP_SECONDS` seconds a walk is a sweep (more posts, the whole overlap); others read only what is cheap.
SWEEP_SECONDS = 300
#: The overlap (in seconds) between sweeps on a busy Page, where `OVERLAP` would be thousands of comments.
BRIEF_OVERLAP = 15
BUSY_MESSAGES = 200
MAX_RESTARTS = 2
MAX_CLOSINGS = 3
MAX_PAGES = 2000
#: The only parameters of a `next` URL that are kept: the URL also contains the token.
_PAGING = ("after", "until", "__paging_token", "offset")
Params = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Walk:
    """The state of a walk.

    `floor` and `stop` are None on a first poll. `top` is the newest outer update, for the closing round.
    """

    since: int = 0
    swept: int = 0
    floor: int | None = None
    stop: int | None = None
    newest: int = 0
    messages: int = 0
    edge: int = 0
    after: Params | None = None
    pages: int = 0
    outer: int = 0
    top: int = 0
    outer_done: bool = False
    queue: tuple[tuple[str, Params], ...] = ()
    used: tuple[str, ...] = ()
    restarts: int = 0
    lossy: bool = False
    sweep: bool = True
    closings: int = 0


def start_walk(cursor: JSONObject, now: dt.datetime, history: dt.timedelta | None = None) -> Walk:
    """Return the walk in a cursor, or a new one.

    A new walk begins at the cursor's `since`; `history` is how far a first poll goes back, None for all.
    """
    inner = cursor.get("window")
    if isinstance(inner, Mapping):
        return _read_walk(inner)
    since, swept = (
        wire.optional_count(cursor.get("since")) or 0,
        wire.optional_count(cursor.get("swept")) or 0,
    )
    clock = int(now.timestamp())
    if not since:
        floor = None if history is None else clock - int(history.total_seconds())
        return Walk(swept=clock, floor=floor, stop=floor)
    if clock - swept >= SWEEP_SECONDS:
        # Go back to the last sweep, to find what happened under old posts since then.
        floor = min(since, swept or since) - OVERLAP
        return Walk(since=since, swept=clock, floor=floor, stop=floor)
    busy = (wire.optional_count(cursor.get("volume")) or 0) > BUSY_MESSAGES
    floor = since - (BRIEF_OVERLAP if busy else OVERLAP)
    return Walk(since=since, swept=swept, floor=floor, stop=floor, sweep=False)


def _read_walk(inner: Mapping[str, Any]) -> Walk:
    counts = {
        key: wire.optional_count(inner.get(key)) or 0
        for key in (
            "since",
            "swept",
            "newest",
            "messages",
            "edge",
            "pages",
            "outer",
            "top",
            "restarts",
            "closings",
        )
    }
    after = inner.get("after")
    queue = tuple(
        (str(entry[0]), pick_paging_params(wire.as_mapping(entry[1])))
        for entry in wire.as_list(inner.get("queue"))
        if isinstance(entry, list) and len(entry) == 2
    )
    return Walk(
        **counts,
        floor=wire.optional_count(inner.get("floor")),
        stop=wire.optional_count(inner.get("stop")),
        after=pick_paging_params(after) if isinstance(after, Mapping) else None,
        outer_done=inner.get("outer_done") is True,
        queue=queue,
        used=tuple(str(digest) for digest in wire.as_list(inner.get("used"))),
        lossy=inner.get("lossy") is True,
        sweep=inner.get("sweep") is True,
    )


def cursor_from_walk(walk: Walk) -> JSONObject:
    """Return the cursor that holds a walk, as JSON to store."""
    fields = {name: getattr(walk, name) for name in Walk.__dataclass_fields__}
    fields["after"] = dict(walk.after) if walk.after is not None else None
    fields["queue"] = [[owner, dict(params)] for owner, params in walk.queue]
    fields["used"] = list(walk.used)
    return {"window": fields}


def final_cursor(walk: Walk) -> JSONObject:
    """Return the cursor after a complete walk.

    The next walk starts from the newest message seen.
    """
    newest = max(walk.newest, walk.since)
    return {"since": newest, "swept": walk.swept, "volume": walk.messages} if newest else {}


def pick_paging_params(params: Mapping[str, Any]) -> Params:
    return {key: str(params[key]) for key in _PAGING if params.get(key) not in (None, "")}


def next_page_params(paging: object) -> Params | None:
    """Return the parameters of the next page, None when there is none."""
    address = wire.as_mapping(paging).get("next")
    if not isinstance(address, str):
        return None
    try:
        params = pick_paging_params(dict(parse_qsl(urlsplit(address).query)))
    except ValueError:
        return None
    return params or None


def note_messages_seen(walk: Walk, messages: list[InboundMessage], now: dt.datetime) -> Walk:
    """Record a page's messages in the walk.

    A message from the future counts as sent now: the cursor must not skip messages that arrive until then.
    """
    clock = int(now.timestamp())
    times = [min(int(message.created_at.timestamp()), clock) for message in messages]
    return replace(walk, newest=max([walk.newest, *times]), messages=walk.messages + len(messages))


def page_digest(owner: str, params: Params) -> str:
    text = owner + repr(sorted(params.items()))
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=6).hexdigest()


def note_page_read(walk: Walk, owner: str, params: Params) -> Walk | None:
    """Record in the walk that this page is read next.

    None when the page was read before (the network's paging loops) or after `MAX_PAGES` pages.
    """
    digest = page_digest(owner, params)
    if digest in walk.used or len(walk.used) >= MAX_PAGES:
        return None
    return replace(walk, used=(*walk.used, digest))


def restart_walk(walk: Walk) -> Walk:
    """Return the same walk from its first page.

    For a page token that loops or has expired.
    """
    return Walk(
        since=walk.since,
        swept=walk.swept,
        floor=walk.floor,
        stop=walk.stop,
        restarts=walk.restarts + 1,
        sweep=walk.sweep,
    )


def start_closing_round(walk: Walk) -> Walk:
    """Begin a short second round after a walk of several pages.

    It re-reads what changed meanwhile: a conversation that gets a message moves to the top, so a walk that
    has not reached it yet misses it.
    """
    return Walk(
        since=walk.since,
        swept=walk.swept,
        floor=walk.floor,
        stop=walk.top,
        newest=walk.newest,
        messages=walk.messages,
        lossy=walk.lossy,
        sweep=walk.sweep,
        closings=walk.closings + 1,
    )


def needs_closing_round(walk: Walk) -> bool:
    """Tell whether a conversation may have moved up during the walk.

    That is so when the walk took several pages and the top is newer than before.
    """
    moved = walk.closings == 0 or walk.top > (walk.stop or 0)
    return walk.pages > 1 and walk.top > 0 and moved and walk.closings < MAX_CLOSINGS and not walk.lossy
