"""Parse Graph's comments, posts and Messenger messages into messages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from networks import wire
from networks.base import Author, InboundMessage
from networks.facebook.attached import FILE_FIELDS, parse_files, parse_media

SITE = "https://www.facebook.com"
#: The fields requested from Graph. Only comments have `parent`.
_SHARED = "id,message,from,created_time,permalink_url,is_hidden"
COMMENT_FIELDS = f"{_SHARED},parent{{id}},can_comment,can_reply_privately,attachment"
POST_FIELDS = f"{_SHARED},attachments{{media_type,type,title,url,media}}"
EITHER_FIELDS = _SHARED
MESSAGE_FIELDS = f"id,message,from,to,created_time,{FILE_FIELDS}"
_COMMENT_LINK = re.compile(r"/(?:posts|videos|photos)/(?:[^/?]*/)*?(\d+)/?\?(.*)")


def parse_facebook_author(item: Mapping[str, Any], own_id: str) -> Author:
    """Parse `from`. Graph omits it when the Page may not know the person."""
    person = item.get("from")
    if not isinstance(person, Mapping) or person.get("id") is None:
        return Author(remote_id="", name=wire.optional_text(wire.as_mapping(person).get("name")))
    remote_id = wire.require_id(person["id"])
    return Author(
        remote_id=remote_id,
        name=wire.optional_text(person.get("name")),
        handle=wire.optional_text(person.get("username")),
        is_self=remote_id == own_id,
    )


def _message_text(item: Mapping[str, Any], has_attachments: bool) -> str:
    """Return the text in `message`, "" when there is none.

    It is absent for a sticker or picture alone, and null only beside an attachment. Raises `ValueError`
    otherwise.
    """
    if "message" not in item or (item["message"] is None and has_attachments):
        return ""
    return wire.require_text(item["message"])


def _ids_from_link(link: str) -> tuple[str, str]:
    """Read the ids of a comment and its parent from its link.

    For items without `id` or `parent`; the parent's id is "" when there is none.
    """
    match = _COMMENT_LINK.search(link)
    if match is None:
        return "", ""
    query = dict(part.partition("=")[::2] for part in match[2].split("&"))
    top, reply = query.get("comment_id", ""), query.get("reply_comment_id", "")
    if reply:
        return f"{match[1]}_{reply}", f"{match[1]}_{top}"
    return (f"{match[1]}_{top}", "") if top else ("", "")


def parse_facebook_comment(
    item: Mapping[str, Any], post_id: str, own_id: str, *, under_own: bool = False
) -> InboundMessage:
    """Parse one comment or nested reply.

    `thread_id` is the top-level comment; `under_own` means that the post is the Page's own. Raises
    `ValueError` when malformed.
    """
    link = wire.optional_text(item.get("permalink_url"))
    linked_id, parent = _ids_from_link(link) if "parent" not in item or "id" not in item else ("", "")
    remote_id = wire.require_id(item.get("id", linked_id))
    if isinstance(above := item.get("parent"), Mapping):
        parent = wire.require_id(above.get("id"))
    attachments = parse_media(item.get("attachment"))
    writer = parse_facebook_author(item, own_id)
    return InboundMessage(
        stream="comments",
        remote_id=remote_id,
        canonical_id=remote_id,
        thread_id=parent or remote_id,
        parent_id=parent or post_id,
        author=writer,
        text=_message_text(item, bool(attachments)),
        created_at=wire.require_time(item.get("created_time")),
        hidden=item.get("is_hidden") is True,
        permalink=link or f"{SITE}/{remote_id}",
        attachments=attachments,
        can_reply=item.get("can_comment") is not False and not writer.is_self,
        reply_ref={"object_id": remote_id, "kind": "comment", "thread_id": parent or remote_id},
        is_under_own_post=under_own,
        raw=item,
    )


def parse_facebook_post(item: Mapping[str, Any], own_id: str) -> InboundMessage:
    """Parse a visitor's post, or one that tags the Page.

    Raises `ValueError` when malformed.
    """
    remote_id = wire.require_id(item.get("id"))
    attached = wire.as_list(wire.as_mapping(item.get("attachments")).get("data"))
    attachments = tuple(attachment for part in attached for attachment in parse_media(part))
    writer = parse_facebook_author(item, own_id)
    return InboundMessage(
        stream="visitor_posts",
        remote_id=remote_id,
        canonical_id=remote_id,
        thread_id=remote_id,
        parent_id="",
        author=writer,
        text=_message_text(item, bool(attachments)),
        created_at=wire.require_time(item.get("created_time")),
        hidden=item.get("is_hidden") is True,
        permalink=wire.optional_text(item.get("permalink_url")) or f"{SITE}/{remote_id}",
        attachments=attachments,
        can_reply=not writer.is_self,
        reply_ref={"object_id": remote_id, "kind": "post", "thread_id": remote_id},
        raw=item,
    )


def parse_messenger_message(
    item: Mapping[str, Any], own_id: str, conversation_id: str = "", link: str = ""
) -> InboundMessage:
    """Parse one Messenger message.

    The thread is identified by the other person, because webhooks report nothing else. `link` is where Graph
    says that the conversation can be read. Raises `ValueError` when malformed.
    """
    address = f"{SITE}{link}" if link.startswith("/") else f"{SITE}/{own_id}/inbox/"
    remote_id = wire.require_id(item.get("id"))
    writer = parse_facebook_author(item, own_id)
    recipients = wire.as_list(wire.as_mapping(item.get("to")).get("data"))
    others = [
        str(recipient.get("id"))
        for recipient in recipients
        if isinstance(recipient, Mapping) and str(recipient.get("id")) != own_id
    ]
    person = writer.remote_id if writer.remote_id and not writer.is_self else (others[0] if others else "")
    attachments = parse_files(item, address)
    return InboundMessage(
        stream="direct",
        remote_id=remote_id,
        canonical_id=remote_id,
        thread_id=f"dm-{person}" if person else conversation_id or remote_id,
        parent_id="",
        author=writer,
        text=_message_text(item, bool(attachments)),
        created_at=wire.require_time(item.get("created_time")),
        visibility="direct",
        permalink=address,
        attachments=attachments,
        can_reply=bool(person) and not writer.is_self,
        reply_ref={"recipient_id": person},
        raw=item,
    )
