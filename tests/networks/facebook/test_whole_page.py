"""Comments anywhere on a Page are read: under old posts, single photos, advertisements, and what was hidden for a while."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections import defaultdict
from typing import Any

import pytest

from networks.base import PollResult
from tests.networks.contract import NOW
from tests.networks.facebook.test_facebook import PAGE, connector, error
from tests.networks.server import Asked, Network, Reply


def stamp(at: dt.datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S+0000")


class Page:
    """A Page with posts, albums and advertisements, and comments under all of them; some of it hidden."""

    def __init__(self, network: Network, posts: int = 0) -> None:
        self.network = network
        self.now = NOW
        self.posts = [f"{PAGE}_{number}" for number in range(1, posts + 1)]
        self.albums: dict[str, list[str]] = {}
        self.ads: list[str] | None = []
        self.comments: defaultdict[str, list[tuple[str, dt.datetime]]] = defaultdict(list)
        self.hidden: set[str] = set()
        self.cursor: Any = {}
        self.read: list[str] = []
        network.default = self.answer

    def comment(self, owner: str, at: dt.datetime | None = None) -> str:
        number = owner.rpartition("_")[2]
        comment_id = f"{number}_{1000 + len(self.comments[owner])}"
        self.comments[owner].append((comment_id, at or self.now))
        return comment_id

    def answer(self, asked: Asked) -> Reply:
        path = asked.path.removeprefix("/v25.0/")
        fields = asked.query.get("fields", "")
        if "ids" in asked.query:
            ids = asked.query["ids"].split(",")
            if self.hidden & set(ids):
                return error(100, 33)
            return Reply(200, {one: self.item(one, fields) for one in ids})
        owner, _, edge = path.partition("/")
        if edge == "comments":
            if owner in self.hidden:
                return error(100, 33)
            return Reply(
                200, self.comment_page(owner, asked.query.get("since"), int(asked.query.get("after", 0)), 100)
            )
        if not edge:
            return error(100, 33) if owner in self.hidden else Reply(200, self.item(owner, fields))
        if edge == "ads_posts" and self.ads is None:
            return error(10, status=403)
        lists = {"published_posts": self.posts[::-1], "ads_posts": self.ads or []}
        shown, start = lists.get(edge, []), int(asked.query.get("after", 0))
        size = int(asked.query["limit"])
        body: dict[str, Any] = {"data": [self.item(one, fields) for one in shown[start : start + size]]}
        if len(shown) > start + size:
            body["paging"] = self.following(start + size)
        return Reply(200, body)

    def item(self, owner: str, fields: str) -> dict[str, Any]:
        number = int(owner.rpartition("_")[2])
        item: dict[str, Any] = {
            "id": owner,
            "from": {"id": PAGE},
            "created_time": stamp(NOW - dt.timedelta(days=400) + dt.timedelta(minutes=number)),
        }
        since = re.search(r"since\((\d+)\)", fields)
        listed = self.comment_page(owner, since and since[1], 0, 25)
        if listed["data"]:
            item["comments"] = listed
        if owner in self.albums:
            parts = [{"target": {"id": photo}} for photo in self.albums[owner]]
            item["attachments"] = {"data": [{"subattachments": {"data": parts}}]}
        return item

    def comment_page(self, owner: str, since: str | None, start: int, size: int) -> dict[str, Any]:
        found = [one for one in self.comments[owner] if not since or one[1].timestamp() >= int(since)][::-1]
        data = [
            {"id": one, "message": one, "created_time": stamp(at), "from": {"id": "42", "name": "Ada"}}
            for one, at in found[start : start + size]
        ]
        return {"data": data} | (
            {"paging": self.following(start + size)} if len(found) > start + size else {}
        )

    @staticmethod
    def following(after: int) -> dict[str, str]:
        return {"next": f"https://graph.facebook.com/v25.0/x?after={after}"}

    def poll(self, **later: float) -> PollResult:
        """Read a whole round, this much later than the last one."""
        self.now += dt.timedelta(**later)
        asked = len(self.network.asked)
        for _ in range(300):
            self.cursor = json.loads(json.dumps(self.cursor))
            result = connector(self.network.url, self.now).poll("comments", self.cursor)
            self.cursor = result.next_cursor
            self.read += [message.remote_id for message in result.messages]
            if not result.has_more:
                self.requests = len(self.network.asked) - asked
                return result
        raise AssertionError("the round does not end")


def test_comments_under_every_post_however_old(network: Network) -> None:
    page = Page(network, 300)
    before = [page.comment(post, NOW - dt.timedelta(days=1)) for post in page.posts]
    page.poll()
    assert set(page.read) >= set(before)
    for _ in range(4):
        page.now += dt.timedelta(minutes=1)
        new = [page.comment(post) for post in page.posts]
        for _ in range(3):
            page.poll(minutes=1)
        assert set(page.read) >= set(new)


@pytest.mark.slow
def test_a_page_with_thousands_of_posts_costs_little_in_each_round(network: Network) -> None:
    page = Page(network, 3000)
    page.poll()
    for _ in range(20):
        page.poll(minutes=1)
        assert page.requests <= 12
    old = page.comment(page.posts[5])
    for _ in range(40):
        page.poll(minutes=1)
    assert old in page.read


def test_a_comment_that_is_shown_late(network: Network) -> None:
    page = Page(network, 150)
    page.comment(page.posts[-1])
    page.poll()
    late = [page.comment(post, NOW - dt.timedelta(minutes=14)) for post in (page.posts[-1], page.posts[0])]
    for _ in range(12):
        page.poll(minutes=1)
    assert set(page.read) >= set(late)


@pytest.mark.parametrize("posts", [1, 150])
def test_comments_under_single_photos_of_an_album(network: Network, posts: int) -> None:
    page = Page(network, posts)
    page.albums[page.posts[0]] = ["6001", "6002", "6003", "6004"]
    page.poll()
    under_post, under_photo = page.comment(page.posts[0]), page.comment("6002")
    page.poll(minutes=1)
    assert {under_post, under_photo} <= set(page.read)
    for _ in range(150):
        page.comment("6003", page.now + dt.timedelta(minutes=1))
    page.poll(minutes=2)
    assert sum(one.startswith("6003_") for one in set(page.read)) == 150


def test_a_hidden_photo_costs_no_other_and_is_read_when_it_is_shown(network: Network) -> None:
    page = Page(network, 1)
    page.albums[page.posts[0]] = [str(6000 + number) for number in range(40)]
    page.hidden = {"6007"}
    seen, hidden = page.comment("6008"), page.comment("6007")
    result = page.poll()
    assert seen in page.read
    assert hidden not in page.read
    assert [part.what for part in result.unread or ()] == ["Comments under one post or photo"]
    page.hidden.clear()
    result = page.poll(minutes=1)
    assert hidden in page.read
    assert result.unread == ()


def test_comments_under_advertisements(network: Network) -> None:
    page = Page(network, 1)
    page.ads = [f"{PAGE}_8001"]
    comment = page.comment(f"{PAGE}_8001")
    assert page.poll().unread == ()
    assert comment in page.read


def test_advertisements_that_are_refused_are_stated_and_cost_nothing_else(network: Network) -> None:
    page = Page(network, 1)
    page.ads = None
    result = page.poll()
    assert [(part.what, part.is_trouble) for part in result.unread or ()] == [
        ("Comments under advertisements", False)
    ]
    comment = page.comment(page.posts[0])
    for _ in range(12):
        assert page.poll(minutes=6).unread
    assert comment in page.read
    refusals = [asked for asked in network.asked if asked.path.endswith("/ads_posts")]
    assert len(refusals) == 2
    page.ads = [f"{PAGE}_8001"]
    late = page.comment(f"{PAGE}_8001", NOW)
    for _ in range(12):
        result = page.poll(minutes=6)
    assert late in page.read
    assert result.unread == ()


def test_what_was_hidden_for_a_while_is_read_afterwards(network: Network) -> None:
    """40 comments under one post; the permission is gone for its second page, then back."""
    page = Page(network, 3)
    expected = {page.comment(page.posts[0], NOW - dt.timedelta(minutes=number)) for number in range(40)}
    page.hidden = {page.posts[0]}
    result = page.poll()
    assert len(set(page.read)) == 25
    assert result.unread
    assert not result.overflowed
    other = page.comment(page.posts[2])
    page.poll(minutes=1)
    assert other in page.read
    page.hidden.clear()
    result = page.poll(minutes=1)
    assert set(page.read) == expected | {other}
    assert result.unread == ()


def test_a_post_that_was_deleted_during_a_round_is_forgotten(network: Network) -> None:
    page = Page(network, 3)
    for _ in range(40):
        page.comment(page.posts[1])
    page.hidden = {page.posts[1]}
    page.poll()
    page.posts.pop(1)
    result = page.poll(minutes=1)
    assert result.unread == ()
    assert not result.overflowed
    assert "owed" not in result.next_cursor


def test_what_stays_hidden_is_a_gap_after_a_week(network: Network) -> None:
    page = Page(network, 2)
    for _ in range(40):
        page.comment(page.posts[1])
    page.hidden = {page.posts[1]}
    assert not page.poll().overflowed
    assert not page.poll(days=6).overflowed
    assert page.poll(days=2).overflowed
