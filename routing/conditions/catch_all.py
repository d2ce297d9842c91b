"""Recognise conditions of catch-all rules: conditions that ask for no subject. Pure.

A catch-all asks only for how a message reads or where it came from, such as "English and not angry". Like the default
it takes what no other rule asked for. A rule with a subject, such as a word, may precede it.
"""

from __future__ import annotations

from typing import Any

from routing.conditions.patterns import matches_any_text

JsonDict = dict[str, Any]

#: Fields of a message that say nothing about its subject. Any other field is a subject.
_FIELDS_WITHOUT_SUBJECT = frozenset(
    {
        "network", "stream", "language", "sentiment", "urgency", "wants_answer", "emoji_only", "has_link",
        "word_count", "followers", "verified", "is_reply", "is_retweet", "is_under_own_post", "open_cases", "hours",
    }
)  # fmt: skip


def is_catch_all(condition: JsonDict) -> bool:
    """Return whether messages without any subject can match a valid condition."""
    field = condition.get("field")
    if field == "pattern":
        return matches_any_text(condition["matches"])
    if field is not None:
        return field in _FIELDS_WITHOUT_SUBJECT
    if "all" in condition:
        return all(is_catch_all(part) for part in condition["all"])
    return any(is_catch_all(part) for part in condition["any"]) if "any" in condition else True
