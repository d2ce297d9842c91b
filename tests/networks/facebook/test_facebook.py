from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest

from networks.base import (
    CannotRead,
    Credentials,
    Gone,
    MissingPermission,
    OutgoingMessage,
    PollResult,
    Reauthorise,
    Refusal,
    Rejected,
    RetryLater,
    SentMessage,
)
from networks.facebook.connector import FacebookConnector
from tests.networks.contract import CANARY, NOW, ConnectorContract
from tests.networks.server import Asked, Network, Reply

PAYLOADS = Path(__file__).parent / "payloads"
PAGE = "19292868552"
POST = f"{PAGE}_1015"
START = dt.datetime(2026, 11, 23, 12, 0, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def quiet(network: Network) -> None:
    """Whatever a test does not script is an empty list."""
    network.default = Reply(200, {"data": []})


def payload(name: str) -> Any:
    return json.loads((PAYLOADS / name).read_text())


def connector(url: str, now: dt.datetime = NOW) -> FacebookConnector:
    secrets = {"page_token": CANARY, "app_id": "7", "app_secret": "app secret", "verify_token": "verify me"}
    return FacebookConnector(Credentials("facebook", PAGE, secrets), api_url=url, clock=lambda: now)


def when(minute: float) -> str:
    return (START + dt.timedelta(minutes=minute)).strftime("%Y-%m-%dT%H:%M:%S+0000")


def epoch(minute: float) -> int:
    return int((START + dt.timedelta(minutes=minute)).timestamp())


#: The times of the last looks further back, so that none is due.
LOOKED = [int(NOW.timestamp())] * 3


def comment(number: int, **more: Any) -> dict[str, Any]:
    return {
        "id": f"1015_{number}",
        "message": f"text {number}",
        "from": {"id": "42", "name": "Ada"},
        "created_time": when(number),
        "permalink_url": f"https://www.facebook.com/{PAGE}/posts/1015/?comment_id={number}",
    } | more


def following(after: str) -> dict[str, Any]:
    address = f"https://graph.facebook.com/v25.0/x?access_token={CANARY}&limit=25&after={after}"
    return {"cursors": {"after": after}, "next": address}


def post(number: int = 1015, *comments: dict[str, Any], after: str = "", **more: Any) -> dict[str, Any]:
    item: dict[str, Any] = {"id": f"{PAGE}_{number}", "created_time": when(0)} | more
    if comments or after:
        item["comments"] = {"data": list(comments)} | ({"paging": following(after)} if after else {})
    return item


def feed(*posts: dict[str, Any], after: str = "") -> dict[str, Any]:
    return {"data": list(posts)} | ({"paging": following(after)} if after else {})


def error(code: int | None, subcode: int = 0, status: int = 400, **more: Any) -> Reply:
    body: dict[str, Any] = {"message": "words", "type": "OAuthException"} | more
    if code is not None:
        body["code"] = code
    if subcode:
        body["error_subcode"] = subcode
    return Reply(status, {"error": body})


def run(f: FacebookConnector, stream: Any, cursor: Any = None, limit: int = 100) -> list[PollResult]:
    results: list[PollResult] = []
    while not results or results[-1].has_more:
        results.append(
            f.poll(
                stream, json.loads(json.dumps(results[-1].next_cursor if results else cursor or {})), limit
            )
        )
        assert len(results) < 60
    return results


def texts(results: list[PollResult]) -> list[str]:
    return [message.text for result in results for message in result.messages]


class TestFacebookContract(ConnectorContract):
    stream = "comments"
    fields = {"TEXT": "message", "TIME": "created_time"}
    ref = {"object_id": "1015_1", "kind": "comment", "thread_id": "1015_1"}
    dm_ref = {"recipient_id": "42"}
    refusals = {
        RetryLater: [error(code) for code in (4, 17, 32, 341, 368, 613, 80001, 80006)] + [Reply(429, b"")],
        Reauthorise: [error(190, 463, 401), error(102), error(190, 0, 200)],
        MissingPermission: [error(10, status=403), error(3), error(200), error(230), error(299)],
        Rejected: [
            error(12),
            error(100),
            error(506),
            error(551),
            error(10, 2018278),
            Reply(400, payload("error_missing_object.json")),
            error(99999),
        ],
        CannotRead: [error(100, 33)],
        Gone: [error(803, status=404)],
    }

    def connector(self, url: str) -> FacebookConnector:
        return connector(url)

    def item(self, number: int) -> dict[str, Any]:
        return comment(number)

    def page(self, items: str, token: str = "") -> bytes:
        paging = json.dumps(following(token) if token else {})
        inner = '{"data": [' + items + "]}"
        return (f'{{"data": [{{"id": "{POST}", "comments": {inner}}}], "paging": {paging}}}').encode()

    def confirmed(self, remote_id: str) -> Reply:
        return Reply(200, {"id": remote_id})

    @pytest.mark.parametrize(
        "reply", [error(1), error(2), error(None), error(7777, is_transient=True), error(5, status=500)]
    )
    def test_facebooks_own_trouble(self, network: Network, reply: Reply) -> None:
        from networks.base import AmbiguousSend

        network.default = reply
        with pytest.raises(RetryLater):
            connector(network.url).poll("comments", {})
        with pytest.raises(AmbiguousSend):
            connector(network.url).reply(self.ref, OutgoingMessage("a"), "k")


class TestRequests:
    def test_version_proof_and_address(self, network: Network) -> None:
        network.then(200, feed())
        connector(network.url + "/graph").poll("comments", {})
        asked = network.asked[0]
        assert asked.path == f"/graph/v25.0/{PAGE}/published_posts"
        assert asked.query["access_token"] == CANARY
        proof = hmac.new(b"app secret", CANARY.encode(), hashlib.sha256).hexdigest()
        assert asked.query["appsecret_proof"] == proof
        assert "comments.filter(stream).order(reverse_chronological).limit(25){id," in asked.query["fields"]

    @pytest.mark.parametrize(
        ("header", "value", "used", "minutes"),
        [
            ("x-app-usage", {"call_count": 28, "total_time": 76, "total_cputime": 5}, 0.76, 0),
            (
                "x-business-use-case-usage",
                {"1": [{"type": "pages", "call_count": 100, "estimated_time_to_regain_access": 19}]},
                1.0,
                19,
            ),
            ("x-app-usage", "nonsense", None, 0),
            ("x-app-usage", [1, 2], None, 0),
        ],
    )
    def test_usage_is_the_budget(
        self, network: Network, header: str, value: Any, used: Any, minutes: int
    ) -> None:
        network.then(200, feed(), {header: json.dumps(value)})
        budget = connector(network.url).poll("comments", {}).budget
        assert budget.used == used
        assert budget.resets_at == (NOW + dt.timedelta(minutes=minutes) if minutes else None)

    def test_a_limit_names_its_end(self, network: Network) -> None:
        usage = {"1": [{"call_count": 101, "estimated_time_to_regain_access": 7}]}
        network.default = Reply(400, error(32).body, {"x-business-use-case-usage": json.dumps(usage)})
        with pytest.raises(RetryLater) as caught:
            connector(network.url).poll("comments", {})
        assert caught.value.at == NOW + dt.timedelta(minutes=7)


class TestComments:
    def test_posts_and_nested_replies_in_one_request(self, network: Network) -> None:
        reply = comment(3, parent={"id": "1015_1"})
        network.then(
            200, feed(post(1015, reply, comment(1)), post(1016, comment(2, id="1016_2")), post(1017))
        )
        result, *_ = run(connector(network.url), "comments")
        assert [(m.remote_id, m.thread_id, m.parent_id) for m in result.messages] == [
            ("1015_3", "1015_1", "1015_1"),
            ("1015_1", "1015_1", f"{PAGE}_1015"),
            ("1016_2", "1016_2", f"{PAGE}_1016"),
        ]
        last = run(connector(network.url), "comments", result.next_cursor)[-1]
        assert last.next_cursor["since"] == epoch(3)

    def test_further_pages_of_comments_and_posts(self, network: Network) -> None:
        network.then(200, feed(post(1015, comment(9), after="c1"), after="f1"))
        network.then(200, {"data": [comment(8)], "paging": following("c2")})
        network.then(200, {"data": [comment(7)]})
        network.then(200, feed(post(1016, comment(6))))
        results = run(connector(network.url), "comments")
        assert texts(results) == ["text 9", "text 8", "text 7", "text 6"]
        assert [asked.query.get("after") for asked in network.asked] == [None, "c1", "c2", "f1", None, None]
        assert network.asked[-2].path.endswith("/feed")
        assert network.asked[-1].path.endswith("/ads_posts")
        assert network.asked[1].path.endswith("/1015/comments".replace("1015", POST))
        assert network.asked[1].query["filter"] == "stream"
        assert results[-1].next_cursor["since"] == epoch(9)

    def test_a_kill_between_pages_leaves_no_gap(self, network: Network) -> None:
        """Whatever page the poller dies on, what it stored and what it then reads is everything."""
        for death in range(4):
            network.replies.clear()
            answers = [
                feed(post(1015, comment(9), after="c1"), after="f1"),
                {"data": [comment(8)], "paging": following("c2")},
                {"data": [comment(7)]},
                feed(post(1016, comment(6))),
            ]
            for number, body in enumerate(answers):
                if number == death:
                    network.then(500)
                network.then(200, body)
            stored: list[str] = []
            cursor: Any = {"since": epoch(0)}
            for _ in range(20):
                try:
                    result = connector(network.url).poll("comments", cursor)
                except RetryLater:
                    continue
                stored += [message.text for message in result.messages]
                cursor = json.loads(json.dumps(result.next_cursor))
                if not result.has_more:
                    break
            assert sorted(stored) == ["text 6", "text 7", "text 8", "text 9"]

    def test_the_next_round_overlaps_by_ten_minutes(self, network: Network) -> None:
        network.default = Reply(200, feed(post(1015, comment(30))))
        f = connector(network.url)
        *_, first = run(f, "comments")
        *_, second = run(f, "comments", first.next_cursor)
        assert f".since({epoch(20)})" in network.asked[3].query["fields"]
        assert second.next_cursor["since"] == epoch(30)

    def test_a_sweep_reaches_back_to_the_last_one(self, network: Network) -> None:
        """A comment under an old visitor's post, which brief rounds do not read, is not below the floor."""
        swept = {"since": int(NOW.timestamp()) - 5, "swept": int(NOW.timestamp()) - 310, "looks": LOOKED}
        run(connector(network.url), "comments", swept)
        assert f".since({int(NOW.timestamp()) - 910})" in network.asked[0].query["fields"]

    def test_a_busy_page_overlaps_briefly_between_sweeps(self, network: Network) -> None:
        network.default = Reply(200, feed())
        swept = int(NOW.timestamp()) - 100
        busy = {"since": epoch(30), "volume": 5000, "swept": swept, "looks": LOOKED}
        run(connector(network.url), "comments", busy)
        run(connector(network.url, NOW + dt.timedelta(seconds=300)), "comments", busy)
        assert f".since({epoch(30) - 15})" in network.asked[0].query["fields"]
        assert f".since({epoch(20)})" in network.asked[2].query["fields"]

    def test_an_idle_round_keeps_its_place(self, network: Network) -> None:
        network.default = Reply(200, feed(post()))
        *_, result = run(connector(network.url), "comments", {"since": epoch(30)})
        assert result.next_cursor["since"] == epoch(30)

    def test_it_stops_below_what_it_knows(self, network: Network) -> None:
        """A network that ignores `since` costs one page, not the whole history."""
        network.then(200, feed(post(1015, comment(40), comment(1), after="c1")))
        results = run(connector(network.url), "comments", {"since": epoch(30), "looks": LOOKED})
        assert len(results) == 3

    @pytest.mark.parametrize(("swept", "rounds"), [(10, 1 + 1 + 1), (400, 1 + 5 + 10 + 5)])
    def test_it_reads_a_bounded_number_of_posts(self, network: Network, swept: int, rounds: int) -> None:
        pages = iter(range(10_000))
        network.default = lambda asked: Reply(
            200, feed(*[post(next(pages)) for _ in range(100)], after=f"f{len(network.asked)}")
        )
        cursor = {"since": epoch(0), "swept": int(NOW.timestamp()) - swept, "looks": LOOKED}
        assert len(run(connector(network.url), "comments", cursor)) == rounds

    def test_our_own_posts_in_the_feed_are_not_read_twice(self, network: Network) -> None:
        own = post(1015, comment(1), **{"from": {"id": PAGE}})
        theirs = post(1016, comment(2, id="1016_2"), **{"from": {"id": "42"}})
        network.then(200, feed(own)).then(200, feed(theirs, own))
        results = run(connector(network.url), "comments")
        assert texts(results) == ["text 1", "text 2"]
        under_own = [message.is_under_own_post for result in results for message in result.messages]
        assert under_own == [True, False]

    def test_a_post_deleted_meanwhile_ends_only_itself(self, network: Network) -> None:
        network.then(200, feed(post(1015, comment(9), after="c1"), post(1016, comment(8), after="d1")))
        network.then(400, error(100, 33).body)
        network.then(200, {"data": [comment(7)]})
        assert texts(run(connector(network.url), "comments")) == ["text 9", "text 8", "text 7"]

    def test_an_expired_page_token_starts_again(self, network: Network) -> None:
        network.then(200, feed(post(1015, comment(9), after="c1")))
        network.then(400, error(100).body)
        network.then(200, feed(post(1015, comment(9), comment(8))))
        results = run(connector(network.url), "comments", {"since": epoch(5)})
        assert texts(results) == ["text 9", "text 9", "text 8"]
        assert not results[-1].overflowed

    def test_an_answer_without_a_list_is_no_end(self, network: Network) -> None:
        network.default = Reply(200, {})
        with pytest.raises(RetryLater):
            connector(network.url).poll("comments", {})

    def test_comments_that_are_no_list_are_asked_for_again(self, network: Network) -> None:
        network.then(200, feed({"id": POST, "comments": {"data": None}}))
        network.then(200, {"data": [comment(1)]})
        assert texts(run(connector(network.url), "comments")) == ["text 1"]

    def test_a_broken_post_costs_no_neighbour(self, network: Network) -> None:
        body = json.dumps(feed(post(1015, comment(1)), post(1016, comment(2)))).encode()
        network.then(200, body[:-2] + b', NaN, 5, {"id": "9", "x": NaN, "comments": {"data": [NaN]}}]}')
        result, *_ = run(connector(network.url), "comments")
        assert texts([result]) == ["text 1", "text 2"]
        assert len(result.unreadable) == 3

    def test_who_wrote_may_be_withheld(self, network: Network) -> None:
        item = comment(1)
        del item["from"]
        network.then(
            200, feed(post(1015, item, comment(2, **{"from": None}), comment(3, **{"from": {"name": "N"}})))
        )
        result, *_ = run(connector(network.url), "comments")
        assert [m.author.remote_id for m in result.messages] == ["", "", ""]
        assert all(m.can_reply for m in result.messages)

    def test_states(self, network: Network) -> None:
        network.then(200, feed(post(1015,
            comment(4, is_hidden=True),
            comment(3, **{"from": {"id": PAGE, "name": "Brand"}}),
            comment(2, can_comment=False),
            comment(1, attachment={"type": "photo", "url": "https://f/1", "media": {"image": {"src": "https://c/1.jpg"}}}, message=None),
        )))  # fmt: skip
        result, *_ = run(connector(network.url), "comments")
        hidden, own, closed, picture = result.messages
        assert hidden.hidden
        assert own.author.is_self
        assert [m.can_reply for m in result.messages] == [True, False, False, True]
        assert (picture.text, picture.attachments[0].url) == ("", "https://c/1.jpg")


class TestVisitorPosts:
    def test_feed_then_tagged(self, network: Network) -> None:
        visitor = post(1, message="text 1", created_time=when(1), **{"from": {"id": "42", "name": "Ada"}})
        own = post(2, message="ours", **{"from": {"id": PAGE, "name": "Brand"}})
        tagged = visitor | {"id": "42_9", "message": "text 9", "created_time": when(9)}
        network.then(200, feed(visitor, own)).then(200, feed(tagged))
        results = run(connector(network.url), "visitor_posts", {"since": epoch(0), "looks": LOOKED})
        assert texts(results) == ["text 1", "text 9"]
        assert [asked.path.rpartition("/")[2] for asked in network.asked] == ["feed", "tagged"]
        assert network.asked[0].query["since"] == str(epoch(-10))
        assert results[-1].next_cursor["since"] == epoch(9)

    def test_pages_by_time_tokens(self, network: Network) -> None:
        network.then(200, payload("posts_first_page.json"))
        network.then(200, payload("posts_last_page.json"))
        network.then(200, feed())
        results = run(connector(network.url), "visitor_posts")
        assert len(texts(results)) == 6
        assert network.asked[1].query["until"] == "1772481058"
        assert network.asked[1].query["access_token"] == CANARY


def conversation(
    number: int, *messages: dict[str, Any], minute: float = 0, after: str = ""
) -> dict[str, Any]:
    inner = {"data": list(messages)} | ({"paging": following(after)} if after else {})
    return {"id": f"t_{number}", "updated_time": when(minute), "messages": inner}


def message(number: int, person: str = "42", own: bool = False, **more: Any) -> dict[str, Any]:
    sender, to = ({"id": PAGE}, {"id": person}) if own else ({"id": person, "name": "Ada"}, {"id": PAGE})
    return {
        "id": f"m_{number}",
        "message": f"text {number}",
        "from": sender,
        "to": {"data": [to]},
        "created_time": when(number),
    } | more


class TestMessenger:
    def test_conversations_and_their_messages(self, network: Network) -> None:
        network.then(200, feed(conversation(1, message(5, own=True), message(4), minute=5)))
        (result,) = run(connector(network.url), "direct")
        own, theirs = result.messages
        assert own.author.is_self
        assert own.thread_id == theirs.thread_id == "dm-42"
        assert theirs.reply_ref == {"recipient_id": "42"}
        assert theirs.visibility == "direct"
        assert network.asked[0].query["platform"] == "messenger"
        assert result.next_cursor["since"] == epoch(5)

    def test_it_stops_at_conversations_it_knows(self, network: Network) -> None:
        network.then(
            200,
            feed(conversation(1, message(41), minute=41), conversation(2, message(1), minute=1), after="n"),
        )
        results = run(connector(network.url), "direct", {"since": epoch(40), "looks": LOOKED})
        assert texts(results) == ["text 41"]

    def test_older_messages_of_a_busy_conversation(self, network: Network) -> None:
        network.then(200, feed(conversation(1, message(50), message(49), minute=50, after="m1")))
        network.then(200, {"data": [message(48), message(10)], "paging": following("m2")})
        results = run(connector(network.url), "direct", {"since": epoch(40), "looks": LOOKED})
        assert texts(results) == ["text 50", "text 49", "text 48"]
        assert network.asked[1].path.endswith("/t_1/messages")

    def test_a_conversation_that_moves_up_during_the_walk_is_not_missed(self, network: Network) -> None:
        """t_3 gets a message after page 1 was read, jumps to the top, and is not on page 2."""
        network.then(200, feed(conversation(1, message(50), minute=50), after="n1"))
        network.then(200, feed(conversation(2, message(44, "43"), minute=44)))
        network.then(
            200,
            feed(
                conversation(3, message(51, "44"), message(42, "44"), minute=51),
                conversation(1, message(50), minute=50),
                conversation(2, minute=44),
            ),
        )
        results = run(connector(network.url), "direct", {"since": epoch(40)})
        assert {"text 42", "text 51"} <= set(texts(results))

    def test_many_updates_in_one_second_do_not_go_round_for_ever(self, network: Network) -> None:
        network.default = lambda asked: Reply(
            200,
            feed(conversation(2, message(50), minute=50))
            if asked.query.get("after")
            else feed(conversation(1, message(50), minute=50), after="n1"),
        )
        assert len(run(connector(network.url), "direct", {"since": epoch(40)})) == 4

    def test_a_first_poll_goes_back_thirty_days(self, network: Network) -> None:
        old = message(1, created_time="2026-10-01T00:00:00+0000")
        network.then(200, feed(conversation(1, message(2), old, minute=2, after="m1")))
        assert texts(run(connector(network.url), "direct")) == ["text 2"]

    def test_an_answer(self, network: Network) -> None:
        network.then(200, {"recipient_id": "42", "message_id": "m_9"})
        f = connector(network.url)
        assert f.send_dm({"recipient_id": "42"}, OutgoingMessage('say "hi"'), "k") == SentMessage("m_9")
        asked = network.asked[0]
        assert asked.path == f"/v25.0/{PAGE}/messages"
        assert json.loads(asked.form["recipient"]) == {"id": "42"}
        assert json.loads(asked.form["message"]) == {"text": 'say "hi"'}
        assert asked.form["messaging_type"] == "RESPONSE"
        assert "tag" not in asked.form
        network.then(200, {"message_id": "m_8"})
        f.send_dm({"recipient_id": "9"}, OutgoingMessage("late", is_late=True), "key")
        late = network.asked[-1].form
        assert (late["messaging_type"], late["tag"]) == ("MESSAGE_TAG", "HUMAN_AGENT")

    def test_a_private_reply(self, network: Network) -> None:
        network.default = Reply(200, {"recipient_id": "42", "message_id": "m_9"})
        f = connector(network.url)
        f.private_reply({"object_id": "1015_1", "kind": "comment"}, OutgoingMessage("hi"), "k")
        f.private_reply({"object_id": POST, "kind": "post"}, OutgoingMessage("hi"), "k")
        assert [json.loads(a.form["recipient"]) for a in network.asked] == [
            {"comment_id": "1015_1"},
            {"post_id": POST},
        ]

    @pytest.mark.parametrize(
        ("code", "subcode", "refusal"),
        [
            (10, 2018278, Refusal.WINDOW),
            (10, 2018065, Refusal.WINDOW),
            (200, 1545041, Refusal.UNAVAILABLE),
            (551, 1545041, Refusal.UNAVAILABLE),
            (506, 1455006, Refusal.DUPLICATE),
            (506, 0, Refusal.DUPLICATE),
            (100, 0, Refusal.UNKNOWN),
        ],
    )
    def test_a_refusal_says_why(self, network: Network, code: int, subcode: int, refusal: Refusal) -> None:
        network.default = error(code, subcode)
        with pytest.raises(Rejected) as caught:
            connector(network.url).send_dm({"recipient_id": "42"}, OutgoingMessage("hi"), "k")
        assert caught.value.code == (f"{code}/{subcode}" if subcode else str(code))
        assert (caught.value.refusal, bool(caught.value.said)) == (refusal, True)


class TestActions:
    def test_reply_like_hide_delete(self, network: Network) -> None:
        network.default = Reply(200, {"id": "1015_9", "success": True})
        f = connector(network.url)
        ref = {"object_id": "1015_1"}
        assert f.reply(ref, OutgoingMessage("hi"), "k").remote_id == "1015_9"
        f.like(ref)
        f.hide(ref)
        f.hide(ref, hidden=False)
        f.delete("1015_9")
        assert [(a.method, a.path) for a in network.asked] == [
            ("POST", "/v25.0/1015_1/comments"),
            ("POST", "/v25.0/1015_1/likes"),
            ("POST", "/v25.0/1015_1"),
            ("POST", "/v25.0/1015_1"),
            ("DELETE", "/v25.0/1015_9"),
        ]
        assert network.asked[0].form["message"] == "hi"
        assert [a.form["is_hidden"] for a in network.asked[2:4]] == ["true", "false"]
        assert all(CANARY in (str(a.query) + str(a.form)) for a in network.asked)

    def test_verify(self, network: Network) -> None:
        network.then(200, {"id": PAGE, "name": "Brand", "username": "brand"})
        own = connector(network.url).verify()
        assert (own.remote_id, own.handle, own.name) == (PAGE, "brand", "Brand")
        assert connector(network.url).refresh_credentials() is None

    def test_fetch(self, network: Network) -> None:
        network.then(200, {"m_1": message(1)})
        network.then(200, {"1015_1": comment(1), POST: post(1015, message="a post")})
        found = connector(network.url).fetch(["1015_1", "m_1", POST])
        assert {key: value.stream for key, value in found.items()} == {
            "m_1": "direct",
            "1015_1": "comments",
            POST: "visitor_posts",
        }

    def test_fetch_one_by_one_when_one_is_gone(self, network: Network) -> None:
        def answer(asked: Asked) -> Reply:
            if "ids" in asked.query or asked.path.endswith("1015_2"):
                return error(803)
            return Reply(200, comment(1))

        network.default = answer
        assert list(connector(network.url).fetch(["1015_1", "1015_2"])) == ["1015_1"]

    def test_fetch_does_not_take_hidden_for_deleted(self, network: Network) -> None:
        network.default = error(100, 33)
        with pytest.raises(CannotRead):
            connector(network.url).fetch(["1015_1"])

    def test_a_certain_refusal_of_facebooks_keeps_its_sentence(self, network: Network) -> None:
        network.default = error(1, is_transient=False, error_user_msg="Please choose another picture.")
        with pytest.raises(Rejected, match="choose another picture"):
            connector(network.url).reply({"object_id": "1015_1"}, OutgoingMessage("hello"), "key")

    def test_fetch_is_not_fooled_by_an_empty_answer(self, network: Network) -> None:
        network.default = Reply(200, {})
        with pytest.raises(RetryLater):
            connector(network.url).fetch(["1015_1"])


class TestFindingOurOwn:
    SINCE = START + dt.timedelta(minutes=3)

    def find(self, network: Network, *items: dict[str, Any]) -> SentMessage | None:
        network.replies.clear()
        network.default = Reply(200, {"data": list(items)})
        ref = {"object_id": "1015_1", "thread_id": "1015_1"}
        return connector(network.url).find_own_message(ref, "our  answer ", self.SINCE, "public")

    def test_by_author_text_and_time(self, network: Network) -> None:
        own = {"from": {"id": PAGE}, "message": "our answer"}
        found = self.find(network, comment(4, message="our answer"), comment(5, **own))
        assert found is not None
        assert found.remote_id == "1015_5"
        assert network.asked[0].path == "/v25.0/1015_1/comments"
        assert self.find(network, comment(1, **own)) is None
        assert self.find(network, comment(5, **own) | {"message": "another"}) is None

    def test_direct(self, network: Network) -> None:
        network.then(200, feed(conversation(1, message(5), message(4, own=True, message="our answer"))))
        found = connector(network.url).find_own_message(
            {"recipient_id": "42"}, "our answer", self.SINCE, "direct"
        )
        assert found == SentMessage("m_4")
        assert network.asked[0].query["user_id"] == "42"


class TestWebhooks:
    def test_signature_over_the_raw_bytes(self, network: Network) -> None:
        f = connector(network.url)
        body = '{"a": "é"}'.encode()
        digest = hmac.new(b"app secret", body, hashlib.sha256).hexdigest()
        assert f.verify_webhook({"X-Hub-Signature-256": f"sha256={digest}"}, body)
        assert not f.verify_webhook({"X-Hub-Signature-256": f"sha256={digest.upper()}"}, body)
        assert not f.verify_webhook({"X-Hub-Signature-256": f"sha256={digest}"}, b'{"a":"\\u00e9"}')
        other = hmac.new(b"other", body, hashlib.sha256).hexdigest()
        assert not f.verify_webhook({"X-Hub-Signature-256": f"sha256={other}"}, body)
        sha1 = hmac.new(b"app secret", body, hashlib.sha1).hexdigest()
        assert not f.verify_webhook({"X-Hub-Signature": f"sha1={sha1}"}, body)

    def test_challenge(self, network: Network) -> None:
        f = connector(network.url)
        good = {"hub.mode": "subscribe", "hub.verify_token": "verify me", "hub.challenge": "1158201444"}
        assert f.webhook_challenge(good) == "1158201444"
        for bad in (
            {"hub.verify_token": "guess"},
            {"hub.mode": "x"},
            {"hub.challenge": "<script>1</script>"},
        ):
            assert f.webhook_challenge(good | bad) is None
        assert f.webhook_challenge({}) is None

    def test_a_comment_is_delivered(self, network: Network) -> None:
        delivery = payload("webhook_comment.json")
        page = delivery["entry"][0]["id"]
        f = FacebookConnector(Credentials("facebook", page, {"page_token": "t"}), api_url=network.url)
        (found,) = f.parse_webhook(delivery)
        assert found.remote_id == found.thread_id == "901220836612704_903540993015258"
        assert found.parent_id == "20418331907_901220836612704"
        assert found.text == "and the blue one, too"
        assert found.author.is_self
        assert found.created_at == dt.datetime(2026, 3, 10, 9, 30, 3, tzinfo=dt.UTC)
        assert connector(network.url).parse_webhook(delivery) == ()

    def test_a_message_is_delivered(self, network: Network) -> None:
        f = FacebookConnector(
            Credentials("facebook", "20418331907", {"page_token": "t"}), api_url=network.url
        )
        (found,) = f.parse_webhook(payload("webhook_message.json"))
        assert (found.text, found.thread_id, found.stream) == (
            "good day, kettle people!",
            "dm-987220321431",
            "direct",
        )
        assert found.remote_id == "mid.1773164197618:41d1kettle2063"

    def test_echoes_hides_and_removals(self, network: Network) -> None:
        base = {
            "item": "comment",
            "comment_id": "1_2",
            "post_id": f"{PAGE}_1",
            "parent_id": "1_9",
            "from": {"id": "42"},
            "created_time": 1449135003,
        }
        echo = {
            "sender": {"id": PAGE},
            "recipient": {"id": "42"},
            "timestamp": 1457764197627,
            "message": {"mid": "m_1", "text": "ours", "is_echo": True},
        }
        changes = [{"field": "feed", "value": base | {"verb": verb}} for verb in ("remove", "hide", "edited")]
        delivery = {
            "object": "page",
            "entry": [
                {
                    "id": PAGE,
                    "changes": [*changes, {"field": "feed", "value": {"item": "like"}}, 5],
                    "messaging": [echo, {}],
                }
            ],
        }
        found = connector(network.url).parse_webhook(delivery)
        assert [(m.deleted, m.hidden, m.author.is_self) for m in found] == [
            (True, False, False),
            (False, True, False),
            (False, False, False),
            (False, False, True),
        ]
        assert found[0].thread_id == "1_9"
        assert found[3].thread_id == "dm-42"


class TestPayloads:
    """Answers in the shapes that Graph sends, from the wire through facebook-sdk."""

    def test_comments_without_ids_take_them_from_their_address(self, network: Network) -> None:
        recorded = payload("comments_without_ids.json")
        network.then(
            200, feed(post(1, after="x") | {"id": "20418331907_10160022417735512"} | {"comments": recorded})
        )
        network.then(200, recorded | {"paging": {}})
        results = run(connector(network.url), "comments")
        assert [len(result.messages) for result in results] == [5, 5, 0, 0]
        assert not any(result.unreadable for result in results)
        found = results[0].messages
        assert found[0].remote_id == "10160022417735512_10160022533135512"
        assert found[3].remote_id == "10160022417735512_10160022719935512"
        assert found[3].thread_id == "10160022417735512_10160022540235512"
        assert network.asked[1].query["after"] == "after"

    def test_posts(self, network: Network) -> None:
        for name in ("posts_first_page.json", "posts_last_page.json"):
            network.then(200, payload(name))
            result = connector(network.url).poll("visitor_posts", {})
            assert len(result.messages) == 3
            assert not result.unreadable

    def test_conversations(self, network: Network) -> None:
        found = list(payload("conversations.json").values())
        network.then(200, feed(*found))
        (result,) = run(connector(network.url), "direct")
        assert result.messages == ()
        assert not result.unreadable

    def test_a_message_with_a_picture(self, network: Network) -> None:
        recorded = payload("message_with_picture.json")
        network.then(200, feed(conversation(1, recorded)))
        own = FacebookConnector(
            Credentials("facebook", "2121110874770132", {"page_token": "t"}),
            api_url=network.url,
            clock=lambda: dt.datetime(2026, 3, 10, tzinfo=dt.UTC),
        )
        (result,) = run(own, "direct")
        (found,) = result.messages
        assert found.text == ""
        assert found.thread_id == "dm-2711540948839881"
        assert (found.attachments[0].kind, found.attachments[0].mime_type) == ("image", "image/jpeg")

    def test_an_error(self, network: Network) -> None:
        network.then(400, payload("error_missing_object.json"))
        with pytest.raises(Rejected) as caught:
            connector(network.url).poll("comments", {})
        assert caught.value.code == "100"
