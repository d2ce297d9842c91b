"""Fields that a condition may test, by the kind of their values.

Names are those of `routing.facts.Facts`; three more are computed from the text: `emoji_only`, `has_link`,
`word_count`. `about` names word lists (`routing.conditions.word_lists`).
"""

from __future__ import annotations

from typing import Any

#: Fields compared with the values that a rule lists.
CHOICE_FIELDS = (
    "about",
    "network",
    "stream",
    "brand_account",
    "language",
    "sentiment",
    "previous_department",
    "customer_tags",
)
#: Fields that are either yes or no.
FLAG_FIELDS = (
    "verified",
    "is_reply",
    "is_retweet",
    "is_under_own_post",
    "wants_answer",
    "is_spam",
    "emoji_only",
    "has_link",
)
#: Fields compared with a lower bound, an upper one, or both; each with the largest number that makes sense.
NUMBER_FIELDS = {"followers": 10**12, "open_cases": 10_000, "urgency": 2, "word_count": 20_000}
#: Fields with a closed list of values.
FIXED_VALUES = {"sentiment": ("negative", "neutral", "positive")}
ALL_FIELDS = ("words", "pattern", *CHOICE_FIELDS, *NUMBER_FIELDS, *FLAG_FIELDS, "hours")


def number_bounds(leaf: dict[str, Any]) -> tuple[int, int]:
    """Return the lower and upper bound of a leaf of `NUMBER_FIELDS`."""
    return leaf.get("gte", 0), leaf.get("lte", NUMBER_FIELDS[leaf["field"]])
