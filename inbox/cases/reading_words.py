"""Readings of messages in words: for a thread's small print, for the history and for the form that corrects them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

from django.conf.locale import LANG_INFO

from inbox.models import Message

_SENTIMENT_WORDS = {"negative": "− negative", "positive": "+ positive", "neutral": "neutral"}
#: Names of the urgencies; 0 is not mentioned.
URGENCY_WORDS = {0: "can wait", 1: "urgent", 2: "serious"}


@cache
def language_names() -> dict[str, str]:
    """Return names of languages by ISO code, ordered by name."""
    named = {
        code: str(about["name"]) for code, about in LANG_INFO.items() if "name" in about and len(code) < 4
    }
    return dict(sorted(named.items(), key=lambda pair: pair[1]))


def language_name(code: str) -> str:
    """Return the language's name. The code itself where it has none here."""
    return language_names().get(code, code) or "language unknown"


class MessageReading(NamedTuple):
    """The reading of a message, under the names of its columns. A thread has few different ones."""

    sentiment: str
    language: str
    urgency: int
    needs_answer: bool
    is_spam: bool
    corrected: tuple[str, ...]


def reading_chips(message: Message | MessageReading) -> list[tuple[str, str]]:
    """Return (style, words) of what was read; a pencil marks corrections."""
    by_person = message.corrected
    chips = [
        ("sentiment", f"tone {message.sentiment}", _SENTIMENT_WORDS.get(message.sentiment, "tone not read")),
    ]
    if message.language or "language" in by_person:
        chips.append(("language", "", language_name(message.language)))
    if message.urgency or "urgency" in by_person:
        style = "risk" if message.urgency else ""
        chips.append(
            ("urgency", style, "▲ " * bool(message.urgency) + URGENCY_WORDS.get(message.urgency, "urgent"))
        )
    if not message.needs_answer:
        chips.append(("needs_answer", "", "needs no answer"))
    elif "needs_answer" in by_person:
        chips.append(("needs_answer", "", "needs an answer"))
    if message.is_spam or "is_spam" in by_person:
        chips.append(("is_spam", "", "spam" if message.is_spam else "no spam"))
    return [(style, f"✎ {words}" if field in by_person else words) for field, style, words in chips]


def reading_in_words(new: Mapping[str, Any]) -> str:
    """Word a person's correction for the case's history. For example "negative tone, needs no answer"."""
    parts = []
    for field, value in new.items():
        match field:
            case "sentiment":
                parts.append(f"{value} tone")
            case "language":
                parts.append(f"in {language_name(value)}" if value else "in an unknown language")
            case "urgency":
                parts.append(URGENCY_WORDS[value])
            case "needs_answer":
                parts.append("needs an answer" if value else "needs no answer")
            case _:
                parts.append("spam" if value else "no spam")
    return ", ".join(parts)
