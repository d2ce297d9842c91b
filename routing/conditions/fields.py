"""What a condition may ask about, by the kind of answer. Names are those of `routing.facts.Facts`, and three read from
the text alone: `emoji_only`, `has_link`, `word_count`."""

from __future__ import annotations

from typing import Any

#: Compared with the values that a rule names.
CHOICES = (
    "network",
    "stream",
    "brand_account",
    "language",
    "sentiment",
    "previous_department",
    "customer_tags",
)
#: Yes or no.
FLAGS = (
    "verified",
    "is_reply",
    "is_retweet",
    "is_under_own_post",
    "wants_answer",
    "is_spam",
    "emoji_only",
    "has_link",
)
#: At least, at most; the largest number that makes sense for each.
NUMBERS = {"followers": 10**12, "open_cases": 10_000, "urgency": 2, "word_count": 20_000}
#: Fields whose values are known: others are a slip.
VALUES = {"sentiment": ("negative", "neutral", "positive")}
FIELDS = ("words", "pattern", *CHOICES, *NUMBERS, *FLAGS, "hours")


def bounds(leaf: dict[str, Any]) -> tuple[int, int]:
    """The least and the most that a leaf of `NUMBERS` allows."""
    return leaf.get("gte", 0), leaf.get("lte", NUMBERS[leaf["field"]])
