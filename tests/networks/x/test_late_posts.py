"""X shows some posts only after newer ones: they are read all the same, however late, and within bounds."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from networks.base import Credentials
from networks.x.connector import XConnector
from networks.x.parse import first_id_at
from networks.x.window import MAX_PAGES_BELOW
from tests.networks.contract import NOW
from tests.networks.server import Asked, Network, Reply
from tests.networks.x.test_x import OWN, event, post, secrets

STREAMS = ["mentions", "comments", "direct"]


class Timeline:
    """An X that answers `since_id` strictly and shows each post from a time on."""

    def __init__(self, network: Network, page_size: int = 100) -> None:
        self.network = network
        self.now = NOW
        self.page_size = page_size
        #: (id, shown from)
        self.posts: list[tuple[int, dt.datetime]] = []
        self.cursor: Any = {}
        self.read: list[str] = []
        network.default = self.answer

    def write(self, at: dt.datetime, *, shown: dt.datetime | None = None) -> str:
        post_id = int(first_id_at(at)) + len(self.posts)
        self.posts.append((post_id, shown or at))
        return str(post_id)

    def answer(self, asked: Asked) -> Reply:
        direct = asked.path == "/2/dm_events"
        above = 0 if direct else int(asked.query.get("since_id", 0))
        token = asked.query.get("pagination_token") or asked.query.get("next_token")
        below = int(token) if token else 2**63
        shown = [post_id for post_id, at in self.posts if at <= self.now and above < post_id < below]
        page, rest = sorted(shown, reverse=True)[: self.page_size], len(shown) > self.page_size
        make = event if direct else post
        body: dict[str, Any] = {"meta": {"result_count": len(page)}}
        if page:
            body["data"] = [
                make(0, id=str(post_id), created_at=None)
                | ({} if direct else {"edit_history_tweet_ids": [str(post_id)]})
                for post_id in page
            ]
            for item in body["data"]:
                del item["created_at"]
        if rest:
            body["meta"]["next_token"] = str(page[-1])
        return Reply(200, body)

    def poll(self, stream: Any, at: dt.datetime) -> list[str]:
        """Read everything at a time; return the ids read for the first time."""
        self.now = at
        before, requests = set(self.read), len(self.network.asked)
        for _ in range(100):
            x = XConnector(Credentials("x", OWN, secrets()), api_url=self.network.url, clock=lambda: self.now)
            result = x.poll(stream, self.cursor)
            assert not result.overflowed
            self.read += [message.remote_id.removeprefix("dm-") for message in result.messages]
            self.cursor = result.next_cursor
            if not result.has_more:
                self.requests = len(self.network.asked) - requests
                return sorted(set(self.read) - before)
        raise AssertionError("the round does not end")


@pytest.fixture
def timeline(network: Network) -> Timeline:
    return Timeline(network)


@pytest.mark.parametrize("stream", STREAMS)
def test_a_post_shown_after_a_newer_one_is_read(timeline: Timeline, stream: str) -> None:
    first = timeline.write(NOW - dt.timedelta(seconds=10))
    late = timeline.write(NOW - dt.timedelta(seconds=25), shown=NOW + dt.timedelta(seconds=30))
    assert timeline.poll(stream, NOW) == [first]
    assert timeline.poll(stream, NOW + dt.timedelta(minutes=1)) == [late]


@pytest.mark.slow
@pytest.mark.parametrize("stream", STREAMS)
@pytest.mark.parametrize("minutes", [5, 15, 60, 5 * 60, 23 * 60, 50 * 60])
def test_however_late_it_is_shown(timeline: Timeline, stream: str, minutes: int) -> None:
    """Posts keep coming in, one each 20 minutes."""
    late_at = NOW + dt.timedelta(minutes=30)
    shown = late_at + dt.timedelta(minutes=minutes)
    late = timeline.write(late_at, shown=shown)
    for step in range(-3, 3 * 80):
        timeline.write(NOW + dt.timedelta(minutes=20 * step))
    found_at = None
    for step in range(5 * 24 * 12):
        at = NOW + dt.timedelta(minutes=5 * step)
        if late in timeline.poll(stream, at):
            found_at = at
            break
        if at > shown + dt.timedelta(days=1):
            break
    assert found_at is not None
    allowed = dt.timedelta(minutes=10) if minutes <= 60 else dt.timedelta(hours=1 if minutes < 1440 else 24)
    assert found_at - shown <= allowed + dt.timedelta(minutes=5)


def test_most_polls_ask_for_ten_minutes_only(timeline: Timeline) -> None:
    newest = NOW - dt.timedelta(seconds=5)
    timeline.write(newest)
    timeline.poll("mentions", NOW)
    for minute in range(1, 9):
        timeline.poll("mentions", NOW + dt.timedelta(minutes=minute))
    asked = {int(one.query["since_id"]) for one in timeline.network.asked[1:]}
    assert asked == {int(first_id_at(newest - dt.timedelta(minutes=10)))}


def test_a_look_back_is_bounded(network: Network) -> None:
    """On a busy account a look further back ends, so that new posts do not wait for it."""
    timeline = Timeline(network, page_size=5)
    for minute in range(300):
        timeline.write(NOW - dt.timedelta(minutes=minute))
    timeline.poll("comments", NOW)
    timeline.poll("comments", NOW + dt.timedelta(hours=2))
    assert timeline.requests == MAX_PAGES_BELOW


def test_search_is_never_asked_for_what_it_refuses(timeline: Timeline) -> None:
    timeline.write(NOW - dt.timedelta(days=5))
    timeline.poll("comments", NOW)
    timeline.poll("comments", NOW + dt.timedelta(days=1))
    since = int(timeline.network.asked[-1].query["since_id"])
    assert since > int(first_id_at(NOW + dt.timedelta(days=1) - dt.timedelta(days=7)))


def test_a_cursor_from_before_looks_back_at_once(timeline: Timeline) -> None:
    late = timeline.write(NOW - dt.timedelta(hours=20))
    newest = timeline.write(NOW - dt.timedelta(hours=1))
    timeline.cursor = {"since": newest}
    assert late in timeline.poll("mentions", NOW)
