"""Invented words for the benches' messages, as unevenly frequent as real ones when drawn by Zipf's law."""

from __future__ import annotations

import random

VOCABULARY = 50_000


_STARTS = "b br c ch d dr f fl g gr h k l m n p pl r s st t tr v w z".split()
_MIDDLES = "aeiou"
_ENDS = "l m n r s t k nd rt".split()


def vocabulary() -> list[str]:
    """Return invented words, the most frequent first. The same list every time."""
    draw = random.Random(7)
    words: dict[str, None] = {}
    while len(words) < VOCABULARY:
        syllables = draw.choice((1, 2, 2, 3))
        word = "".join(draw.choice(_STARTS) + draw.choice(_MIDDLES) for _ in range(syllables))
        words.setdefault(word + draw.choice(_ENDS))
    return list(words)
