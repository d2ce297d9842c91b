"""Our payloads have the shape of real answers, and the parsers read the real ones (recordings beside the checkout)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from networks.base import Credentials
from networks.facebook.connector import FacebookConnector
from tests.networks.facebook.test_facebook import connector as facebook
from tests.networks.facebook.test_facebook import feed
from tests.networks.x.test_x import connector as x

HERE = Path(__file__).parent
RECORDINGS = HERE.parents[2] / "shared" / "recordings"
#: Our payload → the recording of its kind.
KINDS = {
    "x/payloads/invalid_request.json": "x/pytwitter_error.json",
    "x/payloads/own_account.json": "x/test_client_get_me.json",
    "x/payloads/mentions_without_times.json": "x/test_client_get_users_mentions.json",
    "x/payloads/mentions_with_metrics.json": "x/pytwitter_timeline_mentions.json",
    "x/payloads/posts_with_every_field.json": "x/academictwitteR_data_1399765322509557763.json",
    "x/payloads/users_with_every_field.json": "x/academictwitteR_users_1399765322509557763.json",
    "x/payloads/post_and_delete.json": "x/test_client_create_and_delete_tweet.json",
    "x/payloads/direct_messages.json": "x/test_manage_and_lookup_direct_messages.json",
    "facebook/payloads/comments_without_ids.json": "facebook/comments_comments_p1.json",
    "facebook/payloads/conversations.json": "facebook/conversations_cvses_info.json",
    "facebook/payloads/error_missing_object.json": "facebook/error_data.json",
    "facebook/payloads/message_with_picture.json": "facebook/messages_message_info.json",
    "facebook/payloads/posts_first_page.json": "facebook/posts_feed_fields_p1.json",
    "facebook/payloads/posts_last_page.json": "facebook/posts_feed_fields_p2.json",
    "facebook/payloads/webhook_comment.json": "facebook/restfb_webhooks_feed-comment-add-211.json",
    "facebook/payloads/webhook_message.json": "facebook/restfb_webhooks_messaging-message-basic.json",
}
#: Keyed by what was asked or by an id, not by a name of the network's.
FREE_KEYS = {"parameters", "conversations"}

pytestmark = pytest.mark.skipif(
    not RECORDINGS.is_dir(), reason=f"No recordings of the real networks in {RECORDINGS}"
)


def recording(name):
    return json.loads((RECORDINGS / name).read_text(encoding="utf-8"))


def key_paths(value, path="", free=False):
    """Every path of keys in a document with the type at its end; places in lists are all one."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from key_paths(inner, f"{path}.{'*' if free else key}", key in FREE_KEYS)
    elif isinstance(value, list):
        for inner in value:
            yield from key_paths(inner, f"{path}[]", free=False)
    else:
        yield path, type(value).__name__


@pytest.mark.parametrize("ours", KINDS)
def test_a_payload_has_the_shape_of_its_recording(ours):
    payload = json.loads((HERE / ours).read_text(encoding="utf-8"))
    by_id = ours.endswith("/conversations.json")
    unknown = set(key_paths(payload, free=by_id)) - set(key_paths(recording(KINDS[ours]), free=by_id))
    assert sorted(unknown) == []


def test_every_payload_has_a_recording():
    payloads = {str(path.relative_to(HERE)) for path in HERE.glob("*/payloads/*.json")}
    assert payloads == set(KINDS)


def test_no_payload_holds_a_text_of_a_recording():
    """Identifiers and texts of real people stay out of the project."""
    texts = {
        text
        for path in RECORDINGS.rglob("*.json")
        for text in long_texts(json.loads(path.read_text(encoding="utf-8")))
    }
    copied = {
        text
        for ours in KINDS
        for text in long_texts(json.loads((HERE / ours).read_text(encoding="utf-8")))
        if text in texts
    }
    assert sorted(copied) == []


def long_texts(value):
    """Strings that somebody wrote: with two blanks at least, and not what the network itself says."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key not in ("headers", "errors", "error", "detail", "source"):
                yield from long_texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from long_texts(inner)
    elif isinstance(value, str) and value.count(" ") > 1:
        yield value


class TestX:
    @pytest.mark.parametrize(
        "name", ["test_client_get_users_mentions.json", "pytwitter_timeline_mentions.json"]
    )
    def test_mentions(self, network, name):
        answer = recording(f"x/{name}")
        body = answer[0]["body"] if isinstance(answer, list) else answer
        network.then(200, body)
        result = x(network.url).poll("mentions", {})
        assert len(result.messages) == body["meta"]["result_count"]
        assert not result.unreadable

    def test_posts_with_every_field(self, network):
        posts = recording("x/academictwitteR_data_1399765322509557763.json")
        users = recording("x/academictwitteR_users_1399765322509557763.json")["users"]
        network.then(200, {"data": posts, "includes": {"users": users}, "meta": {"result_count": len(posts)}})
        result = x(network.url).poll("comments", {})
        assert len(result.messages) == len(posts) > 0
        assert not result.unreadable
        assert all(message.author.handle for message in result.messages)

    def test_direct_messages(self, network):
        for answer in recording("x/test_manage_and_lookup_direct_messages.json"):
            if answer["method"] == "GET":
                network.then(answer["status"], answer["body"], answer["headers"])
                result = x(network.url).poll("direct", {})
                assert not result.unreadable
                assert len(result.messages) == answer["body"]["meta"]["result_count"]


class TestFacebook:
    @pytest.mark.parametrize("name", ["posts_feed_fields_p1.json", "posts_feed_fields_p2.json"])
    def test_posts(self, network, name):
        network.then(200, recording(f"facebook/{name}"))
        result = facebook(network.url).poll("visitor_posts", {})
        assert len(result.messages) == 5
        assert not result.unreadable

    def test_conversations(self, network):
        network.then(200, feed(*recording("facebook/conversations_cvses_info.json").values()))
        assert not facebook(network.url).poll("direct", {}).unreadable

    @pytest.mark.parametrize(
        "path",
        sorted((RECORDINGS / "facebook_webhooks").glob("*.json")) if RECORDINGS.is_dir() else [],
        ids=lambda path: path.stem,
    )
    def test_a_webhook_is_read_or_left_alone(self, network, path):
        """What it does not know is nothing to it; it never raises."""
        delivery = json.loads(path.read_text(encoding="utf-8"))
        entries = delivery.get("entry") or [{}]
        page = str(entries[0].get("id", "1"))
        own = FacebookConnector(Credentials("facebook", page, {"page_token": "t"}), api_url=network.url)
        for message in own.parse_webhook(delivery):
            assert message.remote_id
            assert message.created_at.tzinfo is not None
