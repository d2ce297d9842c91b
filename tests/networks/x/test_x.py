from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest
from oauthlib.oauth1.rfc5849 import signature as oauth1

from networks.base import (
    BudgetExhausted,
    CannotRead,
    Credentials,
    Gone,
    MissingPermission,
    NetworkError,
    OutgoingMessage,
    Reauthorise,
    Refusal,
    Rejected,
    RetryLater,
    SentMessage,
)
from networks.oauth import OAUTH_SCOPES
from networks.presence import KnownMessage
from networks.x.connector import XConnector
from networks.x.parse import first_id_at, time_from_id
from tests.networks.contract import CANARY, NOW, ConnectorContract
from tests.networks.server import Network, Reply

PAYLOADS = Path(__file__).parent / "payloads"
OWN = "783214"
BASE = 1_990_000_000_000_000_000
PROBLEM = "https://api.twitter.com/2/problems/"


def payload(name: str) -> Any:
    return json.loads((PAYLOADS / name).read_text())


def secrets(**more: str) -> dict[str, str]:
    return {
        "consumer_key": "key",
        "consumer_secret": "consumer secret",
        "access_token": f"{OWN}-{CANARY}",
        "access_token_secret": CANARY,
    } | more


def connector(url: str, now: dt.datetime = NOW, **more: str) -> XConnector:
    return XConnector(Credentials("x", OWN, secrets(**more)), api_url=url, clock=lambda: now)


def oauth2(url: str, **more: str) -> XConnector:
    held = {"client_id": "app", "access_token": CANARY, "refresh_token": "R1" + CANARY} | more
    return XConnector(Credentials("x", OWN, held), api_url=url, clock=lambda: NOW)


def post(number: int, **more: Any) -> dict[str, Any]:
    return {
        "id": str(BASE + number),
        "text": f"text {number}",
        "author_id": "42",
        "created_at": "2025-11-18T19:00:00.000Z",
        "conversation_id": str(BASE),
        "edit_history_tweet_ids": [str(BASE + number)],
        "entities": {"mentions": [{"id": OWN, "username": "brand"}]},
    } | more


#: The times of the last looks further back, so that none is due.
LOOKED = [int(NOW.timestamp())] * 3


def overlap_below(number: int) -> str:
    """The `since_id` of a poll whose newest known post is `post(number)`."""
    return first_id_at(time_from_id(str(BASE + number)) - dt.timedelta(minutes=10))


def problem(
    status: int, kind: str = "about:blank", title: str = "T", headers: Any = None, **more: Any
) -> Reply:
    uri = kind if ":" in kind else PROBLEM + kind
    return Reply(
        status, {"title": title, "detail": "D", "type": uri, "status": status, **more}, headers or {}
    )


@pytest.fixture(autouse=True)
def quiet(network: Network) -> None:
    """Whatever a test does not script is an empty page."""
    network.default = Reply(200, {"meta": {"result_count": 0}})


class TestXContract(ConnectorContract):
    stream = "mentions"
    fields = {"TEXT": "text", "TIME": "created_at", "FUTURE_ID": str(2**63)}
    ref = {"tweet_id": "17", "author_id": "42"}
    dm_ref = {"conversation_id": "42-783214", "participant_id": "42"}
    refusals = {
        RetryLater: [
            problem(429),
            Reply(429, b"<html>"),
            Reply(403, {"errors": [{"code": 88, "message": "m"}]}),
        ],
        BudgetExhausted: [
            problem(429, "usage-capped", "UsageCapExceeded"),
            problem(402, "credits", "CreditsDepleted"),
            Reply(402, b""),
            Reply(403, {"errors": [{"code": 185, "message": "over daily status update limit"}]}),
        ],
        Reauthorise: [
            problem(401),
            Reply(401, b""),
            Reply(403, {"errors": [{"code": 64, "message": "suspended"}]}),
            Reply(403, {"errors": [{"code": 326, "message": "locked"}]}),
            Reply(400, {"errors": [{"code": 215, "message": "bad authentication"}]}),
        ],
        MissingPermission: [
            problem(403, "client-forbidden"),
            problem(403, "oauth1-permissions"),
            problem(403, "oauth2-permissions"),
            problem(403, "unsupported-authentication"),
            Reply(403, {"errors": [{"code": 261, "message": "m"}]}),
        ],
        Rejected: [
            problem(403),
            problem(400, "invalid-request"),
            problem(403, "not-authorized-for-resource"),
            Reply(403, {"errors": [{"code": 187, "message": "Status is a duplicate."}]}),
            Reply(400, payload("invalid_request.json")),
            Reply(200, payload("invalid_request.json")),
            Reply(413, b""),
        ],
        Gone: [
            problem(404, "resource-not-found"),
            Reply(404, b""),
            Reply(403, {"errors": [{"code": 385, "message": "m"}]}),
            Reply(
                200,
                {
                    "errors": [
                        {"value": "1", "type": PROBLEM + "resource-not-found", "title": "Not Found Error"}
                    ]
                },
            ),
        ],
    }

    def connector(self, url: str) -> XConnector:
        return connector(url)

    def item(self, number: int) -> dict[str, Any]:
        return post(number)

    def page(self, items: str, token: str = "") -> bytes:
        meta = {"result_count": 0} | ({"next_token": token} if token else {})
        return b'{"data": [' + items.encode() + b'], "meta": ' + json.dumps(meta).encode() + b"}"

    def confirmed(self, remote_id: str) -> Reply:
        return Reply(201, {"data": {"id": remote_id, "text": "…"}})


