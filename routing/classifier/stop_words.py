"""Words that say nothing about what a message is about: articles, pronouns, greetings and the like, in seven languages."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from routing.pieces import cut_words
from routing.text import tokenize

_FILE = Path(__file__).with_name("stop_words.txt")


@cache
def stop_words() -> frozenset[str]:
    """Return the words, folded, as search and rules cut them."""
    lines = [line for line in _FILE.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    return frozenset(
        word for line in lines for word in (*tokenize(line), *(cut for cut, _ in cut_words(line)))
    )
