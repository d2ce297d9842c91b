"""Words for chips, names and networks on pages: made here once per row, only printed by templates."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wording.times import coming_time

#: Kinds of attachments as networks call them, for people.
_KINDS = {
    "photo": "picture", "image": "picture", "animated_gif": "animated picture", "audio": "voice message",
    "application": "file", "text": "file", "fallback": "link", "share": "link", "quoted_post": "quoted post",
    "shared_post": "post", "template": "message with buttons", "location": "place", "media": "attachment",
    "unavailable": "attachment that only the network shows", "unsupported": "message of a kind that only the network shows",
}  # fmt: skip
_SIGNS = {"x": ("X", ""), "facebook": ("f", "f"), "mastodon": ("M", "m")}


@dataclass(frozen=True, slots=True)
class Chip:
    """A short text with a meaning. `tone` holds style classes: risk, late, ok, dept, clock."""

    words: str
    tone: str = ""
    title: str = ""
    #: For a countdown: when it is due and when it begins to be at risk, as ISO times.
    due: str = ""
    soon: str = ""


def returned_chip(times: int, trail: str = "") -> Chip:
    """Return the chip of a case that came back to a department.

    `times`: how many times a department received the case again after having had it. `trail`, for the title: the
    departments that had it, in order.
    """
    words = "⇄ came back" if times == 1 else f"⇄ came back {times} times"
    return Chip(
        words, "late" if times > 1 else "risk", trail or "It came back to a department that had it before"
    )


def unsent_chip(unsent: str) -> Chip:
    """Return the chip of a case with an unsent answer."""
    if unsent == "unconfirmed":
        return Chip(
            "▲ unconfirmed", "late", "An answer may or may not have been published: somebody has to check"
        )
    return Chip("▲ not sent", "late", "An answer was not sent")


def snooze_chip(case: Mapping[str, Any], now: dt.datetime) -> Chip | None:
    """Return until when a case is snoozed, or why it is back.

    None for any other case.
    """
    if case["snoozed_since"] is None:
        words = _BACK_WORDS.get(case["woke"])
        return Chip(f"↺ {words}", "hint", "It was snoozed") if words else None
    until = f" until {coming_time(case['snoozed_until'], now)}" if case["snoozed_until"] else ""
    words = {"customer": "until the customer writes", "colleague": "until a colleague acts"}.get(
        case["snoozed_for"]
    )
    if case["snoozed_for"] == "third_party":
        return Chip(f"waiting on a third party{until}", "", "Its clocks go on")
    return Chip(
        f"snoozed{until or ' ' + str(words)}", "", f"Or {words}" if until and words else "Its clocks go on"
    )


#: The fields of a case that `snooze_chip` needs.
SNOOZE_CHIP_FIELDS = ("snoozed_since", "snoozed_until", "snoozed_for", "woke")
_BACK_WORDS = {
    "time": "it is time", "customer": "the customer wrote", "target": "due soon", "colleague": "a colleague acted",
    "moved": "handed on",
}  # fmt: skip


def priority_chip(priority: int) -> Chip | None:
    """Return the chip of a case that is more urgent than usual. None for any other."""
    return Chip("▲ urgent" if priority > 1 else "▲ high", "risk") if priority > 0 else None


def tone_chip(sentiment: str) -> Chip | None:
    """Return the chip of the tone of a customer's last message.

    None for a neutral one, and for one that was not read.
    """
    if sentiment == "negative":
        return Chip("− negative", "tone", "The tone of the customer’s last message")
    return (
        Chip("+ positive", "", "The tone of the customer’s last message") if sentiment == "positive" else None
    )


def initials(name: str) -> str:
    """Return two letters that stand for a name without a picture.

    One letter if no word of the name begins with a letter or digit; "?" if the name has no letter or digit at all.
    """
    name = name.removeprefix("@")
    words = [word for word in name.replace("_", " ").replace(".", " ").split() if word[:1].isalnum()]
    if not words:
        first = next((letter for letter in name if letter.isalnum()), "?")
        return first.upper()
    if len(words) == 1:
        return words[0][:2].upper()
    return (words[0][0] + words[-1][0]).upper()


def network_sign(network: str) -> tuple[str, str]:
    """Return the letter on a customer's badge and its style class."""
    return _SIGNS.get(network, (network[:1].upper(), ""))


def display_name(handle: str, name: str) -> str:
    """Return the name shown for a customer.

    The same as `Identity.display_name`, for rows that are not model instances.
    """
    return f"@{handle}" if handle else name or "Unknown author"


def attachment_label(stored: Mapping[str, Any]) -> str:
    """Return what a stored attachment is: its name, the address of a link, or else its kind."""
    kind, name = str(stored.get("kind") or "attachment"), str(stored.get("name") or "")
    words = _KINDS.get(kind, kind.replace("_", " "))
    if name and kind == "quoted_post":
        return f"{words} by {name}"
    return name or (str(stored.get("url") or "") if words == "link" else "") or words
