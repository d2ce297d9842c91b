"""What X hands out beside a post's own words: links, quoted posts, whole reposts, polls, pictures."""

from __future__ import annotations

from typing import Any

import pytest

from networks.base import Attachment, InboundMessage
from networks.x.included import Included
from networks.x.parse import parse_x_direct_message, parse_x_post
from networks.x.webhook import parse_x_webhook

OWN = "88"
BAKERY = "@crumbandco "
LONG = BAKERY + "the wedding cake came without its second floor, " * 4 + "and the party is at six tonight."
PEOPLE = [{"id": "7", "username": "ines_r", "name": "Ines"}, {"id": "8", "username": "tom_k", "name": "Tom"}]


def link(short: str, to: str = "", **more: str) -> dict[str, Any]:
    return {"url": f"https://t.co/{short}", "expanded_url": to, "display_url": to[8:30], **more}


def read(includes: dict[str, Any] | None = None, **post: Any) -> InboundMessage:
    item = {"id": "2000000000000000001", "author_id": "7", "text": "", **post}
    included = Included.from_document({"includes": {"users": PEOPLE, **(includes or {})}})
    return parse_x_post(item, "mentions", OWN, included)


def read_direct(includes: dict[str, Any] | None = None, **event: Any) -> InboundMessage:
    item = {"id": "2000000000000000002", "event_type": "MessageCreate", "sender_id": "7", **event}
    message = parse_x_direct_message(item, OWN, Included.from_document({"includes": includes or {}}))
    assert message is not None
    return message


PICTURE = link("pic", "https://x.com/ines_r/status/9/photo/1") | {"display_url": "pic.x.com/pic"}


@pytest.mark.parametrize(
    ("text", "urls", "shown"),
    [
        ("see https://t.co/a now", [link("a", "https://crumb.example/menu")], "see https://crumb.example/menu now"),
        ("look https://t.co/pic", [PICTURE], "look"),
        ("https://t.co/v", [link("v", "https://x.com/1/video/1", media_key="7_1")], ""),
        ("two https://t.co/a https://t.co/pic", [link("a", "https://c.example"), PICTURE], "two https://c.example"),
        (
            "once https://t.co/a",
            [link("a", "https://c.example/?to=@tom_k+https://t.co/b"), link("b", "https://evil.example")],
            "once https://c.example/?to=@tom_k+https://t.co/b",
        ),
        ("short https://t.co/a", [link("a", "https://bit.ly/9", unwound_url="https://c.example/x")], "short https://c.example/x"),
        ("a &amp; b https://t.co/a", [link("a", "https://c.example/?a=1&amp=2")], "a & b https://c.example/?a=1&amp=2"),
        ("unknown https://t.co/zz", [link("a", "https://c.example")], "unknown https://t.co/zz"),
        ("no web https://t.co/a", [link("a", "javascript:alert(1)")], "no web https://t.co/a"),
        ("broken https://t.co/a", [None, 4, {"url": 5}, {"url": "https://t.co/a"}], "broken https://t.co/a"),
        ("longer word https://t.co/ab", [link("a", "https://c.example")], "longer word https://t.co/ab"),
    ],
)  # fmt: skip
def test_links_lead_where_they_lead(text: str, urls: list[Any], shown: str) -> None:
    assert read(text=text, entities={"urls": urls}).text == shown
    assert read_direct(text=text, entities={"urls": urls}).text == shown


def test_a_long_post_has_links_of_its_own() -> None:
    long = {"text": "long https://t.co/a", "entities": {"urls": [link("a", "https://c.example/long")]}}
    assert read(text="cut https://t.co/q", note_tweet=long).text == "long https://c.example/long"


def test_a_repost_is_read_whole() -> None:
    """X cuts it at 140 characters."""
    original = {"id": "19", "author_id": "8", "text": LONG, "attachments": {"media_keys": ["3_7"]}}
    media = {"media_key": "3_7", "type": "photo", "url": "https://pbs.example/cake.jpg"}
    message = read(
        {"tweets": [original], "media": [media]},
        text=f"RT @tom_k: {LONG[:128]}…",
        referenced_tweets=[{"type": "retweeted", "id": "19"}],
    )
    assert message.text == f"RT @tom_k: {LONG}"
    assert message.is_repost
    assert message.attachments == (Attachment("photo", "https://pbs.example/cake.jpg"),)


