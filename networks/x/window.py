"""Page through a stream that X serves newest first.

X may show a post after newer ones, with the id of the time when it was written. So every window also reads what
is a little older than the newest known post (`OVERLAP`), and from time to time much older (`LOOKS`). Messages that
are known already are handed out again.

A process that is killed between two pages leaves no gap. `since` moves only after the last page. Between
pages the cursor holds the window: its newest id (`newest`), the next page's token, and its progress. Posts
that arrive meanwhile push the oldest posts out of the network's reach. A window of several pages therefore
records how many posts it held and when it ended; posts of the next window that already existed then are added
to that number. A window that reached a known post has missed nothing.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace

from networks import wire
from networks.base import JSONObject
from networks.x.parse import first_id_at, time_from_id

#: The mentions timeline ends after this many posts (docs.x.com/x-api/posts/timelines/introduction).
MENTIONS_REACH = 800
#: A window with more pages than this is treated as a paging loop of the network.
MAX_PAGES = 500
MAX_RESTARTS = 2
#: Every window reads this far below the newest known post.
OVERLAP = dt.timedelta(minutes=10)
#: Looks further back: how often, and how far below the newest known post.
LOOKS = (
    (dt.timedelta(minutes=10), dt.timedelta(minutes=70)),
    (dt.timedelta(hours=1), dt.timedelta(hours=25)),
    (dt.timedelta(days=1), dt.timedelta(days=6)),
)
#: A window ends after this many pages without a new post: further looks back would delay what is new.
MAX_PAGES_BELOW = 10
_CLOCK_SKEW = dt.timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Window:
    """A window of a stream: where it began and how far it has been read.

    `since`, `newest` and `floor` are ids, "" for none. `since` is the newest known post, `floor` is where the window
    ends. `asked` is how many new posts the pages so far could have held, `met` tells whether they reached a known
    post, and `below` counts those without a new one. `looks` are the times of the last looks of each kind in `LOOKS`.
    `passed` is how many posts the previous window held, plus those that had arrived by its end at `passed_at`
    (seconds since 1970).
    """

    since: str = ""
    newest: str = ""
    page: str = ""
    used: tuple[str, ...] = ()
    asked: int = 0
    restarts: int = 0
    passed: int = 0
    passed_at: int = 0
    floor: str = ""
    met: bool = False
    below: int = 0
    looks: tuple[int, ...] = ()

    @classmethod
    def from_cursor(cls, cursor: JSONObject) -> Window:
        """Return the window in a cursor. Unreadable values are treated as missing."""
        inner, before = wire.as_mapping(cursor.get("window")), wire.as_mapping(cursor.get("before"))
        return cls(
            since=_read_id(cursor.get("since")),
            newest=_read_id(inner.get("newest")),
            page=wire.optional_text(inner.get("page")),
            used=tuple(str(token) for token in wire.as_list(inner.get("used"))),
            asked=wire.optional_count(inner.get("asked")) or 0,
            restarts=wire.optional_count(inner.get("restarts")) or 0,
            passed=wire.optional_count(before.get("held")) or 0,
            passed_at=wire.optional_count(before.get("at")) or 0,
            floor=_read_id(inner.get("floor")),
            met=inner.get("met") is True,
            below=wire.optional_count(inner.get("below")) or 0,
            looks=tuple(wire.optional_count(at) or 0 for at in wire.as_list(cursor.get("looks"))),
        )

    def to_cursor(self) -> JSONObject:
        closed: dict[str, object] = {"since": self.since} if self.since else {}
        if self.looks and (self.since or self.page or self.restarts):
            closed["looks"] = list(self.looks)
        if self.passed:
            closed["before"] = {"held": self.passed, "at": self.passed_at}
        if not self.page and not self.restarts:
            return closed
        return closed | {
            "window": {
                "newest": self.newest,
                "page": self.page,
                "used": list(self.used),
                "asked": self.asked,
                "restarts": self.restarts,
                "floor": self.floor,
                "met": self.met,
                "below": self.below,
            }
        }

    def restart(self) -> Window:
        """Return the same window from its first page.

        For a page token that loops or has expired.
        """
        return Window(
            since=self.since,
            restarts=self.restarts + 1,
            passed=self.passed,
            passed_at=self.passed_at,
            floor=self.floor,
            looks=self.looks,
        )


@dataclass(frozen=True, slots=True)
class Step:
    """The next step after a page."""

    cursor: JSONObject
    has_more: bool
    overflowed: bool = False


def advance_window(
    window: Window, ids: Iterable[str], next_token: object, page_size: int, now: dt.datetime, reach: int = 0
) -> Step:
    """Return the next step after a page with the posts `ids`.

    `page_size` is how many posts the page could have held; `reach` is the network's limit, 0 for none.
    """
    ids = tuple(ids)
    new = [post_id for post_id in ids if int(post_id) > int(window.since or 0)]
    newest = _newest_id(window.newest, new, now)
    passed = window.passed + _count_before(new, window.passed_at) if window.passed else 0
    met = window.met or len(new) < len(ids)
    total = window.asked + (len(new) if met else page_size)
    below = window.below + (met and not new)
    token = wire.optional_text(next_token) if below < MAX_PAGES_BELOW else ""
    mark = hashlib.blake2b(token.encode("utf-8", "replace"), digest_size=6).hexdigest()
    window = replace(window, newest=newest, asked=total, passed=passed, met=met, below=below)
    if token and mark not in window.used and len(window.used) < MAX_PAGES:
        return Step(replace(window, page=token, used=(*window.used, mark)).to_cursor(), has_more=True)
    looped = bool(token)
    if looped and window.restarts < MAX_RESTARTS:
        return Step(window.restart().to_cursor(), has_more=True)
    counts = bool(reach and window.since)
    too_many = counts and (passed >= reach or (total >= reach and not met))
    # A window of one page has missed nothing that came meanwhile, nor has one that reached a known post.
    size = total - page_size + len(ids) if counts and window.page and not (met or too_many) else 0
    closed = Window(
        since=_newest_id(window.since, [newest], now),
        passed=size,
        passed_at=int(now.timestamp()) + 1 if size else 0,
        looks=window.looks,
    )
    return Step(closed.to_cursor(), has_more=False, overflowed=looped or too_many)


def open_window(window: Window, now: dt.datetime, oldest: dt.datetime | None = None) -> Window:
    """Return the window with its floor: where it ends.

    A window that is being paged through keeps it. X refuses to look before `oldest` (None: no such limit), unless
    nothing newer is known.
    """
    if window.page or window.restarts:
        return window
    clock = int(now.timestamp())
    if not window.since:
        return replace(window, looks=(clock,) * len(LOOKS))
    looks = (*window.looks, *(0,) * len(LOOKS))[: len(LOOKS)]
    due = [
        number for number, (every, _) in enumerate(LOOKS) if clock - looks[number] >= every.total_seconds()
    ]
    reach = LOOKS[due[-1]][1] if due else OVERLAP
    looks = tuple(clock if due and number <= due[-1] else at for number, at in enumerate(looks))
    return replace(window, floor=_earlier_id(window.since, reach, oldest), looks=looks)


def _earlier_id(post_id: str, reach: dt.timedelta, oldest: dt.datetime | None) -> str:
    """Return the first id of the moment `reach` before a post."""
    try:
        at = time_from_id(post_id) - reach
    except ValueError:
        return post_id  # an id from before ids carried times
    earliest = max(at, oldest) if oldest is not None else at
    return str(min(int(first_id_at(earliest)), int(post_id)))


def _count_before(ids: Iterable[str], at: int) -> int:
    """Count the posts that existed at `at` (seconds since 1970)."""
    count = 0
    for post_id in ids:
        try:
            count += time_from_id(post_id).timestamp() <= at
        except ValueError:
            continue
    return count


def _newest_id(newest_known: str, ids: Iterable[str], now: dt.datetime) -> str:
    """Return the largest id that is not from the future.

    A bogus id from the future would hide every post after it.
    """
    newest = int(newest_known or 0)
    for post_id in ids:
        number = int(post_id or 0)
        if number > newest and _is_plausible_id(post_id, now):
            newest = number
    return str(newest) if newest else ""


def _is_plausible_id(remote_id: str, now: dt.datetime) -> bool:
    try:
        return time_from_id(remote_id) <= now + _CLOCK_SKEW
    except ValueError:
        return len(remote_id) < 12


def _read_id(value: object) -> str:
    text = str(value) if isinstance(value, str | int) else ""
    return text if text.isascii() and text.isdigit() and len(text) <= 20 else ""