class TestSigning:
    def test_requests_are_signed_for_the_networks_own_host(self, network: Network) -> None:
        network.then(200, {"data": [], "meta": {"result_count": 0}})
        connector(network.url + "/x").poll("mentions", {})
        asked = network.asked[0]
        given = dict(
            part.split("=", 1) for part in asked.headers["authorization"].removeprefix("OAuth ").split(", ")
        )
        signed = [(k, v.strip('"')) for k, v in given.items() if k != "oauth_signature"] + list(
            asked.query.items()
        )
        text = oauth1.signature_base_string(
            "GET",
            oauth1.base_string_uri(f"https://api.twitter.com/2/users/{OWN}/mentions"),
            oauth1.normalize_parameters(signed),
        )
        expected = oauth1.sign_hmac_sha1_with_client(text, _Client())
        from urllib.parse import unquote

        assert unquote(given["oauth_signature"].strip('"')) == expected
        assert asked.path == f"/x/2/users/{OWN}/mentions"


class _Client:
    client_secret = "consumer secret"
    resource_owner_secret = CANARY


class TestMentions:
    def test_since_id_moves_only_after_the_last_page(self, network: Network) -> None:
        network.then(200, {"data": [post(9), post(8)], "meta": {"result_count": 2, "next_token": "p2"}})
        network.then(200, {"data": [post(7)], "meta": {"result_count": 1}})
        network.then(200, {"meta": {"result_count": 0}})
        x = connector(network.url)
        first = x.poll("mentions", {"since": str(BASE + 1), "looks": LOOKED})
        again = x.poll("mentions", first.next_cursor)
        x.poll("mentions", again.next_cursor)
        assert [asked.query.get("since_id") for asked in network.asked] == [
            overlap_below(1),
            overlap_below(1),
            overlap_below(9),
        ]
        assert [asked.query.get("pagination_token") for asked in network.asked] == [None, "p2", None]
        assert first.has_more
        assert "since" in first.next_cursor
        assert first.next_cursor["since"] == str(BASE + 1)
        assert again.next_cursor["since"] == str(BASE + 9)

    def test_a_killed_poller_resumes_at_the_page_it_was_on(self, network: Network) -> None:
        network.then(200, {"data": [post(9)], "meta": {"next_token": "p2"}})
        network.then(503)
        network.then(200, {"data": [post(8)], "meta": {}})
        first = connector(network.url).poll("mentions", {})
        with pytest.raises(RetryLater):
            connector(network.url).poll("mentions", first.next_cursor)
        last = connector(network.url).poll("mentions", first.next_cursor)
        assert network.asked[2].query["pagination_token"] == "p2"
        assert last.next_cursor == {"since": str(BASE + 9), "looks": LOOKED}

    def test_an_idle_poll_keeps_its_place(self, network: Network) -> None:
        network.then(200, {"meta": {"result_count": 0}})
        result = connector(network.url).poll("mentions", {"since": str(BASE)})
        assert result.next_cursor == {"since": str(BASE), "looks": LOOKED}

    def test_a_burst_beyond_800_is_told(self, network: Network) -> None:
        for page in range(8):
            data = [post(1000 - page * 100 - n) for n in range(100)]
            network.then(200, {"data": data, "meta": {"next_token": f"p{page}"} if page < 7 else {}})
        x = connector(network.url)
        cursor: Any = {"since": str(BASE)}
        flags = []
        for _ in range(8):
            result = x.poll("mentions", cursor)
            cursor = result.next_cursor
            flags.append(result.overflowed)
        assert flags == [False] * 7 + [True]
        assert not result.has_more

    def test_a_first_poll_of_800_is_no_burst(self, network: Network) -> None:
        network.then(200, {"data": [post(1)], "meta": {}})
        cursor = {"window": {"page": "p8", "asked": 700, "newest": str(BASE + 800), "used": []}}
        result = connector(network.url).poll("mentions", cursor)
        assert not result.overflowed

    def test_an_expired_page_token_starts_the_window_again(self, network: Network) -> None:
        network.then(200, {"data": [post(9)], "meta": {"next_token": "p2"}})
        network.then(
            400,
            {
                "errors": [{"parameters": {"pagination_token": ["p2"]}, "message": "m"}],
                "type": PROBLEM + "invalid-request",
            },
        )
        network.then(200, {"data": [post(9), post(8)], "meta": {}})
        x = connector(network.url)
        first = x.poll("mentions", {"since": str(BASE), "looks": LOOKED})
        second = x.poll("mentions", first.next_cursor)
        assert second.has_more
        third = x.poll("mentions", second.next_cursor)
        assert network.asked[2].query.get("pagination_token") is None
        assert network.asked[2].query["since_id"] == overlap_below(0)
        assert len(third.messages) == 2

    @pytest.mark.parametrize("body", [{}, {"data": []}, {"data": {}}, {"data": "x"}])
    def test_result_count_without_data_is_no_empty_page(self, network: Network, body: dict[str, Any]) -> None:
        network.then(200, body | {"meta": {"result_count": 5}})
        with pytest.raises(RetryLater):
            connector(network.url).poll("mentions", {})

    def test_the_headers_are_the_budget(self, network: Network) -> None:
        network.then(
            200,
            {"meta": {"result_count": 0}},
            {"x-rate-limit-limit": "300", "x-rate-limit-remaining": "7", "x-rate-limit-reset": "1795466400"},
        )
        budget = connector(network.url).poll("mentions", {}).budget
        assert (budget.limit, budget.remaining) == (300, 7)
        assert budget.resets_at == dt.datetime(2026, 11, 23, 20, 40, tzinfo=dt.UTC)

    def test_a_429_names_its_end(self, network: Network) -> None:
        network.then(429, {}, {"x-rate-limit-reset": "1795464600"})
        with pytest.raises(RetryLater) as caught:
            connector(network.url).poll("mentions", {})
        assert caught.value.at == dt.datetime(2026, 11, 23, 20, 10, tzinfo=dt.UTC)

    def test_a_429_with_a_senseless_reset(self, network: Network) -> None:
        network.then(429, {}, {"x-rate-limit-reset": "soon"})
        with pytest.raises(RetryLater) as caught:
            connector(network.url).poll("mentions", {})
        assert caught.value.at is None

    def test_the_daily_limit_is_a_budget(self, network: Network) -> None:
        network.then(
            429, {}, {"x-user-limit-24hour-remaining": "0", "x-user-limit-24hour-reset": "1795500000"}
        )
        with pytest.raises(BudgetExhausted) as caught:
            connector(network.url).reply({"tweet_id": "1"}, OutgoingMessage("a"), "k")
        assert caught.value.until == dt.datetime(2026, 11, 24, 6, 0, tzinfo=dt.UTC)


