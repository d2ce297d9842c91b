"""Messages without a text, and the less usual events of webhooks: each shows something, none is lost."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from networks.base import Attachment, InboundMessage
from networks.facebook.attached import where_link_leads
from networks.facebook.parse import parse_facebook_comment, parse_messenger_message
from networks.facebook.webhook import parse_facebook_webhook

PAGE, PERSON = "4001", "9007"
AT = 1_796_000_000_000
MOMENT = dt.datetime.fromtimestamp(AT / 1000, dt.UTC)
INBOX = "https://www.facebook.com/crumb/inbox/5/"


def listed(**item: Any) -> InboundMessage:
    whole = {"id": "m_1", "created_time": "2026-11-27T10:00:00+0000", "from": {"id": PERSON}, **item}
    return parse_messenger_message(whole, PAGE, "t_5", "/crumb/inbox/5/")


@pytest.mark.parametrize(
    ("item", "attachment"),
    [
        (
            {"message": "", "shares": {"data": [{"link": "https://crumb.example/menu", "name": ""}]}},
            Attachment("link", "https://crumb.example/menu"),
        ),
        (
            {"shares": {"data": [{"link": "https://crumb.example/m", "name": "Menu", "description": "Rye"}, {}][:1]}},
            Attachment("link", "https://crumb.example/m", name="Menu", text="Rye"),
        ),
        (
            {"attachments": {"data": [{"id": "1", "name": "Not shown in your country"}]}},
            Attachment(
                "unavailable", INBOX, name="Not shown in your country",
                text="Only Facebook shows it: open the conversation there.",
            ),
        ),
        (
            {"attachments": {"data": [{"generic_template": {
                "title": "Rye", "subtitle": "Fresh", "media_url": "https://c.example/r.png", "cta": {"url": "https://c.example/r"},
            }}]}},
            Attachment("template", "https://c.example/r", name="Rye", text="Fresh"),
        ),
        (
            {"attachments": {"data": [{"generic_template": {"title": "Rye", "media_url": "https://c.example/r.png"}}]}},
            Attachment("template", "https://c.example/r.png", name="Rye"),
        ),
        (
            {"message": "", "sticker": "https://c.example/s.png", "shares": {"data": [{"link": "https://c.example/s.png"}]}},
            Attachment("sticker", "https://c.example/s.png"),
        ),
        (
            {"attachments": {"data": [{"mime_type": "application/pdf", "name": "order.pdf", "size": 9}]}},
            Attachment("application", "", "application/pdf", "order.pdf"),
        ),
        (
            {"attachments": {"data": [{"mime_type": "audio/mp4", "file_url": "https://c.example/v"}]}},
            Attachment("audio", "https://c.example/v", "audio/mp4"),
        ),
    ],
)  # fmt: skip
def test_a_message_without_words_shows_what_hangs_on_it(item: Any, attachment: Attachment) -> None:
    message = listed(**item)
    assert (message.text, message.attachments) == ("", (attachment,))


def test_a_direct_message_leads_to_its_conversation() -> None:
    assert listed(message="hi").permalink == INBOX
    item = {"id": "m_1", "created_time": "2026-11-27T10:00:00+0000", "from": {"id": PERSON}, "message": "hi"}
    assert parse_messenger_message(item, PAGE).permalink == f"https://www.facebook.com/{PAGE}/inbox/"


@pytest.mark.parametrize(
    ("address", "leads_to"),
    [
        ("https://l.facebook.com/l.php?u=https%3A%2F%2Fcrumb.example%2F%3Fa%3D1&h=x", "https://crumb.example/?a=1"),
        ("https://lm.facebook.com/l.php?h=x", "https://lm.facebook.com/l.php?h=x"),
        ("https://crumb.example/l.php?u=https%3A%2F%2Fevil.example", "https://crumb.example/l.php?u=https%3A%2F%2Fevil.example"),
        ("", ""),
    ],
)  # fmt: skip
def test_links_through_facebooks_counter_show_where_they_lead(address: str, leads_to: str) -> None:
    assert where_link_leads(address) == leads_to


def test_a_link_under_a_comment_shows_where_it_leads() -> None:
    shared = {
        "type": "share",
        "title": "Menu",
        "url": "https://l.facebook.com/l.php?u=https%3A%2F%2Fc.example",
    }
    item = {"id": "1_2", "message": "", "created_time": "2026-11-27T10:00:00+0000", "attachment": shared}
    (attachment,) = parse_facebook_comment(item, "1", PAGE).attachments
    assert attachment == Attachment("share", "https://c.example", name="Menu")


def delivered(key: str = "messaging", time: int = AT, **event: Any) -> tuple[InboundMessage, ...]:
    entry = {"id": PAGE, "time": time, key: [event]}
    return parse_facebook_webhook({"object": "page", "entry": [entry]}, PAGE)


def direct(key: str = "messaging", **event: Any) -> InboundMessage:
    (message,) = delivered(key, sender={"id": PERSON}, recipient={"id": PAGE}, timestamp=AT, **event)
    assert (message.stream, message.thread_id, message.author.remote_id) == ("direct", f"dm-{PERSON}", PERSON)
    return message


@pytest.mark.parametrize("flag", [True, "true", "True"])
def test_a_message_that_was_taken_back_is_deleted(flag: object) -> None:
    message = direct(message={"mid": "m_2", "is_deleted": flag})
    assert (message.remote_id, message.deleted, message.text, message.can_reply) == ("m_2", True, "", False)


def test_an_edited_message_has_its_new_words() -> None:
    message = direct(message_edit={"mid": "m_2", "text": "Two loaves, not one", "num_edit": 1})
    assert (message.remote_id, message.text, message.edited_at) == ("m_2", "Two loaves, not one", MOMENT)


@pytest.mark.parametrize(
    ("attached", "attachment"),
    [
        (
            {"type": "fallback", "title": "Menu", "url": "https://l.facebook.com/l.php?u=https%3A%2F%2Fc.example", "payload": None},
            Attachment("link", "https://c.example", name="Menu"),
        ),
        ({"type": "fallback", "title": "Old", "url": "https://c.example", "payload": "BLOB"}, Attachment("link", "https://c.example", name="Old")),
        ({"type": "post", "payload": {"title": "Autumn", "url": "https://f.example/7"}}, Attachment("post", "https://f.example/7", name="Autumn")),
        (
            {"type": "location", "payload": {"coordinates": {"lat": 51.5, "long": -0.1}}},
            Attachment("location", "https://www.openstreetmap.org/?mlat=51.5&mlon=-0.1#map=16/51.5/-0.1", name="51.5, -0.1"),
        ),
        ({"type": "location", "title": "Here", "url": "https://m.example", "payload": None}, Attachment("location", "https://m.example", name="Here")),
        ({"type": "image", "payload": {"url": "https://c.example/s.png", "sticker_id": 3}}, Attachment("sticker", "https://c.example/s.png")),
        (
            {"type": "template", "payload": {"elements": [{"title": "Rye", "subtitle": "Fresh", "item_url": "https://c.example/r"}]}},
            Attachment("template", "https://c.example/r", name="Rye", text="Fresh"),
        ),
        ({"type": "audio", "payload": {"url": "https://c.example/v"}}, Attachment("audio", "https://c.example/v")),
        ("no attachment at all", Attachment("file")),
    ],
)  # fmt: skip
def test_what_a_delivered_message_carries_has_a_name_and_an_address(
    attached: Any, attachment: Attachment
) -> None:
    assert direct(message={"mid": "m_3", "attachments": [attached]}).attachments == (attachment,)


def test_what_messenger_does_not_hand_out_is_said() -> None:
    message = direct(message={"mid": "m_3", "is_unsupported": True})
    assert message.attachments == (Attachment("unsupported"),)


def test_a_button_is_a_message_with_its_words() -> None:
    assert (
        direct(postback={"mid": "m_4", "title": "Talk to somebody", "payload": "HUMAN"}).text
        == "Talk to somebody"
    )
    assert direct(postback={"title": "Begin"}).remote_id == f"postback-{PERSON}-{AT}"


def test_an_answer_names_what_it_answers() -> None:
    assert direct(message={"mid": "m_5", "text": "this", "reply_to": {"mid": "m_3"}}).parent_id == "m_3"


def test_a_message_comes_in_while_another_app_has_the_conversation() -> None:
    assert direct("standby", message={"mid": "m_6", "text": "anybody?"}).text == "anybody?"


@pytest.mark.parametrize("event", [{"read": {"watermark": 1}}, {"reaction": {"mid": "m_1", "emoji": "❤"}}])
def test_what_is_no_message_is_left_out(event: dict[str, Any]) -> None:
    assert delivered(sender={"id": PERSON}, recipient={"id": PAGE}, timestamp=AT, **event) == ()


def change(field: str = "feed", **value: Any) -> InboundMessage:
    (message,) = delivered(
        "changes", AT // 1000, field=field, value={"item": "comment", "post_id": f"{PAGE}_1", **value}
    )
    return message


def test_a_removal_without_a_time_has_that_of_its_delivery() -> None:
    message = change(verb="remove", comment_id="1_9", **{"from": {"id": PERSON}})
    assert (message.remote_id, message.deleted, message.created_at) == ("1_9", True, MOMENT)


def test_a_mention_elsewhere_is_a_message_of_somebody_unknown() -> None:
    message = change("mention", verb="add", post_id="77_8", comment_id="8_9", message="Crumb would know")
    assert (message.stream, message.remote_id, message.author.remote_id) == ("comments", "8_9", "")
    post = change("mention", verb="add", item="post", post_id="77_8", message="Thanks, Crumb")
    assert (post.stream, post.remote_id) == ("visitor_posts", "77_8")


def test_the_author_may_stand_where_it_stood_of_old() -> None:
    message = change(verb="edited", comment_id="1_9", sender_id=PAGE, sender_name="Crumb", message="Fixed")
    assert message.author.is_self
    assert not message.can_reply
