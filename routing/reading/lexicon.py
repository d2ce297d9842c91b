"""Load the word lists of `words/`, one file per language, for a single pass over a text.

The words are our own. `words/en.txt` explains the format of a file.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from routing.text import MIN_PREFIX, tokenize

LANGUAGES = ("en", "de", "fr", "es", "pt", "it", "nl")
_FOLDER = Path(__file__).with_name("words")
#: The least length of words in languages other than English that count when the language of a text is
#: unknown.
_MIN_FOREIGN_LETTERS = 5
#: The number of tokens, beyond those of the lexicon, that a process caches; any others are looked up each
#: time.
_MAX_CACHED = 30_000
_REPEATED = re.compile(r"(.)\1{2,}")

NOT, MORE, LESS, BUT = 1, 2, 3, 4
ASK, COMPLAIN, THANK, DENY, ADVISE = 1, 2, 4, 8, 16
_ROLES = {"not": NOT, "more": MORE, "less": LESS, "but": BUT}
_BITS = {"ask": ASK, "complain": COMPLAIN, "thank": THANK, "advise": ADVISE}


class WordMark(NamedTuple):
    """The meaning of a word or phrase.

    `tone` is from -3 to 3, None for none. A phrase with tone 0 cancels the tone of its words.
    """

    tone: float | None = None
    role: int = 0
    bits: int = 0
    urgency: int = 0
    spam: int = 0

    def with_flags_of(self, other: WordMark) -> WordMark:
        """Return this mark with everything of `other` except its tone.

        `bits` are combined; of `urgency` and `spam` the larger counts. The role is not taken over.
        """
        return self._replace(
            bits=self.bits | other.bits,
            urgency=max(self.urgency, other.urgency),
            spam=max(self.spam, other.spam),
        )


@dataclass(frozen=True, slots=True)
class LexiconEntry:
    """A token's own mark, and the lengths (longest first) of the phrases that begin with it."""

    mark: WordMark | None = None
    lengths: tuple[int, ...] = ()


class Lexicon(dict[str, LexiconEntry | None]):
    """Token → `LexiconEntry`, None for a token without meaning. A lookup never fails.

    The keys of `phrases` are tokens joined with a space. Looked-up tokens are cached, up to a limit.
    """

    def __init__(self, marks: dict[str, WordMark]) -> None:
        super().__init__()
        single = {text: mark for text, mark in marks.items() if " " not in text and not text.endswith("*")}
        self._endings = {text[:-1]: mark for text, mark in marks.items() if text.endswith("*")}
        #: The first letters of the prefixes, and the length of the longest prefix, to rule out most tokens
        #: quickly.
        self._heads = {text[:MIN_PREFIX] for text in self._endings}
        self._longest = max(map(len, self._endings), default=0)
        self.phrases = {text: _phrase_mark(text, mark, marks) for text, mark in marks.items() if " " in text}
        for text, mark in single.items():
            self[text] = LexiconEntry(mark)
        lengths: dict[str, set[int]] = {}
        for text in self.phrases:
            lengths.setdefault(text.partition(" ")[0], set()).add(text.count(" ") + 1)
        for head, phrase_lengths in lengths.items():
            word = self.get(head) or LexiconEntry()
            self[head] = replace(word, lengths=tuple(sorted(phrase_lengths, reverse=True)))
        self._initial_size = len(self)

    def __missing__(self, token: str) -> LexiconEntry | None:
        word = self._find_by_ending(token) or self._find_shortened(token)
        if len(self) < self._initial_size + _MAX_CACHED:
            self[token] = word
        return word

    def _find_by_ending(self, token: str) -> LexiconEntry | None:
        if token[:MIN_PREFIX] not in self._heads:
            return None
        for end in range(min(len(token), self._longest), MIN_PREFIX - 1, -1):
            mark = self._endings.get(token[:end])
            if mark is not None:
                return LexiconEntry(mark)
        return None

    def _find_shortened(self, token: str) -> LexiconEntry | None:
        """Look up a token without its repeated letters: "loooove" as "love"."""
        if _REPEATED.search(token):
            for repeats in (r"\1\1", r"\1"):
                short = _REPEATED.sub(repeats, token)
                if dict.__contains__(self, short):
                    return self[short]
        return None


def _phrase_mark(text: str, mark: WordMark, marks: dict[str, WordMark]) -> WordMark:
    """Return the mark of a phrase with the flags of its parts.

    A pass that matches a phrase does not look at its words again.
    """
    words = text.split(" ")
    for begin in range(len(words)):
        for end in range(begin + 1, len(words) + 1):
            part = marks.get(" ".join(words[begin:end]))
            if part is not None:
                mark = mark.with_flags_of(part)
    return mark


@functools.cache
def load_lexicon(language: str) -> Lexicon:
    """Load the lexicon of one of `LANGUAGES`.

    "" is English with the longer words of the other languages.
    """
    marks = dict(_load_word_file("signs")) | _load_word_file(language or "en")
    if language:
        return Lexicon(marks)
    for other in LANGUAGES[1:]:
        for text, mark in _load_word_file(other).items():
            if len(text) >= _MIN_FOREIGN_LETTERS and text not in marks:
                marks[text] = mark
    return Lexicon(marks)


def lexicon_for_language(language: str) -> Lexicon:
    """Return the lexicon for a text in `language` (ISO 639).

    It is the mixed one when the language is unknown or has no word list.
    """
    return load_lexicon(language if language in LANGUAGES else "")


@functools.cache
def _load_word_file(name: str) -> dict[str, WordMark]:
    """Return the marks of one file by folded text.

    The marks of a text that is in several sections are combined.
    """
    marks: dict[str, WordMark] = {}
    section = ""
    for line in (_FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = line.strip().strip("[]")
        elif not line.startswith("#"):
            for words in filter(None, map(str.strip, line.split(","))):
                star = "*" if words.endswith("*") else ""
                text = " ".join(tokenize(words)) + star
                if text.strip("* "):
                    marks[text] = _mark_in_section(marks.get(text, WordMark()), section)
    return marks


def _mark_in_section(mark: WordMark, section: str) -> WordMark:
    """Return `mark` with what `section` adds to it.

    Raises `ValueError` when there is no such section.
    """
    if section in _ROLES:
        bits = mark.bits | DENY if section in ("not", "but") else mark.bits
        return mark._replace(role=_ROLES[section], bits=bits)
    if section in _BITS:
        return mark._replace(bits=mark.bits | _BITS[section])
    kind, _, number = section.partition(" ")
    if kind == "urgent":
        return mark._replace(urgency=max(mark.urgency, int(number)))
    if kind == "spam":
        return mark._replace(spam=max(mark.spam, int(number)))
    tone = float(section)
    return mark if mark.tone is not None and abs(mark.tone) > abs(tone) else mark._replace(tone=tone)