class TestPosts:
    def poll(
        self, network: Network, *items: dict[str, Any], stream: Any = "mentions", **more: Any
    ) -> list[Any]:
        network.then(200, {"data": list(items), "meta": {}} | more)
        return list(connector(network.url).poll(stream, {}).messages)

    def test_an_edit_keeps_its_canonical_id(self, network: Network) -> None:
        first, second = str(BASE), str(BASE + (60_000 << 22))
        edited = self.poll(
            network, post(0, id=second, edit_history_tweet_ids=[first, second], created_at=None)
        )[0]
        assert (edited.remote_id, edited.canonical_id) == (second, first)
        assert edited.created_at == time_from_id(first)
        assert edited.edited_at == time_from_id(second)
        assert edited.versions == (first, second)

    def test_ids_of_edits_that_are_none_are_passed_over(self, network: Network) -> None:
        first, second = str(BASE), str(BASE + (60_000 << 22))
        odd = [first, "x\x00", 7, None, "9" * 30, second]
        edited = self.poll(network, post(0, id=second, edit_history_tweet_ids=odd, created_at=None))[0]
        assert edited.versions == (first, second)
        assert self.poll(network, post(1))[0].versions == ()

    def test_authors_come_from_the_includes(self, network: Network) -> None:
        user = {
            "id": "42",
            "username": "ada",
            "name": "Ada",
            "verified": True,
            "profile_image_url": "https://p/a.png",
            "public_metrics": {"followers_count": 12},
        }
        message = self.poll(network, post(1), includes={"users": [None, {"id": "43"}, user]})[0]
        author = message.author
        assert (author.handle, author.name, author.followers, author.verified) == ("ada", "Ada", 12, True)
        assert message.permalink == f"https://x.com/ada/status/{BASE + 1}"

    def test_a_broken_user_costs_no_post(self, network: Network) -> None:
        body = json.dumps({"data": [post(1)], "includes": {"users": [{"id": "42"}]}, "meta": {}})
        network.then(200, body.replace('{"id": "42"}', '{"id": "42", "followers": NaN}').encode())
        result = connector(network.url).poll("mentions", {})
        assert [message.author.remote_id for message in result.messages] == ["42"]

    def test_a_post_without_author_comes_in(self, network: Network) -> None:
        message = self.poll(network, post(1, author_id=None))[0]
        assert message.author.remote_id == ""
        assert not message.author.is_self

    def test_our_own_posts_are_marked(self, network: Network) -> None:
        message = self.poll(network, post(1, author_id=OWN), stream="comments")[0]
        assert message.author.is_self
        assert not message.can_reply

    def test_escaped_text_is_unescaped_once(self, network: Network) -> None:
        message = self.poll(network, post(1, text="a &amp;lt; b &lt;3 &gt;"))[0]
        assert message.text == "a &lt; b <3 >"

    def test_long_posts_are_whole(self, network: Network) -> None:
        assert self.poll(network, post(1, note_tweet={"text": "long " * 100}))[0].text == "long " * 100

    def test_only_who_addressed_us_may_be_answered(self, network: Network) -> None:
        messages = self.poll(
            network,
            post(3, entities={}),
            post(2, entities={}, in_reply_to_user_id=OWN),
            post(1),
            stream="comments",
        )
        assert [message.can_reply for message in messages] == [False, True, True]

    def test_parents_and_pictures(self, network: Network) -> None:
        message = self.poll(
            network,
            post(
                1,
                referenced_tweets=[{"type": "quoted", "id": "5"}, {"type": "replied_to", "id": "6"}],
                attachments={"media_keys": ["3_1"]},
            ),
            includes={"media": [{"media_key": "3_1", "type": "photo", "url": "https://pbs/x.jpg"}]},
        )[0]
        assert message.parent_id == "6"
        assert [(one.kind, one.url) for one in message.attachments] == [
            ("photo", "https://pbs/x.jpg"),
            ("quoted_post", "https://x.com/i/web/status/5"),
        ]
        assert not message.is_repost

    def test_under_a_post_of_ours_is_a_first_answer_to_one(self, network: Network) -> None:
        answers = {"type": "replied_to", "id": str(BASE)}, {"type": "replied_to", "id": str(BASE + 9)}
        messages = self.poll(
            network,
            post(4, in_reply_to_user_id=OWN, referenced_tweets=[answers[0]]),
            post(3, in_reply_to_user_id=OWN, referenced_tweets=[answers[1]]),
            post(2, in_reply_to_user_id="42", referenced_tweets=[answers[0]]),
            post(1),
        )
        found = {message.text: message.is_under_own_post for message in messages}
        assert found == {"text 4": True, "text 3": False, "text 2": False, "text 1": False}
        assert not any(message.is_repost for message in messages)


