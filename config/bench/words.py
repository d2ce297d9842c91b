"""The words of the benches' messages: invented, and as unevenly frequent as real ones when drawn by Zipf's law."""

from __future__ import annotations

import random

VOCABULARY = 50_000


def vocabulary() -> list[str]:
    """Invented words, the most frequent first; the same list every time."""
    draw = random.Random(7)
    starts, middles, ends = (
        [
            "b",
            "br",
            "c",
            "ch",
            "d",
            "dr",
            "f",
            "fl",
            "g",
            "gr",
            "h",
            "k",
            "l",
            "m",
            "n",
            "p",
            "pl",
            "r",
            "s",
            "st",
            "t",
            "tr",
            "v",
            "w",
            "z",
        ],
        "aeiou",
        ["l", "m", "n", "r", "s", "t", "k", "nd", "rt"],
    )
    words: dict[str, None] = {}
    while len(words) < VOCABULARY:
        syllables = draw.choice((1, 2, 2, 3))
        word = "".join(draw.choice(starts) + draw.choice(middles) for _ in range(syllables)) + draw.choice(
            ends
        )
        words.setdefault(word)
    return list(words)
