"""Make a network's messages safe to store and show: repair them where nothing of value gets lost, and flag them.

Ids are never repaired (a changed id is another message): a bad one raises `Unstorable`.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from inbox.display import attachment_label
from inbox.text import LONGEST_NAME, SURROGATE, clean_address, clean_line, clean_text, needs_repair
from networks.base import Attachment, InboundMessage

LONGEST_PREVIEW = 240
LONGEST_ID = 200
LONGEST_AUTHOR_ID = 128
MAX_ATTACHMENTS = 50
#: Most characters that are stored of what an attachment says.
LONGEST_ATTACHED_TEXT = 2000
#: Postgres' integer, which holds follower counts.
_MAX_FOLLOWERS = 2**31 - 1
_MAX_DEPTH = 200


class Unstorable(ValueError):
    """A message that cannot be stored as a message. The text is the reason, for a person."""


@dataclass(frozen=True, slots=True)
class Storable:
    """A message with every part in a form that the database accepts. `at` is the network's time, never later than now."""

    message: InboundMessage
    text: str
    flags: list[str]
    at: dt.datetime
    author_id: str
    handle: str
    name: str
    avatar_url: str
    followers: int | None
    permalink: str
    attachments: list[dict[str, str]]
    reply_ref: Any
    raw: Any

    @property
    def preview(self) -> str:
        """One line for rows; the kind of the first attachment when there is no text."""
        line = " ".join(self.text[: LONGEST_PREVIEW * 4].split())
        if not line and self.attachments:
            line = f"[{attachment_label(self.attachments[0])}]"
        return line if len(line) <= LONGEST_PREVIEW else line[: LONGEST_PREVIEW - 1] + "…"


def make_storable(message: InboundMessage, own_id: str, now: dt.datetime) -> Storable:
    """Return `message` made fit to store.

    `own_id` is the brand account's own id on the network, `now` the latest time a message may have. Flags are those of
    `clean_text` and "name" (name or handle repaired), "link" (an address was dropped). Raises `Unstorable` when an id or
    the time is unusable.
    """
    _check_ids(message)
    if message.created_at.tzinfo is None:
        raise Unstorable("The message has a time without a zone.")
    text, flags = clean_text(message.text)
    author = message.author
    followers = author.followers
    avatar_url, permalink = clean_address(author.avatar_url), clean_address(message.permalink)
    attachments = [_clean_attachment(attachment) for attachment in message.attachments[:MAX_ATTACHMENTS]]
    if any(len(name) > LONGEST_NAME or needs_repair(name) for name in (author.name, author.handle)):
        flags.append("name")
    addresses = [
        author.avatar_url,
        message.permalink,
        *(attachment.url for attachment in message.attachments),
    ]
    clean_addresses = [avatar_url, permalink, *(attachment["url"] for attachment in attachments)]
    if sum(map(bool, addresses[: len(clean_addresses)])) > sum(map(bool, clean_addresses)):
        flags.append("link")
    return Storable(
        message=message,
        text=text,
        flags=flags,
        at=min(message.created_at, now),
        author_id=own_id if author.is_self else author.remote_id or _unknown_author_id(message),
        handle=clean_line(author.handle),
        name=clean_line(author.name),
        avatar_url=avatar_url,
        followers=None if followers is None else max(0, min(followers, _MAX_FOLLOWERS)),
        permalink=permalink,
        attachments=attachments,
        reply_ref=clean_json(message.reply_ref),
        raw=clean_json(message.raw),
    )


def _clean_attachment(attachment: Attachment) -> dict[str, str]:
    stored = {
        "kind": clean_line(attachment.kind)[:40] or "media",
        "url": clean_address(attachment.url),
        "mime_type": clean_line(attachment.mime_type)[:100],
        "name": clean_line(attachment.name),
    }
    if attachment.text:
        stored["text"] = clean_text(attachment.text[:LONGEST_ATTACHED_TEXT])[0]
    return stored


def _unknown_author_id(message: InboundMessage) -> str:
    """Return an id for an author whom the network withholds.

    It is one person per direct conversation, and a new one per public message.
    """
    key = message.thread_id if message.visibility == "direct" else message.canonical_id
    return f"unknown:{key}"[:LONGEST_AUTHOR_ID]


def _check_ids(message: InboundMessage) -> None:
    _check_id("id", message.remote_id, LONGEST_ID, required=True)
    _check_id("canonical id", message.canonical_id, LONGEST_ID, required=True)
    _check_id("thread id", message.thread_id, LONGEST_ID)
    _check_id("parent id", message.parent_id, LONGEST_ID)
    _check_id("author's id", message.author.remote_id, LONGEST_AUTHOR_ID)


def _check_id(label: str, value: str, longest: int, *, required: bool = False) -> None:
    if required and not value:
        raise Unstorable(f"The message has no {label}.")
    if len(value) > longest:
        raise Unstorable(f"The {label} is longer than {longest} characters.")
    if not value.isprintable():
        raise Unstorable(f"The {label} holds characters that no id can hold.")


def clean_json(value: Any) -> Any:
    """Return a value as Postgres' jsonb takes it; sound ones as they are.

    Raises `Unstorable` for what is nested deeper than 200 levels or is not JSON.
    """
    try:
        written = orjson.dumps(value)
    except (TypeError, RecursionError):
        return _rebuild_json(value, 0)
    return _rebuild_json(value, 0) if b"\\u0000" in written else value


def _rebuild_json(value: Any, depth: int) -> Any:
    if depth > _MAX_DEPTH:
        raise Unstorable("The message's raw form is nested too deeply.")
    if isinstance(value, str):
        return SURROGATE.sub("\ufffd", value.replace("\x00", "\ufffd"))
    if isinstance(value, Mapping):
        return {
            _rebuild_json(str(key), depth + 1): _rebuild_json(part, depth + 1) for key, part in value.items()
        }
    if isinstance(value, list | tuple):
        return [_rebuild_json(part, depth + 1) for part in value]
    if isinstance(value, int) and not isinstance(value, bool) and not -(2**63) <= value < 2**64:
        # Too large for the JSON encoder: kept as text.
        return str(value) if value.bit_length() < 4096 else f"a number of {value.bit_length()} bits"
    if value is None or isinstance(value, bool | int | float):
        return value
    raise Unstorable(f"The message's raw form holds a {type(value).__name__}.")


def raw_bytes(raw: Any) -> bytes:
    """Return an unreadable item as bytes, whatever its type."""
    if isinstance(raw, bytes):
        return raw
    if isinstance(raw, str):
        try:
            # Restore bytes that were not UTF-8 (see `networks.wire.load_document`).
            return raw.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:
            return raw.encode("utf-8", "surrogatepass")
    try:
        return orjson.dumps(raw)
    except (TypeError, RecursionError):
        pass
    try:
        return json.dumps(raw, default=repr).encode()
    except (TypeError, ValueError, RecursionError):
        return repr(type(raw)).encode()
