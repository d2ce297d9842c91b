"""One conversation of a file, checked. Pure: the formats are in `json_lines` and `csv_rows`, docs/history.md describes them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from inbox.visibility import Visibility

LONGEST_ID, LONGEST_AUTHOR, LONGEST_BRAND = 200, 128, 120
#: More messages than this in one conversation are a mistake of whoever wrote the file.
MOST_MESSAGES = 20_000
_EARLIEST = dt.datetime(1990, 1, 1, tzinfo=dt.UTC)
_ROLES = ("customer", "brand")


class Rejected(ValueError):
    """A conversation that cannot be taken. The text says why, for the person who made the file."""


@dataclass(frozen=True, slots=True)
class PastMessage:
    """One message of a past conversation."""

    id: str
    author: str
    name: str
    is_brand: bool
    at: dt.datetime
    text: str
    parent: str


@dataclass(frozen=True, slots=True)
class Conversation:
    """A past conversation: its messages in the order in which they were written, answers behind what they answer."""

    line: int
    thread: str
    brand: str
    visibility: Visibility
    messages: tuple[PastMessage, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """The way times are read: the zone of those without one (None refuses them), and now."""

    zone: ZoneInfo | None
    now: dt.datetime


def read_conversation(document: Any, line: int, reading: Reading) -> Conversation:
    """Check one conversation as a file has it.

    Raises `Rejected` for the first thing that is wrong: half a conversation would falsify every number about it.
    """
    if not isinstance(document, Mapping):
        raise Rejected("The line is not a JSON object.")
    thread = _read_id(document.get("thread"), "thread", LONGEST_ID)
    brand = _read_text(document.get("brand"), "brand").strip().removeprefix("@")
    if len(brand) > LONGEST_BRAND or not brand.isprintable():
        raise Rejected(f"The brand is no name of at most {LONGEST_BRAND} characters.")
    try:
        visibility = Visibility(document.get("visibility") or Visibility.PUBLIC)
    except ValueError:
        raise Rejected("The visibility is neither “public” nor “direct”.") from None
    messages = document.get("messages")
    if not isinstance(messages, Sequence) or isinstance(messages, str) or not messages:
        raise Rejected("It has no messages.")
    if len(messages) > MOST_MESSAGES:
        raise Rejected(f"It has more than {MOST_MESSAGES:,} messages.")
    read = [_read_message(message, number, reading) for number, message in enumerate(messages, 1)]
    _refuse_repeated_ids(read)
    if all(message.is_brand for message in read):
        raise Rejected("It has no message of a customer.")
    return Conversation(line, thread, brand, visibility, tuple(_in_order(read)))


def _read_message(message: Any, number: int, reading: Reading) -> PastMessage:
    if not isinstance(message, Mapping):
        raise Rejected(f"Message {number} is not a JSON object.")
    # Formats that have a line for each message say which.
    where = f"Line {message['line']}" if "line" in message else f"Message {number}"
    try:
        role = message.get("role")
        if role not in _ROLES:
            raise Rejected("the role is neither “customer” nor “brand”.")
        return PastMessage(
            id=_read_id(message.get("id"), "id", LONGEST_ID),
            # Some archives leave out who wrote: then nobody knows whether two messages are of one person.
            author=_read_id(message.get("author"), "author", LONGEST_AUTHOR, required=False),
            name=_read_text(message.get("name"), "name"),
            is_brand=role == "brand",
            at=_read_time(message.get("at"), reading),
            text=_read_text(message.get("text"), "text"),
            parent=_read_id(message.get("in_reply_to"), "in_reply_to", LONGEST_ID, required=False),
        )
    except Rejected as error:
        raise Rejected(f"{where}: {error}") from None


def _read_id(value: Any, what: str, longest: int, *, required: bool = True) -> str:
    is_number = isinstance(value, int) and not isinstance(value, bool)
    if value is not None and not is_number and not isinstance(value, str):
        raise Rejected(f"“{what}” is not a text.")
    id_ = "" if value is None else str(value).strip()
    if not id_ and required:
        raise Rejected(f"“{what}” is missing.")
    if len(id_) > longest:
        raise Rejected(f"“{what}” is longer than {longest} characters.")
    if not id_.isprintable():
        raise Rejected(f"“{what}” holds characters that no id can hold.")
    return id_


def _read_text(value: Any, what: str) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Rejected(f"“{what}” is not a text.")
    return value


def _read_time(value: Any, reading: Reading) -> dt.datetime:
    if not isinstance(value, str) or not value.strip():
        raise Rejected("the time (“at”) is missing.")
    try:
        at = dt.datetime.fromisoformat(value.strip())
    except ValueError:
        raise Rejected("the time is not written like 2026-03-29T14:05:00Z.") from None
    if at.tzinfo is None:
        if reading.zone is None:
            raise Rejected("the time has no zone. Write it with one, or name the zone of the file.")
        at = at.replace(tzinfo=reading.zone)
    try:
        at = at.astimezone(dt.UTC)
    except OverflowError:
        raise Rejected("the time is out of range.") from None
    if at < _EARLIEST:
        raise Rejected("the time is before 1990.")
    if at > reading.now:
        raise Rejected("the time is in the future.")
    return at


def _refuse_repeated_ids(messages: Sequence[PastMessage]) -> None:
    seen: set[str] = set()
    for message in messages:
        if message.id in seen:
            raise Rejected("Two of its messages have the same id.")
        seen.add(message.id)


def _in_order(messages: Sequence[PastMessage]) -> list[PastMessage]:
    """Return the messages as they were written.

    Of the same second an answer comes after what it answers, wherever the file has it; else the order of the file counts.
    """
    by_id = {message.id: message for message in messages}
    depths: dict[str, int] = {}
    for message in messages:
        chain: list[str] = []
        at: PastMessage | None = message
        # A file may have a circle of answers: each message is passed once.
        while at is not None and at.id not in depths and at.id not in chain:
            chain.append(at.id)
            at = by_id.get(at.parent)
        depth = depths.get(at.id, 0) + 1 if at is not None else 0
        for id_ in reversed(chain):
            depths[id_] = depth
            depth += 1
    return sorted(messages, key=lambda message: (message.at, depths[message.id]))
