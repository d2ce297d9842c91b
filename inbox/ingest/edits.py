"""Messages that are stored already and come again: the same, edited, deleted or hidden since. Pure."""

from __future__ import annotations

import datetime as dt
import html
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from inbox.ingest.storable import Storable
from networks.base import InboundMessage
from routing.reading import Reading

#: The columns that hold what was read from the text.
READING_COLUMNS = ("language", "sentiment", "urgency", "is_spam", "needs_answer")
_HANDLES = re.compile(r"^(?:@\w+\s+)+")
_LINK = re.compile(r"https?://\S+")


@dataclass(slots=True)
class StoredMessage:
    """A message that is stored already. `corrected` are the fields about which a person has said what they are."""

    canonical_id: str
    id: int
    remote_id: str
    text: str
    edited_at: dt.datetime | None
    deleted: bool
    hidden: bool
    case_id: int
    needs_answer: bool = True
    corrected: list[str] = field(default_factory=list)
    #: What reading the edited text anew gave, by column.
    reread_values: dict[str, Any] = field(default_factory=dict)

    def apply_reading(self, reading: Reading, *, needs_answer: bool) -> None:
        """Take over what the edited text reads as, but for what a person has corrected."""
        read = {
            "language": reading.language,
            "sentiment": reading.sentiment,
            "urgency": reading.urgency,
            "is_spam": reading.is_spam,
            "needs_answer": needs_answer,
        }
        self.reread_values = {name: value for name, value in read.items() if name not in self.corrected}
        self.needs_answer = self.reread_values.get("needs_answer", self.needs_answer)


def original_ids(
    ids: Collection[str], known: Mapping[str, StoredMessage], items: Iterable[Storable]
) -> dict[str, str]:
    """Of ids that edited messages go by, stored (`known` by canonical id) or in the page, the ids that they had first."""
    stored = {one.remote_id: one.canonical_id for one in known.values()}
    public = (item.message for item in items if item.message.visibility == "public")
    came = {version: one.canonical_id for one in public for version in (one.remote_id, *one.versions)}
    return {
        one: first
        for one in ids
        if one not in known and (first := came.get(one) or stored.get(one, one)) != one
    }


def change_kind(known: StoredMessage, item: Storable) -> str:
    """What happened to a stored message since: "deleted", "edited", "hidden" (or shown again), "" for nothing."""
    message = item.message
    if known.deleted or message.deleted:
        return "" if known.deleted else "deleted"
    if _is_edited_since(known, item):
        return "edited"
    is_current = message.remote_id == known.remote_id
    return "hidden" if is_current and message.hidden != known.hidden else ""


def _is_edited_since(known: StoredMessage, item: Storable) -> bool:
    """Whether an edit has happened since: by the network's time of the edit where it tells one, else by the text."""
    edited_at = item.message.edited_at
    if edited_at is not None:
        return known.edited_at is None or edited_at > known.edited_at
    if item.message.remote_id != known.remote_id:
        return False  # an older version of a message that gets a new id with every edit
    if item.message.author.is_self and _sent_words(item.text) == _sent_words(known.text):
        return False
    return item.text != known.text


def _sent_words(text: str) -> list[str]:
    """The words of an answer of ours. A network gives it back with handles put in front and links of its own."""
    return _LINK.sub("", _HANDLES.sub("", html.unescape(text))).split()


def message_change_row(known: StoredMessage, item: Storable, now: dt.datetime) -> dict[str, Any]:
    """What `ingest_writes.change_messages` writes. A tombstone keeps the text that was deleted."""
    message, kept = item.message, item.message.deleted
    seen_at = message.edited_at or (now if known.text != item.text else known.edited_at)
    text = known.text if kept else item.text
    return {
        "id": known.id,
        "text": text,
        "remote_id": known.remote_id if kept else message.remote_id,
        "edited_at": known.edited_at if kept else seen_at,
        "hidden": message.hidden,
        "flags": item.flags,
        **{name: known.reread_values.get(name) for name in READING_COLUMNS},
        "reply_ref": item.reply_ref,
        "permalink": item.permalink,
        "raw": item.raw,
        "deleted": message.deleted,
        "until": (message.edited_at or now).isoformat(),
    }


def supersedes(message: InboundMessage, other: InboundMessage) -> bool:
    """Whether `message` is a later state of the same message than `other`."""
    if message.deleted != other.deleted:
        return message.deleted
    if message.edited_at is None or other.edited_at is None:
        return message.edited_at is not None
    return message.edited_at > other.edited_at
