"""Page through a stream that X serves newest first.

A process that is killed between two pages leaves no gap. `since` moves only after the last page. Between
pages the cursor holds the window: its newest id (`newest`), the next page's token, and its progress. Posts
that arrive meanwhile push the oldest posts out of the network's reach. A window of several pages therefore
records how many posts it held and when it ended; posts of the next window that already existed then are added
to that number.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace

from networks import wire
from networks.base import JSONObject
from networks.x.parse import time_from_id

#: The mentions timeline ends after this many posts (docs.x.com/x-api/posts/timelines/introduction).
MENTIONS_REACH = 800
#: A window with more pages than this is treated as a paging loop of the network.
MAX_PAGES = 500
MAX_RESTARTS = 2
_CLOCK_SKEW = dt.timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Window:
    """A window of a stream: where it began and how far it has been read.

    `since` and `newest` are ids, "" for none; `asked` is how many posts the pages so far could have held.
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
        )

    def to_cursor(self) -> JSONObject:
        closed: dict[str, object] = {"since": self.since} if self.since else {}
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
            }
        }

    def restart(self) -> Window:
        """Return the same window from its first page.

        For a page token that loops or has expired.
        """
        return Window(
            since=self.since, restarts=self.restarts + 1, passed=self.passed, passed_at=self.passed_at
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
    newest = _newest_id(window.newest, ids, now)
    passed = window.passed + _count_before(ids, window.passed_at) if window.passed else 0
    total = window.asked + page_size
    token = wire.optional_text(next_token)
    mark = hashlib.blake2b(token.encode("utf-8", "replace"), digest_size=6).hexdigest()
    if token and mark not in window.used and len(window.used) < MAX_PAGES:
        grown = replace(
            window, newest=newest, page=token, used=(*window.used, mark), asked=total, passed=passed
        )
        return Step(grown.to_cursor(), has_more=True)
    looped = bool(token)
    if looped and window.restarts < MAX_RESTARTS:
        return Step(window.restart().to_cursor(), has_more=True)
    too_many = bool(reach and window.since and (total >= reach or passed >= reach))
    window_size = window.asked + len(ids) if reach and window.since and window.page and not too_many else 0
    at = int(now.timestamp()) + 1 if window_size else 0
    closed = Window(since=_newest_id(window.since, [newest], now), passed=window_size, passed_at=at)
    return Step(closed.to_cursor(), has_more=False, overflowed=looped or too_many)


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
