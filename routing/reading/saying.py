"""Read what a customer says after an answer: that it is fixed, thanks, or another complaint.

The phrases are our own: `said/`, one file per language; `said/en.txt` explains them. Never certain: pages say "by what we could read".
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Literal

from routing.reading.lexicon import ASK, COMPLAIN, LANGUAGES, THANK
from routing.text import is_emoji_only, tokenize

Said = Literal["", "thanks", "fixed", "complains"]
SAYINGS: tuple[Said, ...] = ("thanks", "fixed", "complains")

_FOLDER = Path(__file__).with_name("said")
#: The number of words after a phrase in which a "not" denies it: "geht wieder nicht".
_DENIAL_REACH = 2
#: The number of words before a phrase in which it is denied, wished for or left open.
_WISH_REACH = 12
_SENTENCE_ENDS = re.compile(r"[.!?;,:\n\u2013\u2014\u2026\u3002\uff01\uff1f\u061f]+")
#: Sentences that are looked at: nobody says it later than that.
_MOST_SENTENCES = 200

_ByHead = dict[str, tuple[tuple[str, ...], ...]]


@dataclass(frozen=True, slots=True)
class _Phrases:
    """The phrases of a language; those that are looked for are by first word."""

    fixed: _ByHead
    arrived: _ByHead
    thanked: _ByHead
    open: frozenset[tuple[str, ...]]
    denied: frozenset[tuple[str, ...]]
    #: The first two words of `fixed` and `arrived`, and those that are one word: to pass over most texts quickly.
    pairs: frozenset[tuple[str, ...]]
    singles: frozenset[str]

    def may_be_in(self, words: tuple[str, ...]) -> bool:
        """Return False for words that surely hold no phrase."""
        return not (self.singles.isdisjoint(words) and self.pairs.isdisjoint(pairwise(words)))


def read_said(text: str, language: str, *, bits: int, sentiment: str, asks: bool) -> Said:
    """Read what a message says of its sender's problem.

    "" when it says none of it.

    `bits` are those of the text's words (`routing.reading.lexicon`). Pure and total.
    """
    if sentiment == "negative":
        return "complains" if bits & COMPLAIN else ""
    phrases = _load_phrases(language if language in LANGUAGES else "en")
    # "It arrived, in the wrong size" is no good news; "problem solved" is, for all its problem.
    if phrases.may_be_in(tokenize(text)) and (
        _says(text, phrases.fixed, phrases) or (not bits & COMPLAIN and _says(text, phrases.arrived, phrases))
    ):
        return "fixed"
    if asks or bits & COMPLAIN:
        return ""
    if bits & THANK:
        # "Help" and "answer" ask for it, but not in "thanks for your help".
        return (
            "thanks"
            if sentiment == "positive" or not bits & ASK or any(_find(tokenize(text), phrases.thanked))
            else ""
        )
    return "thanks" if sentiment == "positive" and is_emoji_only(text) else ""


def _says(text: str, wanted: _ByHead, phrases: _Phrases) -> bool:
    """Return whether a sentence holds a wanted phrase and leaves it standing."""
    if not any(_find(tokenize(text), wanted)):
        return False
    # A question is about it, whatever it says; and what is denied or wished for is not so.
    for sentence in _split(text)[:_MOST_SENTENCES]:
        if sentence.endswith(("?", "？", "؟")):
            continue
        of_sentence = tuple(tokenize(sentence))
        for start, end in _find(of_sentence, wanted):
            before, after = (
                of_sentence[max(start - _WISH_REACH, 0) : start],
                of_sentence[end : end + _DENIAL_REACH],
            )
            if not (
                _holds(before, phrases.open)
                or _holds(before, phrases.denied)
                or _holds(after, phrases.denied)
            ):
                return True
    return False


def _split(text: str) -> list[str]:
    """Return the sentences of a text with their marks."""
    ends = [match.end() for match in _SENTENCE_ENDS.finditer(text)]
    return [text[start:end] for start, end in zip([0, *ends], [*ends, len(text)], strict=True)]


def _find(words: tuple[str, ...], by_head: _ByHead) -> Iterable[tuple[int, int]]:
    for start, word in enumerate(words):
        for phrase in by_head.get(word, ()):
            if words[start : start + len(phrase)] == phrase:
                yield start, start + len(phrase)


def _holds(words: tuple[str, ...], phrases: frozenset[tuple[str, ...]]) -> bool:
    return any(
        words[start:end] in phrases
        for start in range(len(words))
        for end in range(start + 1, min(start + 3, len(words)) + 1)
    )


@functools.cache
def _load_phrases(language: str) -> _Phrases:
    sections: dict[str, list[tuple[str, ...]]] = {
        "fixed": [],
        "arrived": [],
        "thanked": [],
        "open": [],
        "denied": [],
    }
    section = ""
    for line in (_FOLDER / f"{language}.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = line.strip("[] ")
        elif not line.startswith("#"):
            sections[section or "fixed"] += [words for part in line.split(",") if (words := tokenize(part))]
    wanted = sections["fixed"] + sections["arrived"]
    return _Phrases(
        _by_head(sections["fixed"]),
        _by_head(sections["arrived"]),
        _by_head(sections["thanked"]),
        frozenset(sections["open"]),
        frozenset(sections["denied"]),
        frozenset(phrase[:2] for phrase in wanted if len(phrase) > 1),
        frozenset(phrase[0] for phrase in wanted if len(phrase) == 1),
    )


def _by_head(phrases: list[tuple[str, ...]]) -> _ByHead:
    return {head: tuple(p for p in phrases if p[0] == head) for head in {phrase[0] for phrase in phrases}}