class TestComments:
    def test_the_query_asks_by_id(self, network: Network) -> None:
        network.then(200, {"data": [post(2)], "meta": {"next_token": "n2"}}).then(
            200, {"meta": {"result_count": 0}}
        )
        x = connector(network.url)
        first = x.poll("comments", {"since": str(BASE)}, limit=5)
        x.poll("comments", first.next_cursor)
        asked = network.asked[0]
        assert asked.path == "/2/tweets/search/recent"
        assert asked.query["query"] == f"(to:{OWN} OR from:{OWN}) is:reply -is:retweet"
        assert asked.query["max_results"] == "10"
        assert network.asked[1].query["next_token"] == "n2"

    def test_a_since_id_grown_too_old_is_told(self, network: Network) -> None:
        network.then(
            400,
            {
                "errors": [{"parameters": {"since_id": ["1"]}, "message": "m"}],
                "type": PROBLEM + "invalid-request",
            },
        )
        network.then(200, {"data": [post(2)], "meta": {}})
        result = connector(network.url).poll("comments", {"since": "1234567890"})
        assert result.overflowed
        assert [message.text for message in result.messages] == ["text 2"]
        assert result.cost == 2
        assert "since_id" not in network.asked[1].query


def event(number: int, **more: Any) -> dict[str, Any]:
    return {
        "id": str(BASE + number),
        "event_type": "MessageCreate",
        "text": f"text {number}",
        "sender_id": "42",
        "dm_conversation_id": f"42-{OWN}",
        "created_at": "2025-11-18T19:00:00.000Z",
    } | more


