"""Placeholders in canned answers: which there are, what is put in their place, and that none is sent. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

#: The placeholders, with what a person reads about each.
PLACEHOLDERS = {
    "customer": "the customer’s name",
    "me": "your name",
    "brand": "the name of the brand account",
    "order": "the order number, which you are asked for",
}
ORDER = "order"
_NAMES = "|".join(PLACEHOLDERS)
_PLACEHOLDER = re.compile(rf"\{{\s*({_NAMES})\s*\}}", re.IGNORECASE)
_ANY = re.compile(r"\{([^{}]*)\}")
#: What compatibility forms of the left bracket look like; texts without any of them need no closer look.
_BRACKETS = "{｛﹛"


def write_placeholders(text: str) -> str:
    """Return the text with every placeholder in its one spelling."""
    return _PLACEHOLDER.sub(lambda match: f"{{{match[1].lower()}}}", text)


def describe_wrong_placeholder(text: str) -> str:
    """Return what is wrong with a text's placeholders.

    "" if nothing is.
    """
    offered = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
    rest = _PLACEHOLDER.sub("", text)
    if match := _ANY.search(rest):
        return f"There is no placeholder {match[0][:60]}. You can use {offered}."
    if "{" in rest or "}" in rest:
        return f"A bracket of a placeholder is missing. You can use {offered}."
    return ""


def find_placeholders(text: str) -> list[str]:
    """Return the names of the placeholders in a text, each once."""
    return list(dict.fromkeys(match[1].lower() for match in _PLACEHOLDER.finditer(text)))


def fill_placeholders(text: str, values: Mapping[str, str]) -> str:
    """Return the text with values in place of its placeholders.

    One without a value, or with an empty one, stays. A value is text: a bracket in it fills nothing again.
    """
    return _PLACEHOLDER.sub(lambda match: values.get(match[1].lower()) or match[0], text)


def unresolved_placeholder_sentence(text: str) -> str:
    """Return which placeholder still stands in an answer, "" for none.

    As a sentence for the author. Invisible characters and wide brackets do not hide one.
    """
    if not any(bracket in text for bracket in _BRACKETS):
        return ""
    seen = "".join(sign for sign in unicodedata.normalize("NFKC", text) if unicodedata.category(sign) != "Cf")
    left = find_placeholders(seen)
    if not left:
        return ""
    named = " and ".join(f"{{{name}}}" for name in left)
    what, it = ("is", "it") if len(left) == 1 else ("are", "them")
    return f"{named} {what} still in your answer. Put the right words in place of {it}, or delete {it}, and send again."
