"""Walk Graph's edges within edges, one page at a time.

An outer edge holds posts or conversations, its inner edges their comments or messages. Between pages the
cursor holds the walk, so that a killed process leaves no gap: how far back it reads (`floor`), the position
in the outer edge (`after`), and the inner edges that still have pages (`queue`). `since`, the time of the
newest message, moves only when the walk is complete. What could not be read is owed: the next walks try again, each
with its own floor. Times are seconds since 1970.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from networks import wire
from networks.base import InboundMessage

#: A walk reads this far (in seconds) below the newest known message, to find what Graph shows late.
OVERLAP = 600
#: Every `SWEEP_SECONDS` seconds a walk is a sweep (more posts, the whole overlap); others read only what is cheap.
SWEEP_SECONDS = 300
#: The overlap (in seconds) between sweeps on a busy Page, where `OVERLAP` would be thousands of comments.
BRIEF_OVERLAP = 15
BUSY_MESSAGES = 200
#: Walks further back, to find what Graph shows much later: how often, and how far below the newest known message.
LOOKS = ((600, 70 * 60), (3600, 25 * 3600), (86400, 7 * 86400))
#: What is owed is tried again for this long; then a gap is reported.
OWED_FOR = 7 * 86400
MAX_RESTARTS = 2
MAX_CLOSINGS = 3
MAX_PAGES = 2000
#: The only parameters of a `next` URL that are kept: the URL also contains the token.
_PAGING = ("after", "until", "__paging_token", "offset")
Params = Mapping[str, str]


class Inner(NamedTuple):
    """An inner edge that still has pages, from the outer edge number `edge`.

    `made` is when its post was made (0: unknown), `owed_since` is when Graph first did not show it (0: it did).
    """

    owner: str
    params: Params
    floor: int | None
    edge: int
    made: int = 0
    owed_since: int = 0


class Older(NamedTuple):
    """The place in the Page's older posts, which are read a few pages in each walk, from the newest to the oldest.

    `after` is None between two passes. `started` is when the pass began, `floor` how far back it reads.
    """

    after: Params | None = None
    floor: int = 0
    started: int = 0


NO_PASS = Older()


@dataclass(frozen=True, slots=True)
class Walk:
    """The state of a walk.

    `floor` and `stop` are None on a first poll. `top` is the newest outer update, for the closing round. `photos` are
    ids of an album's photos still to be read, several in one string. `owed` are inner edges that Graph does not show;
    of those, `listed` still have a post. `oldest` is when the oldest post was made that this walk has seen.
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
    queue: tuple[Inner, ...] = ()
    photos: tuple[str, ...] = ()
    owed: tuple[Inner, ...] = ()
    listed: tuple[str, ...] = ()
    oldest: int = 0
    used: tuple[str, ...] = ()
    restarts: int = 0
    lossy: bool = False
    sweep: bool = True
    closings: int = 0
    reach: int = OVERLAP
    looks: tuple[int, ...] = ()
    boundary: Params | None = None
    older: Older = NO_PASS
    ads_read: int = 0
    ads_refused: int = 0


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
    return replace(_first_page_again(walk), newest=0, messages=0, restarts=walk.restarts + 1)


def _first_page_again(walk: Walk) -> Walk:
    return replace(
        walk,
        edge=0,
        after=None,
        pages=0,
        outer=0,
        top=0,
        outer_done=False,
        queue=tuple(inner for inner in walk.queue if inner.owed_since),
        photos=(),
        used=(),
        closings=0,
        lossy=False,
    )


def start_closing_round(walk: Walk) -> Walk:
    """Begin a short second round after a walk of several pages.

    It re-reads what changed meanwhile: a conversation that gets a message moves to the top, so a walk that
    has not reached it yet misses it.
    """
    again = _first_page_again(walk)
    return replace(again, stop=walk.top, restarts=0, lossy=walk.lossy, closings=walk.closings + 1)


def needs_closing_round(walk: Walk) -> bool:
    """Tell whether a conversation may have moved up during the walk.

    That is so when the walk took several pages and the top is newer than before.
    """
    moved = walk.closings == 0 or walk.top > (walk.stop or 0)
    return walk.pages > 1 and walk.top > 0 and moved and walk.closings < MAX_CLOSINGS and not walk.lossy