class TestDirectMessages:
    def test_pages_until_events_that_are_known_for_long(self, network: Network) -> None:
        old = str(int(overlap_below(2)) - 1)
        network.then(200, {"data": [event(5), event(4)], "meta": {"next_token": "n2"}})
        network.then(200, {"data": [event(3), event(2, id=old)], "meta": {"next_token": "n3"}})
        x = connector(network.url)
        first = x.poll("direct", {"since": str(BASE + 2), "looks": LOOKED})
        second = x.poll("direct", first.next_cursor)
        assert [m.text for m in first.messages + second.messages] == ["text 5", "text 4", "text 3", "text 2"]
        assert second.next_cursor == {"since": str(BASE + 5), "looks": LOOKED}
        assert not second.has_more

    def test_ids_are_set_apart_from_posts(self, network: Network) -> None:
        network.then(200, {"data": [event(1)], "meta": {}})
        message = connector(network.url).poll("direct", {}).messages[0]
        assert message.remote_id == message.canonical_id == f"dm-{BASE + 1}"
        assert message.thread_id == f"dm-42-{OWN}"
        assert message.visibility == "direct"
        assert message.reply_ref == {"conversation_id": f"42-{OWN}", "participant_id": "42"}

    def test_who_joined_is_no_message(self, network: Network) -> None:
        network.then(200, {"data": [event(2, event_type="ParticipantsJoin"), event(1)], "meta": {}})
        result = connector(network.url).poll("direct", {})
        assert len(result.messages) == 1
        assert not result.unreadable

    def test_an_answer_goes_into_the_conversation(self, network: Network) -> None:
        network.then(201, {"data": {"dm_conversation_id": "c", "dm_event_id": "99"}})
        sent = connector(network.url).send_dm({"conversation_id": f"42-{OWN}"}, OutgoingMessage("hi"), "k")
        assert sent == SentMessage("dm-99")
        assert network.asked[0].path == f"/2/dm_conversations/42-{OWN}/messages"
        assert network.asked[0].json == {"text": "hi"}

    def test_a_private_reply_goes_to_the_author(self, network: Network) -> None:
        network.then(201, {"data": {"dm_event_id": "99"}})
        connector(network.url).private_reply({"tweet_id": "1", "author_id": "42"}, OutgoingMessage("hi"), "k")
        assert network.asked[0].path == "/2/dm_conversations/with/42/messages"

    def test_nobody_to_answer(self, network: Network) -> None:
        with pytest.raises(Rejected):
            connector(network.url).private_reply(
                {"tweet_id": "1", "author_id": ""}, OutgoingMessage("hi"), "k"
            )


#: Bodies of refusals of an answer, with the error and the reason that they mean.
REFUSED = [
    ({"detail": "You are not allowed to create a Tweet with duplicate content."}, Rejected, Refusal.DUPLICATE),
    ({"errors": [{"code": 187, "message": "Status is a duplicate."}]}, Rejected, Refusal.DUPLICATE),
    ({"detail": "You attempted to reply to a Tweet that is deleted or not visible to you."}, Gone, Refusal.UNKNOWN),
    ({"errors": [{"code": 385, "message": "deleted or not visible"}]}, Gone, Refusal.UNKNOWN),
    ({"errors": [{"code": 433, "message": "The author restricted who can reply."}]}, Rejected, Refusal.CLOSED),
    ({"detail": "Reply to this conversation is not allowed because you have not been mentioned."}, Rejected,
     Refusal.CLOSED),
    ({"detail": "Your Tweet text is too long."}, Rejected, Refusal.TOO_LONG),
    ({"errors": [{"code": 186, "message": "Tweet needs to be a bit shorter."}]}, Rejected, Refusal.TOO_LONG),
    ({"errors": [{"code": 226, "message": "This request looks like it might be automated."}]}, Rejected,
     Refusal.AUTOMATED),
    ({"detail": "You do not have permission to DM one or more participants."}, Rejected, Refusal.UNAVAILABLE),
    ({"detail": "No."}, Rejected, Refusal.UNKNOWN),
]  # fmt: skip


