"""Read JSON from a network so that one malformed item does not affect the others.

`load_document` is as fast as orjson when the answer is valid. When it is not (NaN, a number beyond a double,
100,000 levels, a lone surrogate), the answer is split up. Each item that cannot be read is replaced in its
list by a `BrokenItem` with its original text, so that the other items are still read.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from networks.base import InboundMessage, UnreadableItem

#: Only items of these lists may be broken individually; anything else that is broken makes the whole answer invalid.
_ITEM_LISTS = frozenset({"data", "users", "tweets", "media", "errors"})
#: page → data → post → comments → data → comment → its attachment's data; valid answers are not nested deeper.
_SALVAGE_DEPTH = 8
_LONGEST_ID = 200
# Possessive, and the closing quotation mark may be missing: a string that was cut off is read once, to its end. Otherwise
# each quotation mark in it would be tried as the beginning of a string, at the cost of their square.
_TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?+|[\[\]{},:]', re.DOTALL)
_RAW_LIMIT = 1_000_000
_EMPTY: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True)
class BrokenItem:
    """An item that is not storable JSON. `text` is what the network sent, cut at 1,000,000 characters."""

    text: str
    error: str


def load_document(body: bytes) -> Any:
    """Load the document in `body`. Malformed items of its lists become `BrokenItem`.

    Raises `ValueError` when the answer as a whole is not JSON, for example when it was cut off.
    """
    try:
        document = orjson.loads(body)
        # Detects nesting that orjson can read but that Postgres or Python cannot write, for about 1 µs per item.
        orjson.dumps(document)
    except (orjson.JSONDecodeError, TypeError):
        # Bytes that are not UTF-8 become lone surrogates: repaired and flagged later like those sent as \ud800.
        return _salvage_document(body.decode("utf-8", "surrogateescape"), depth=0)
    return document


def _load_value(text: str) -> Any:
    """Load one value; lone surrogates stay in its strings.

    Raises `ValueError` for any other defect.
    """
    try:
        value = orjson.loads(text.encode("utf-8"))
        orjson.dumps(value)
    except UnicodeEncodeError:
        pass
    except (orjson.JSONDecodeError, TypeError):
        if "\\u" not in text:
            raise ValueError("not valid JSON") from None
    else:
        return value
    try:
        value = json.loads(text, parse_constant=_refuse_constant, parse_float=_parse_finite)
        json.dumps(value)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return value


def _refuse_constant(constant: str) -> float:
    raise ValueError(f"{constant} is not JSON")


def _parse_finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError("a number beyond a double")
    return number


def _salvage_document(text: str, depth: int) -> Any:
    text = text.strip().lstrip("\ufeff")
    if depth > _SALVAGE_DEPTH:
        raise ValueError("nested too deeply")
    if text[:1] == "{":
        return {key: _salvage_member(key, part, depth) for key, part in _split_members(text)}
    if text[:1] == "[" and depth == 0:
        return [_salvage_item(part, depth) for _, part in _split_children(text)]
    raise ValueError("the answer is not JSON")


def _salvage_member(key: str, text: str, depth: int) -> Any:
    try:
        return _load_value(text)
    except ValueError:
        if key in _ITEM_LISTS and text[:1] == "[":
            return [_salvage_item(part, depth + 1) for _, part in _split_children(text)]
        return _salvage_document(text, depth + 1)


def _salvage_item(text: str, depth: int) -> Any:
    try:
        return _load_value(text)
    except ValueError as error:
        reason = str(error)
    try:
        return _salvage_document(text, depth + 1)
    except ValueError:
        return BrokenItem(text[:_RAW_LIMIT], reason)


def _split_members(text: str) -> Iterator[tuple[str, str]]:
    for key, part in _split_children(text):
        yield str(json.loads(key)), part


def _split_children(text: str) -> Iterator[tuple[str, str]]:
    """Yield the (key, value) texts directly inside one object.

    For a list: ("", value). Raises `ValueError` when the text was cut off.
    """
    depth, start, key, closed = 0, 1, "", False
    for token in _TOKEN.finditer(text):
        sign, at = token.group()[0], token.start()
        if sign in "{[":
            depth += 1
        elif sign == ":" and depth == 1 and text[0] == "{":
            key, start = text[start:at].strip(), at + 1
        elif sign in "}]" or (sign == "," and depth == 1):
            depth -= sign != ","
            if depth == 0 or sign == ",":
                if part := text[start:at].strip():
                    yield key, part
                key, start, closed = "", at + 1, depth == 0
                if closed:
                    break
    if not closed:
        raise ValueError("the answer was cut off")


def parse_items(
    items: object, parse: Callable[[Any], InboundMessage | None]
) -> tuple[list[InboundMessage], list[UnreadableItem]]:
    """Parse every item; return the messages and the unreadable items.

    An item that `parse` refuses becomes an `UnreadableItem`. None from `parse` means that the item is not a
    message of this stream; it is dropped.
    """
    messages: list[InboundMessage] = []
    unreadable: list[UnreadableItem] = []
    for item in as_list(items):
        if isinstance(item, BrokenItem):
            unreadable.append(UnreadableItem(raw=item.text, error=item.error))
            continue
        try:
            message = parse(item)
        except (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError) as error:
            reason = f"{type(error).__name__}: {error}"
            unreadable.append(UnreadableItem(raw=item, error=reason[:500], remote_id=_item_id(item)))
        else:
            if message is not None:
                messages.append(message)
    return messages, unreadable


def _item_id(item: object) -> str:
    item_id = item.get("id") if isinstance(item, Mapping) else None
    return str(item_id)[:_LONGEST_ID] if isinstance(item_id, str | int) else ""


def as_list(value: object) -> Iterable[Any]:
    """Return a list unchanged, an empty sequence for anything else."""
    return value if isinstance(value, list) else ()


def as_mapping(value: object) -> Mapping[str, Any]:
    """Return an object unchanged, an empty mapping for anything else."""
    # Check for dict first: a Mapping check costs ten times as much, and this runs several times per message.
    return value if isinstance(value, dict) or isinstance(value, Mapping) else _EMPTY  # noqa: SIM101


def require_id(value: object) -> str:
    """Return an id as text.

    Networks send the same id as a string or as a number. Raises `ValueError` for anything else.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST_ID:
        raise ValueError("an id is missing or not an id")
    return value


def require_text(value: object) -> str:
    """Return a string unchanged. Raises `ValueError` for null, numbers and objects."""
    if not isinstance(value, str):
        raise ValueError(f"text expected, got {type(value).__name__}")
    return value


def optional_text(value: object) -> str:
    """Return a string unchanged, "" for anything else.

    For fields that a message can do without.
    """
    return value if isinstance(value, str) else ""


def optional_count(value: object) -> int | None:
    """Return a count that fits the database's bigint, None for anything else."""
    sound = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63
    return value if sound and isinstance(value, int) else None


def require_time(value: object) -> dt.datetime:
    """Return a time in UTC.

    Accepts ISO 8601 with an offset, or seconds since 1970. Raises `ValueError` for anything else: year 0,
    year 300000, no offset.
    """
    try:
        if isinstance(value, str):
            parsed = dt.datetime.fromisoformat(value)
            if parsed.tzinfo is dt.UTC:
                return parsed
            if parsed.tzinfo is None:
                raise ValueError("a time without an offset")
            return parsed.astimezone(dt.UTC)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return dt.datetime.fromtimestamp(value, dt.UTC)
    except (OverflowError, OSError):
        raise ValueError("a time outside the calendar") from None
    raise ValueError("a time is missing")
