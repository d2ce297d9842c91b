"""X's account activity webhooks: signature, challenge, and events in the format of API v1.1."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from networks import wire
from networks.base import Attachment, Author, InboundMessage
from networks.x.included import SITE, readable_text
from networks.x.parse import DM_PREFIX, require_x_id

_V1_TIME = "%a %b %d %H:%M:%S %z %Y"


def _signature(secret: str, data: bytes) -> str:
    digest = hmac.new(secret.encode(), data, hashlib.sha256).digest()
    return "sha256=" + base64.b64encode(digest).decode()


def is_signed_by_x(headers: Mapping[str, str], raw_body: bytes, secret: str) -> bool:
    """Check the app's signature over exactly these bytes.

    It is in the header `x-twitter-webhooks-signature`.
    """
    signature = next((v for k, v in headers.items() if k.lower() == "x-twitter-webhooks-signature"), "")
    if not secret or not signature:
        return False
    return hmac.compare_digest(signature.encode("utf-8", "replace"), _signature(secret, raw_body).encode())


def answer_x_challenge(query: Mapping[str, str], secret: str) -> str | None:
    token = query.get("crc_token")
    if not token or not secret:
        return None
    return json.dumps({"response_token": _signature(secret, token.encode("utf-8", "replace"))})


def parse_x_webhook(payload: Mapping[str, Any], own_id: str) -> tuple[InboundMessage, ...]:
    """Parse posts, deletions and direct messages in a delivery for `own_id`."""
    if str(payload.get("for_user_id")) != own_id:
        return ()
    users = wire.as_mapping(payload.get("users"))
    readers = (
        ("tweet_create_events", lambda post: _parse_post(post, own_id)),
        ("tweet_delete_events", lambda deletion: _parse_deletion(deletion, own_id)),
        ("direct_message_events", lambda event: _parse_direct(event, users, own_id)),
    )
    messages: list[InboundMessage] = []
    for key, reader in readers:
        messages += wire.parse_items(payload.get(key), reader)[0]
    return tuple(messages)


def _parse_author(user: Mapping[str, Any], own_id: str) -> Author:
    remote_id = require_x_id(user.get("id_str") or user.get("id"))
    return Author(
        remote_id=remote_id,
        handle=wire.optional_text(user.get("screen_name")),
        name=wire.optional_text(user.get("name")),
        avatar_url=wire.optional_text(user.get("profile_image_url_https")),
        is_self=remote_id == own_id,
        followers=wire.optional_count(user.get("followers_count")),
        verified=user.get("verified") is True,
    )


def _parse_post(item: Mapping[str, Any], own_id: str) -> InboundMessage | None:
    if "retweeted_status" in item:
        return None
    remote_id = require_x_id(item.get("id_str"))
    text, entities = _text_and_entities(item)
    writer = _parse_author(wire.as_mapping(item.get("user")), own_id)
    parent = wire.optional_text(item.get("in_reply_to_status_id_str"))
    history = wire.as_mapping(item.get("edit_history")).get("initial_tweet_id")
    return InboundMessage(
        stream="comments" if parent else "mentions",
        remote_id=remote_id,
        canonical_id=require_x_id(history) if history else remote_id,
        thread_id=parent or remote_id,
        parent_id=parent,
        author=writer,
        text=readable_text(text, entities),
        created_at=dt.datetime.strptime(wire.require_text(item.get("created_at")), _V1_TIME).astimezone(
            dt.UTC
        ),
        permalink=f"{SITE}/{writer.handle or 'i/web'}/status/{remote_id}",
        can_reply=not writer.is_self,
        reply_ref={"tweet_id": remote_id, "author_id": writer.remote_id},
        attachments=_parse_quoted(item),
        has_id_per_edit=True,
        raw=item,
    )


def _text_and_entities(item: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """Return the whole text of a post, and its links.

    Those of its pictures among them.
    """
    extended = wire.as_mapping(item.get("extended_tweet"))
    text = wire.require_text(extended.get("full_text") or item.get("full_text") or item.get("text"))
    entities = wire.as_mapping(extended.get("entities")) or wire.as_mapping(item.get("entities"))
    return text, {"urls": [*wire.as_list(entities.get("urls")), *wire.as_list(entities.get("media"))]}


def _parse_quoted(item: Mapping[str, Any]) -> tuple[Attachment, ...]:
    """Return the post that a post quotes, if it quotes one."""
    if item.get("is_quote_status") is not True:
        return ()
    quoted = wire.as_mapping(item.get("quoted_status"))
    quoted_id = wire.optional_text(quoted.get("id_str") or item.get("quoted_status_id_str"))
    handle = wire.optional_text(wire.as_mapping(quoted.get("user")).get("screen_name"))
    text = readable_text(*_text_and_entities(quoted)) if quoted else ""
    address = f"{SITE}/i/web/status/{quoted_id}" if quoted_id.isdigit() else ""
    return (Attachment("quoted_post", address, name=f"@{handle}" if handle else "", text=text),)


def _parse_deletion(item: Mapping[str, Any], own_id: str) -> InboundMessage:
    status = wire.as_mapping(item.get("status"))
    remote_id, writer = require_x_id(status.get("id")), require_x_id(status.get("user_id"))
    return InboundMessage(
        stream="mentions",
        remote_id=remote_id,
        canonical_id=remote_id,
        thread_id=remote_id,
        parent_id="",
        author=Author(writer, is_self=writer == own_id),
        text="",
        created_at=wire.require_time(int(str(item.get("timestamp_ms"))) / 1000),
        deleted=True,
        can_reply=False,
        raw=item,
    )


def _parse_direct(item: Mapping[str, Any], users: Mapping[str, Any], own_id: str) -> InboundMessage | None:
    if item.get("type") != "message_create":
        return None
    event_id = require_x_id(item.get("id"))
    created = wire.as_mapping(item.get("message_create"))
    sender = require_x_id(created.get("sender_id"))
    recipient = require_x_id(wire.as_mapping(created.get("target")).get("recipient_id"))
    data = wire.as_mapping(created.get("message_data"))
    entities = wire.as_mapping(data.get("entities"))
    picture = wire.as_mapping(wire.as_mapping(data.get("attachment")).get("media"))
    # API v2 identifies a one-to-one conversation by both ids, the smaller one first.
    conversation = "-".join(sorted((sender, recipient), key=int))
    user = wire.as_mapping(users.get(sender))
    writer = _parse_author({**user, "id_str": sender}, own_id)
    return InboundMessage(
        stream="direct",
        remote_id=DM_PREFIX + event_id,
        canonical_id=DM_PREFIX + event_id,
        thread_id=DM_PREFIX + conversation,
        parent_id="",
        author=writer,
        text=readable_text(
            wire.require_text(data.get("text")),
            {"urls": [*wire.as_list(entities.get("urls")), *([picture] if picture else ())]},
        ),
        created_at=wire.require_time(int(str(item.get("created_timestamp"))) / 1000),
        visibility="direct",
        has_id_per_edit=True,
        attachments=_parse_picture(picture),
        can_reply=not writer.is_self,
        reply_ref={"conversation_id": conversation, "participant_id": "" if writer.is_self else sender},
        raw=item,
    )


def _parse_picture(picture: Mapping[str, Any]) -> tuple[Attachment, ...]:
    if not picture:
        return ()
    address = wire.optional_text(picture.get("media_url_https"))
    return (Attachment(wire.optional_text(picture.get("type")) or "media", address),)