class TestActions:
    @pytest.mark.parametrize(("body", "kind", "refusal"), REFUSED)
    def test_a_refusal_says_why_and_keeps_what_x_said(
        self, network: Network, body: dict[str, Any], kind: type[NetworkError], refusal: Refusal
    ) -> None:
        network.then(403, body if "errors" in body else {"type": "about:blank", "title": "Forbidden", **body})
        with pytest.raises(kind) as caught:
            connector(network.url).reply({"tweet_id": "5"}, OutgoingMessage("hi"), "k")
        assert caught.value.refusal is refusal
        assert caught.value.said == (body.get("detail") or body["errors"][0]["message"])

    def test_reply(self, network: Network) -> None:
        network.then(201, {"data": {"id": "77"}})
        connector(network.url).reply({"tweet_id": "5"}, OutgoingMessage("hi"), "k")
        assert network.asked[0].json == {"reply": {"in_reply_to_tweet_id": "5"}, "text": "hi"}

    def test_like_hide_unhide_delete(self, network: Network) -> None:
        x = connector(network.url)
        network.default = Reply(200, {"data": {"liked": True, "hidden": True, "deleted": True}})
        x.like({"tweet_id": "5"})
        x.hide({"tweet_id": "5"})
        x.hide({"tweet_id": "5"}, hidden=False)
        x.delete("6")
        x.delete("dm-7")
        assert [(a.method, a.path) for a in network.asked] == [
            ("POST", f"/2/users/{OWN}/likes"),
            ("PUT", "/2/tweets/5/hidden"),
            ("PUT", "/2/tweets/5/hidden"),
            ("DELETE", "/2/tweets/6"),
            ("DELETE", "/2/dm_events/7"),
        ]
        assert [a.json for a in network.asked[:3]] == [{"tweet_id": "5"}, {"hidden": True}, {"hidden": False}]

    def test_verify(self, network: Network) -> None:
        record = payload("own_account.json")[0]
        network.then(record["status"], record["body"], record["headers"])
        own = connector(network.url).verify()
        assert (own.remote_id, own.handle, own.name) == (
            "1649221730482139136",
            "birchwoodkettle",
            "Birchwood Kettles",
        )
        assert set(own.scopes) == {*OAUTH_SCOPES["x"]}

    def test_fetch_tells_deleted_from_unclear(self, network: Network) -> None:
        missing = {"resource_id": "2", "type": PROBLEM + "resource-not-found", "title": "Not Found Error"}
        network.then(200, {"data": [post(1)], "errors": [missing]})
        found = connector(network.url).fetch([str(BASE + 1), "2"])
        assert list(found) == [str(BASE + 1)]
        network.then(200, {"data": [post(1)]})
        with pytest.raises(RetryLater):
            connector(network.url).fetch([str(BASE + 1), "2"])

    def test_fetch_of_all_deleted(self, network: Network) -> None:
        network.then(
            200,
            {"errors": [{"value": "2", "type": PROBLEM + "resource-not-found", "title": "Not Found Error"}]},
        )
        assert connector(network.url).fetch(["2"]) == {}

    def test_fetch_of_direct_messages(self, network: Network) -> None:
        network.then(200, {"data": event(1)}).then(404, {"title": "Not Found"})
        found = connector(network.url).fetch([f"dm-{BASE + 1}", "dm-2"])
        assert [message.text for message in found.values()] == ["text 1"]

    def test_fetch_does_not_take_protected_for_deleted(self, network: Network) -> None:
        hidden = {"resource_id": "2", "type": PROBLEM + "not-authorized-for-resource", "title": "T"}
        network.then(200, {"errors": [hidden]})
        with pytest.raises(CannotRead):
            connector(network.url).fetch(["2"])

    @pytest.mark.parametrize(
        "body",
        [
            {
                "detail": "You attempted to reply to a Tweet that is deleted or not visible to you.",
                "type": "about:blank",
                "title": "Forbidden",
                "status": 403,
            },
            {"errors": [{"code": 385, "message": "You attempted to reply to a Tweet that is deleted."}]},
        ],
    )
    def test_an_answer_to_what_was_deleted(self, network: Network, body: dict[str, Any]) -> None:
        network.default = Reply(403, body)
        with pytest.raises(Gone, match="no longer exists"):
            connector(network.url).reply({"tweet_id": "1"}, OutgoingMessage("hello"), "key")


class TestFindingDeletions:
    def test_deleted_hidden_and_standing_posts(self, network: Network) -> None:
        errors = [
            {"resource_id": "2", "type": PROBLEM + "resource-not-found", "title": "Not Found Error"},
            {"value": "3", "type": PROBLEM + "not-authorized-for-resource", "detail": "Protected."},
        ]
        network.then(200, {"data": [post(1)], "errors": errors})
        found = connector(network.url).find_gone([known(str(BASE + 1)), known("2"), known("3")])
        assert found.gone == {"2"}
        assert found.unreadable == {"3": "Protected."}
        assert len(network.asked) == 1

    def test_a_hundred_at_a_time(self, network: Network) -> None:
        network.default = lambda asked: Reply(
            200, {"data": [post(0, id=one) for one in asked.query["ids"].split(",")]}
        )
        assert not connector(network.url).find_gone([known(str(BASE + n)) for n in range(250)]).gone
        assert len(network.asked) == 3

    def test_what_x_says_nothing_about_is_looked_at_later(self, network: Network) -> None:
        network.default = Reply(200, {"data": [post(1)]})
        with pytest.raises(RetryLater):
            connector(network.url).find_gone([known(str(BASE + 1)), known("2")])

    def test_direct_messages(self, network: Network) -> None:
        network.then(200, {"data": event(1)}).then(404, {"title": "Not Found"})
        assert connector(network.url).find_gone([known(f"dm-{BASE + 1}"), known("dm-2")]).gone == {"dm-2"}