def test_a_repost_of_what_x_withholds_stays_as_it_is() -> None:
    message = read(text="RT @tom_k: gone …", referenced_tweets=[{"type": "retweeted", "id": "19"}])
    assert (message.text, message.is_repost) == ("RT @tom_k: gone …", True)


def test_a_quote_is_a_post_of_its_own_and_shows_what_it_quotes() -> None:
    quoted = {
        "id": "19", "author_id": "8", "text": "Open on Sunday, 7 &lt; 9! https://t.co/a",
        "entities": {"urls": [link("a", "https://crumb.example")]},
    }  # fmt: skip
    message = read(
        {"tweets": [quoted]}, text=BAKERY + "it was shut.", referenced_tweets=[{"type": "quoted", "id": "19"}]
    )
    assert not message.is_repost
    assert message.attachments == (
        Attachment(
            "quoted_post",
            "https://x.com/i/web/status/19",
            name="@tom_k",
            text="Open on Sunday, 7 < 9! https://crumb.example",
        ),
    )


def test_a_direct_message_shows_the_post_that_it_shares() -> None:
    post = {"id": "19", "text": "Cakes at half price"}
    message = read_direct(
        {"tweets": [post]},
        text="true? https://t.co/a",
        referenced_tweets=[{"id": "19"}],
        entities={"urls": [link("a", "https://x.com/tom_k/status/19")]},
    )
    assert message.text == "true? https://x.com/tom_k/status/19"
    assert [(shown.kind, shown.text) for shown in message.attachments] == [
        ("quoted_post", "Cakes at half price")
    ]


def test_a_poll_shows_its_options() -> None:
    poll = {"id": "3", "options": [{"label": "Rye"}, {"label": "Spelt"}, None]}
    message = read({"polls": [poll]}, text="Which?", attachments={"poll_ids": ["3"]})
    assert message.attachments == (Attachment("poll", text="Rye\nSpelt\n"),)


def test_a_picture_has_no_key_for_a_name() -> None:
    media = {"media_key": "3_7", "type": "photo", "url": "https://pbs.example/a.jpg", "alt_text": "A loaf"}
    message = read({"media": [media]}, text="look", attachments={"media_keys": ["3_7"]})
    assert message.attachments == (Attachment("photo", "https://pbs.example/a.jpg", text="A loaf"),)


def test_a_webhook_shows_links_quotes_and_pictures_too() -> None:
    user = {"id_str": "7", "screen_name": "ines_r", "name": "Ines"}
    post = {
        "id_str": "21", "user": user, "text": "shut! https://t.co/a", "created_at": "Fri Nov 27 11:00:00 +0000 2026",
        "entities": {"urls": [link("a", "https://crumb.example")]}, "is_quote_status": True,
        "quoted_status": {"id_str": "19", "text": "Open on Sunday", "user": {"screen_name": "tom_k"}},
    }  # fmt: skip
    picture = {"url": "https://t.co/p", "display_url": "pic.x.com/p", "type": "photo", "media_url_https": "https://ton.example/p.jpg"}  # fmt: skip
    direct = {
        "type": "message_create", "id": "22", "created_timestamp": "1764241200000",
        "message_create": {
            "sender_id": "7", "target": {"recipient_id": OWN},
            "message_data": {"text": " https://t.co/p", "entities": {"urls": []}, "attachment": {"media": picture}},
        },
    }  # fmt: skip
    delivery = {"for_user_id": OWN, "tweet_create_events": [post], "direct_message_events": [direct]}
    shut, private = parse_x_webhook(delivery, OWN)
    assert (shut.text, shut.is_repost) == ("shut! https://crumb.example", False)
    assert [(shown.name, shown.text) for shown in shut.attachments] == [("@tom_k", "Open on Sunday")]
    assert private.text == ""
    assert private.attachments == (Attachment("photo", "https://ton.example/p.jpg"),)
