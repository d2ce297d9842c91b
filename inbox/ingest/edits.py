"""Messages that are already stored and arrive again: unchanged, edited, deleted or hidden since. Pure."""

from __future__ import annotations

import datetime as dt
import html
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from inbox.ingest.storable import Storable
from inbox.search_words.lexemes import index_text
from networks.base import InboundMessage
from routing.reading import Reading

#: The columns that hold the reading of the text.
READING_COLUMNS = ("language", "sentiment", "urgency", "is_spam", "said", "needs_answer")
_HANDLES = re.compile(r"^(?:@\w+\s+)+")
_LINK = re.compile(r"https?://\S+")


@dataclass(slots=True)
class StoredMessage:
    """A message that is stored already. `corrected` are the fields that a person has corrected."""

    canonical_id: str
    id: int
    remote_id: str
    text: str
    edited_at: dt.datetime | None
    deleted: bool
    hidden: bool
    case_id: int
    #: Its text was deleted here, and what the network says of it is no longer stored.
    erased: bool = False
    needs_answer: bool = True
    corrected: list[str] = field(default_factory=list)
    #: The reading of the edited text, by column; empty when it was not read again.
    reread_values: dict[str, Any] = field(default_factory=dict)

    def apply_reading(self, reading: Reading, *, needs_answer: bool) -> None:
        """Take over the reading of the edited text, except for corrected fields."""
        values = {
            "language": reading.language,
            "sentiment": reading.sentiment,
            "urgency": reading.urgency,
            "is_spam": reading.is_spam,
            "said": reading.said,
            "needs_answer": needs_answer,
        }
        self.reread_values = {name: value for name, value in values.items() if name not in self.corrected}
        self.needs_answer = self.reread_values.get("needs_answer", self.needs_answer)


def original_ids(
    ids: Collection[str], stored: Mapping[str, StoredMessage], items: Iterable[Storable]
) -> dict[str, str]:
    """Return the canonical ids of edited messages by their present ids.

    Of `ids`, those that an edited message got, be it stored (`stored` is by canonical id) or one of the page's public `items`.
    """
    stored_ids = {message.remote_id: message.canonical_id for message in stored.values()}
    public = (item.message for item in items if item.message.visibility == "public")
    page_ids = {
        id_: message.canonical_id for message in public for id_ in (message.remote_id, *message.versions)
    }
    return {
        id_: first
        for id_ in ids
        if id_ not in stored and (first := page_ids.get(id_) or stored_ids.get(id_, id_)) != id_
    }


def change_kind(stored: StoredMessage, item: Storable) -> str:
    """Return what happened to a stored message since: "deleted", "edited", "hidden" or "".

    "hidden" also stands for shown again, "" for nothing, and for a message whose text was deleted here.
    """
    message = item.message
    if stored.erased:
        return ""
    if stored.deleted or message.deleted:
        return "" if stored.deleted else "deleted"
    if _is_edited_since(stored, item):
        return "edited"
    is_current = message.remote_id == stored.remote_id
    return "hidden" if is_current and message.hidden != stored.hidden else ""


def _is_edited_since(stored: StoredMessage, item: Storable) -> bool:
    """Return whether a message was edited since it was stored.

    By the network's time of the edit where it gives one, else by the text.
    """
    edited_at = item.message.edited_at
    if edited_at is not None:
        return stored.edited_at is None or edited_at > stored.edited_at
    if item.message.has_id_per_edit or item.message.remote_id != stored.remote_id:
        return False  # the same version, or an older version of a message that gets a new id with every edit
    if item.message.author.is_self and _sent_words(item.text) == _sent_words(stored.text):
        return False
    return item.text != stored.text


def _sent_words(text: str) -> list[str]:
    """Return the words of our answer without leading handles and links.

    A network gives our text back with handles put in front and with links of its own.
    """
    return _LINK.sub("", _HANDLES.sub("", html.unescape(text))).split()


def message_change_row(stored: StoredMessage, item: Storable, now: dt.datetime) -> dict[str, Any]:
    """Return the row for `write_sql.update_messages`. A deleted message keeps its text."""
    message, deleted = item.message, item.message.deleted
    seen_at = message.edited_at or (now if stored.text != item.text else stored.edited_at)
    text = stored.text if deleted else item.text
    return {
        "id": stored.id,
        "text": text,
        "remote_id": stored.remote_id if deleted else message.remote_id,
        "edited_at": stored.edited_at if deleted else seen_at,
        "hidden": message.hidden,
        "flags": item.flags,
        **{name: stored.reread_values.get(name) for name in READING_COLUMNS},
        "reply_ref": item.reply_ref,
        "permalink": item.permalink,
        "raw": item.raw,
        "search": index_text(text),
        "deleted": deleted,
        "until": (message.edited_at or now).isoformat(),
    }


def supersedes(message: InboundMessage, other: InboundMessage) -> bool:
    """Return whether `message` is a later state than `other` of one message."""
    if message.deleted != other.deleted:
        return message.deleted
    if message.edited_at is None or other.edited_at is None:
        return message.edited_at is not None
    return message.edited_at > other.edited_at