def known(remote_id: str) -> KnownMessage:
    return KnownMessage(remote_id, "", "42", NOW)


class TestFindingOurOwn:
    SINCE = dt.datetime(2025, 11, 18, 19, 0, 0, 700_000, tzinfo=dt.UTC)

    def ours(self, text: str, **more: Any) -> dict[str, Any]:
        return post(1, author_id=OWN, text=text, referenced_tweets=[{"type": "replied_to", "id": "5"}]) | more

    def find(self, network: Network, text: str, *items: dict[str, Any]) -> SentMessage | None:
        network.then(200, {"data": list(items), "meta": {}})
        return connector(network.url).find_own_message({"tweet_id": "5"}, text, self.SINCE, "public")

    def test_by_parent_and_text(self, network: Network) -> None:
        assert self.find(network, "hello", self.ours("other"), self.ours("hello")) is not None
        assert network.asked[0].path == f"/2/users/{OWN}/tweets"
        assert network.asked[0].query["start_time"] == "2025-11-18T18:59:55Z"

    @pytest.mark.parametrize(
        ("sent", "shown"),
        [
            ("see https://example.com/long/path?a=b now", "@ada @bob see https://t.co/abc123 now"),
            ("a < b & c", "a &lt; b &amp; c"),
            ("cafe\u0301  twice ", "café twice"),
        ],
    )
    def test_through_what_x_changes(self, network: Network, sent: str, shown: str) -> None:
        assert self.find(network, sent, self.ours(shown)) is not None

    def test_not_under_another_parent_nor_by_others_nor_before(self, network: Network) -> None:
        for other in (
            self.ours("hello", referenced_tweets=[{"type": "replied_to", "id": "6"}]),
            self.ours("hello", author_id="42"),
            self.ours("hello", created_at="2025-11-18T18:00:00.000Z"),
        ):
            assert self.find(network, "hello", other) is None

    def test_direct(self, network: Network) -> None:
        network.then(
            200, {"data": [event(2), event(1, sender_id=OWN, text="hello")], "meta": {"next_token": "n"}}
        )
        ref = {"conversation_id": f"42-{OWN}", "participant_id": "42"}
        found = connector(network.url).find_own_message(ref, "hello", self.SINCE, "direct")
        assert found == SentMessage(f"dm-{BASE + 1}")
        assert network.asked[0].path == f"/2/dm_conversations/42-{OWN}/dm_events"


class TestTokens:
    def test_oauth1_needs_no_refresh(self, network: Network) -> None:
        assert connector(network.url).refresh_credentials() is None
        assert not network.asked

    def test_a_fresh_token_is_kept(self, network: Network) -> None:
        x = oauth2(network.url, expires_at="2026-11-23T21:00:00+00:00")
        assert x.refresh_credentials() is None
        assert not network.asked

    def test_an_old_token_is_rotated(self, network: Network) -> None:
        network.then(
            200,
            {
                "token_type": "bearer",
                "expires_in": 7200,
                "access_token": "A2",
                "refresh_token": "R2",
                "scope": "tweet.read",
            },
        )
        network.then(200, {"meta": {"result_count": 0}})
        x = oauth2(network.url, expires_at="2026-11-23T20:04:00+00:00", client_secret="hush")
        renewed = x.refresh_credentials()
        assert renewed is not None
        assert renewed.remote_id == OWN
        assert (renewed.secrets["access_token"], renewed.secrets["refresh_token"]) == ("A2", "R2")
        assert renewed.secrets["expires_at"] == "2026-11-23T22:00:00+00:00"
        asked = network.asked[0]
        assert asked.path == "/2/oauth2/token"
        assert asked.form == {
            "grant_type": "refresh_token",
            "refresh_token": "R1" + CANARY,
            "client_id": "app",
        }
        assert asked.headers["authorization"] == "Basic " + base64.b64encode(b"app:hush").decode()
        x.poll("mentions", {})
        assert network.asked[1].headers["authorization"] == "Bearer A2"

    def test_a_dead_refresh_token_needs_a_person(self, network: Network) -> None:
        network.then(400, {"error": "invalid_grant", "error_description": "expired"})
        with pytest.raises(Reauthorise) as caught:
            oauth2(network.url).refresh_credentials()
        assert caught.value.code == "invalid_grant"

    def test_a_sick_token_server_is_tried_later(self, network: Network) -> None:
        for reply in (Reply(503, b"<html>"), Reply(200, {"scope": "x"}), Reply(200, fault="close")):
            network.replies.append(reply)
            with pytest.raises(RetryLater):
                oauth2(network.url).refresh_credentials()


