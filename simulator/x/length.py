"""X's weighted length: links count 23, most scripts 1, CJK and emoji 2; at most 280."""

from __future__ import annotations

from twitter_text import parse_tweet

LIMIT = 280


def weighted(text: str) -> int:
    return int(parse_tweet(text).weightedLength)
