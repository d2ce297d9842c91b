"""Facebook's webhooks: signature, challenge, feed changes and Messenger events."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from functools import partial
from typing import Any

from networks import wire
from networks.base import Attachment, InboundMessage
from networks.facebook.messenger_events import parse_direct
from networks.facebook.parse import SITE, parse_facebook_author

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{1,200}")
#: A larger number is a time in milliseconds.
_MILLISECONDS = 100_000_000_000
_POST_ITEMS = frozenset({"post", "status", "photo", "video", "share"})


def is_signed_by_facebook(headers: Mapping[str, str], raw_body: bytes, secret: str) -> bool:
    """Check the app's signature over exactly these bytes.

    It is in the header `X-Hub-Signature-256`; the SHA-1 header is not accepted.
    """
    signature = next((v for k, v in headers.items() if k.lower() == "x-hub-signature-256"), "")
    if not secret or not signature:
        return False
    expected = "sha256=" + hmac.new(secret.encode(), raw_body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(signature.encode("utf-8", "replace"), expected.encode())


def answer_facebook_challenge(query: Mapping[str, str], verify_token: str) -> str | None:
    """Return the answer to Facebook's verification request, None unless it is genuine."""
    token, challenge = query.get("hub.verify_token", ""), query.get("hub.challenge", "")
    genuine = verify_token and hmac.compare_digest(token.encode("utf-8", "replace"), verify_token.encode())
    if query.get("hub.mode") != "subscribe" or not genuine or not _CHALLENGE.fullmatch(challenge):
        return None
    return challenge


def parse_facebook_webhook(payload: Mapping[str, Any], own_id: str) -> tuple[InboundMessage, ...]:
    """Parse comments, posts, mentions and Messenger messages in a delivery for `own_id`."""
    if payload.get("object") != "page":
        return ()
    messages: list[InboundMessage] = []
    for entry in wire.as_list(payload.get("entry")):
        entry = wire.as_mapping(entry)
        if str(entry.get("id")) == own_id:
            at = _entry_time(entry.get("time"))
            messages += wire.parse_items(entry.get("changes"), partial(_parse_change, own_id=own_id, at=at))[
                0
            ]
            # `standby`: another app has the conversation, and ours may read along.
            for key in ("messaging", "standby"):
                messages += wire.parse_items(entry.get(key), lambda event: parse_direct(event, own_id))[0]
    return tuple(messages)


def _parse_change(change: Mapping[str, Any], own_id: str, at: object) -> InboundMessage | None:
    """Parse a change of the feed, or a mention elsewhere on Facebook.

    `at` is the time of the delivery, for changes without one of their own.
    """
    value = change.get("value")
    if change.get("field") not in ("feed", "mention") or not isinstance(value, Mapping):
        return None
    value = {"created_time": at, **value}
    if "from" not in value and value.get("sender_id") is not None:
        value["from"] = {"id": value["sender_id"], "name": value.get("sender_name")}
    if value.get("item") == "comment":
        return _parse_comment(value, own_id)
    if value.get("item") in _POST_ITEMS:
        post = _parse_post(value, own_id)
        return None if post.author.is_self else post
    return None


def _parse_comment(value: Mapping[str, Any], own_id: str) -> InboundMessage:
    remote_id, post_id = wire.require_id(value.get("comment_id")), wire.require_id(value.get("post_id"))
    parent_id = wire.optional_text(value.get("parent_id")) or post_id
    top = remote_id if parent_id == post_id else parent_id
    return _build_message(value, own_id, "comments", remote_id, top, parent_id)


def _parse_post(value: Mapping[str, Any], own_id: str) -> InboundMessage:
    remote_id = wire.require_id(value.get("post_id"))
    return _build_message(value, own_id, "visitor_posts", remote_id, remote_id, "")


def _build_message(
    value: Mapping[str, Any], own_id: str, stream: Any, remote_id: str, thread_id: str, parent_id: str
) -> InboundMessage:
    verb, writer = value.get("verb"), parse_facebook_author(value, own_id)
    kind = "comment" if stream == "comments" else "post"
    created_at = wire.require_time(value.get("created_time"))
    media = wire.optional_text(value.get("photo")) or wire.optional_text(value.get("link"))
    return InboundMessage(
        stream=stream,
        remote_id=remote_id,
        canonical_id=remote_id,
        thread_id=thread_id,
        parent_id=parent_id,
        author=writer,
        text=wire.optional_text(value.get("message")),
        created_at=created_at,
        deleted=verb in ("remove", "delete"),
        hidden=verb == "hide",
        permalink=wire.optional_text(wire.as_mapping(value.get("post")).get("permalink_url"))
        or f"{SITE}/{remote_id}",
        attachments=(Attachment(kind="media", url=media),) if media else (),
        can_reply=not writer.is_self and verb not in ("remove", "delete"),
        reply_ref={"object_id": remote_id, "kind": kind, "thread_id": thread_id},
        raw=value,
    )


def _entry_time(time: object) -> object:
    """Return the time of a delivery in seconds; Messenger's deliveries have milliseconds."""
    is_number = isinstance(time, int) and not isinstance(time, bool)
    return time / 1000 if is_number and isinstance(time, int) and time > _MILLISECONDS else time