class TestLength:
    @pytest.mark.parametrize(
        ("text", "length"),
        [
            ("日本語", 6),
            ("😀", 2),
            ("👨‍👩‍👧‍👦", 2),
            ("https://example.com/" + "x" * 200, 23),
            ("é", 1),
            ("e\u0301", 1),
            ("a\r\nb", 3),
        ],
    )
    def test_is_weighted(self, network: Network, text: str, length: int) -> None:
        assert connector(network.url).measure_length(text) == length


class TestWebhooks:
    def test_signature_over_the_raw_bytes(self, network: Network) -> None:
        x = connector(network.url)
        body = '{"a": "é"}'.encode()
        good = "sha256=" + base64.b64encode(hmac.digest(b"consumer secret", body, hashlib.sha256)).decode()
        assert x.verify_webhook({"X-Twitter-Webhooks-Signature": good}, body)
        assert x.verify_webhook({"x-twitter-webhooks-signature": good}, body)
        assert not x.verify_webhook({"x-twitter-webhooks-signature": good}, b'{"a":"\\u00e9"}')

    def test_challenge(self, network: Network) -> None:
        answer = connector(network.url).webhook_challenge({"crc_token": "abc"})
        expected = base64.b64encode(hmac.digest(b"consumer secret", b"abc", hashlib.sha256)).decode()
        assert json.loads(answer or "") == {"response_token": f"sha256={expected}"}
        assert connector(network.url).webhook_challenge({}) is None

    def test_events(self, network: Network) -> None:
        user = {"id_str": "42", "screen_name": "ada", "name": "Ada"}
        delivery = {
            "for_user_id": OWN,
            "tweet_create_events": [
                {"id_str": str(BASE), "text": "hi &amp; bye", "user": user, "created_at": "Tue Nov 18 19:00:00 +0000 2025"},
                {"id_str": "no", "text": "broken"},
            ],
            "direct_message_events": [
                {"type": "message_create", "id": str(BASE + 1), "created_timestamp": "1763492400000",
                 "message_create": {"sender_id": "42", "target": {"recipient_id": OWN}, "message_data": {"text": "psst"}}},
            ],
            "tweet_delete_events": [{"status": {"id": "9", "user_id": "42"}, "timestamp_ms": "1763492400000"}],
        }  # fmt: skip
        found = connector(network.url).parse_webhook(delivery)
        assert [(m.stream, m.text, m.deleted) for m in found] == [
            ("mentions", "hi & bye", False),
            ("mentions", "", True),
            ("direct", "psst", False),
        ]
        assert found[2].thread_id == f"dm-42-{OWN}"
        assert connector(network.url).parse_webhook(delivery | {"for_user_id": "1"}) == ()


class TestPayloads:
    """Answers in the shapes that X sends, from the wire through tweepy."""

    def test_mentions(self, network: Network) -> None:
        record = payload("mentions_without_times.json")[0]
        network.then(record["status"], record["body"], record["headers"])
        network.then(200, payload("mentions_with_metrics.json"))
        x = connector(network.url)
        first = x.poll("mentions", {})
        second = x.poll("mentions", {})
        assert (len(first.messages), len(second.messages)) == (4, 3)
        assert not first.unreadable + second.unreadable
        assert first.budget.remaining == 448
        assert first.messages[0].created_at == dt.datetime(2026, 3, 16, 9, 12, 41, 518000, tzinfo=dt.UTC)
        assert second.messages[0].created_at == dt.datetime(2026, 2, 24, 2, 13, 43, tzinfo=dt.UTC)

    def test_archive(self, network: Network) -> None:
        posts = payload("posts_with_every_field.json")
        users = payload("users_with_every_field.json")["users"]
        network.then(200, {"data": posts, "includes": {"users": users}, "meta": {"result_count": len(posts)}})
        result = connector(network.url).poll("comments", {})
        assert len(result.messages) == len(posts) > 0
        assert not result.unreadable
        assert all(message.author.handle for message in result.messages)

    def test_writes(self, network: Network) -> None:
        create, delete = payload("post_and_delete.json")
        network.then(create["status"], create["body"], create["headers"])
        network.then(delete["status"], delete["body"], delete["headers"])
        x = connector(network.url)
        sent = x.reply({"tweet_id": "1"}, OutgoingMessage("We are on it."), "k")
        assert sent.remote_id == create["body"]["data"]["id"]
        x.delete(sent.remote_id)

    def test_direct_messages(self, network: Network) -> None:
        records = payload("direct_messages.json")
        for record in records:
            network.then(record["status"], record["body"], record["headers"])
        x = connector(network.url)
        for record in records:
            if record["method"] == "POST":
                sent = x.send_dm({"participant_id": "750518840031227905"}, OutgoingMessage("Testing"), "k")
                assert sent.remote_id == "dm-" + record["body"]["data"]["dm_event_id"]
            else:
                result = x.poll("direct", {})
                assert not result.unreadable
                assert len(result.messages) == record["body"]["meta"]["result_count"]
