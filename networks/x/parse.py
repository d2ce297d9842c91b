"""Parse X's posts and direct message events into messages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from networks import wire
from networks.base import Author, InboundMessage, StreamKind
from networks.x.included import (
    SITE,
    Included,
    parse_attachments,
    post_text,
    readable_text,
    references,
)

#: Snowflake ids contain the milliseconds since this time (2010-11-04) above their lowest 22 bits.
_EPOCH_MS = 1288834974657
#: Older ids were plain counters.
_FIRST_SNOWFLAKE = 30_000_000_000
DM_PREFIX = "dm-"


def require_x_id(value: object) -> str:
    """Return the id of a post, user or event as text.

    Raises `ValueError` unless it is decimal and has at most 20 digits (64 bits).
    """
    x_id = value if isinstance(value, str) else wire.require_id(value)
    if not (x_id.isascii() and x_id.isdigit() and 0 < len(x_id) <= 20):
        raise ValueError("not an id of X")
    return x_id


def time_from_id(remote_id: str) -> dt.datetime:
    """Return when an id was issued, in UTC.

    Raises `ValueError` for ids from before 4 November 2010.
    """
    number = int(remote_id)
    if number < _FIRST_SNOWFLAKE:
        raise ValueError("the id carries no time")
    return wire.require_time(((number >> 22) + _EPOCH_MS) / 1000)


def first_id_at(at: dt.datetime) -> str:
    """Return the smallest id of a moment; the inverse of `time_from_id`."""
    return str(max(int(at.timestamp() * 1000) - _EPOCH_MS, 0) << 22)


def _created_at(item: Mapping[str, Any], remote_id: str) -> dt.datetime:
    """Return `created_at`, otherwise the time in the id.

    X leaves `created_at` out unless it is requested.
    """
    stated = item.get("created_at")
    return time_from_id(remote_id) if stated is None else wire.require_time(stated)


def parse_x_author(user_id: object, users: Mapping[str, Mapping[str, Any]], own_id: str) -> Author:
    """Return the author of a post. `remote_id` is "" when X did not report one."""
    if user_id is None:
        return Author(remote_id="")
    remote_id = require_x_id(user_id)
    user = users.get(remote_id)
    if user is None:
        return Author(remote_id=remote_id, is_self=remote_id == own_id)
    return Author(
        remote_id=remote_id,
        handle=wire.optional_text(user.get("username")),
        name=wire.optional_text(user.get("name")),
        avatar_url=wire.optional_text(user.get("profile_image_url")),
        is_self=remote_id == own_id,
        followers=wire.optional_count(wire.as_mapping(user.get("public_metrics")).get("followers_count")),
        verified=user.get("verified") is True,
    )


def replied_to_id(item: Mapping[str, Any]) -> str:
    """Return the id of the post that this one answers.

    "" when it answers none.
    """
    for reference in wire.as_list(item.get("referenced_tweets")):
        if isinstance(reference, dict) and reference.get("type") == "replied_to":
            return require_x_id(reference.get("id"))
    return ""


def _edit_history(history: Any) -> tuple[str, ...]:
    """Return the ids of an edited post, oldest first.

    Empty for a post without edits. X allows five edits. Values that are not ids are skipped.
    """
    ids = history[:10] if isinstance(history, list) and len(history) > 1 else ()
    return tuple(
        post_id
        for post_id in ids
        if isinstance(post_id, str) and post_id.isascii() and post_id.isdigit() and len(post_id) <= 20
    )


def _addresses_brand(item: Mapping[str, Any], own_id: str) -> bool:
    """Tell whether a post mentions the brand or answers it.

    Since February 2026 the self-serve tiers may answer only the authors of such posts through the API.
    """
    if _answers_brand(item, own_id):
        return True
    mentions = wire.as_list(wire.as_mapping(item.get("entities")).get("mentions"))
    return any(isinstance(mention, dict) and str(mention.get("id")) == own_id for mention in mentions)


def _answers_brand(item: Mapping[str, Any], own_id: str) -> bool:
    return str(item.get("in_reply_to_user_id")) == own_id


def parse_x_post(
    item: Mapping[str, Any],
    stream: StreamKind,
    own_id: str,
    included: Included,
) -> InboundMessage:
    """Parse one post of API v2. Raises `ValueError`, `KeyError` or `TypeError` when it is malformed."""
    remote_id = require_x_id(item.get("id"))
    history = item.get("edit_history_tweet_ids")
    canonical_id = require_x_id(history[0]) if isinstance(history, list) and history else remote_id
    created_at = _created_at(item, remote_id)
    edited_at = None
    if canonical_id != remote_id:
        created_at, edited_at = min(time_from_id(canonical_id), created_at), created_at
    writer = parse_x_author(item.get("author_id"), included.users, own_id)
    thread_id, parent_id = item.get("conversation_id"), replied_to_id(item)
    return InboundMessage(
        stream=stream,
        remote_id=remote_id,
        canonical_id=canonical_id,
        thread_id=canonical_id if thread_id is None else require_x_id(thread_id),
        parent_id=parent_id,
        author=writer,
        text=post_text(item, included),
        created_at=created_at,
        edited_at=edited_at,
        permalink=f"{SITE}/{writer.handle or 'i/web'}/status/{remote_id}",
        attachments=parse_attachments(item, included),
        can_reply=not writer.is_self and (stream == "mentions" or _addresses_brand(item, own_id)),
        reply_ref={"tweet_id": remote_id, "author_id": writer.remote_id},
        is_repost=bool(references(item, "retweeted")),
        has_id_per_edit=True,
        # The parent post is ours and started the conversation.
        is_under_own_post=bool(parent_id) and parent_id == str(thread_id) and _answers_brand(item, own_id),
        versions=_edit_history(history),
        raw=item,
    )


def parse_x_direct_message(
    item: Mapping[str, Any],
    own_id: str,
    included: Included,
) -> InboundMessage | None:
    """Parse one direct message event.

    None for events that are not messages (someone joined or left).
    """
    if item.get("event_type", "MessageCreate") != "MessageCreate":
        return None
    event_id = require_x_id(item.get("id"))
    attachments = parse_attachments(item, included)
    text, entities = item.get("text"), wire.as_mapping(item.get("entities"))
    writer = parse_x_author(item.get("sender_id"), included.users, own_id)
    conversation_id = item.get("dm_conversation_id")
    conversation = "" if conversation_id is None else wire.require_id(conversation_id)
    other = "" if writer.is_self else writer.remote_id
    return InboundMessage(
        stream="direct",
        remote_id=DM_PREFIX + event_id,
        canonical_id=DM_PREFIX + event_id,
        thread_id=DM_PREFIX + (conversation or other or event_id),
        parent_id="",
        author=writer,
        text="" if text is None and attachments else readable_text(wire.require_text(text), entities),
        created_at=_created_at(item, event_id),
        visibility="direct",
        has_id_per_edit=True,
        attachments=attachments,
        can_reply=bool(conversation or other) and not writer.is_self,
        reply_ref={"conversation_id": conversation, "participant_id": other},
        raw=item,
    )
