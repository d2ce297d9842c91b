"""The words that a reading goes by, one file a language under `words/`, made ready for one pass over a text.

The words are our own. `words/en.txt` says how a file reads.
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
#: Words of other languages that are read where the language is not known have at least this many letters.
_MIN_FOREIGN_LETTERS = 5
#: Words that a process remembers beyond those of the lexicon; more are looked up each time.
_MAX_REMEMBERED = 30_000
_REPEATED = re.compile(r"(.)\1{2,}")

NOT, MORE, LESS, BUT = 1, 2, 3, 4
ASK, COMPLAIN, THANK, DENY = 1, 2, 4, 8
_ROLES = {"not": NOT, "more": MORE, "less": LESS, "but": BUT}
_BITS = {"ask": ASK, "complain": COMPLAIN, "thank": THANK}


class WordMark(NamedTuple):
    """What a word or phrase says: `tone` from -3 to 3, None when it has none; 0 takes the tone off its words."""

    tone: float | None = None
    role: int = 0
    bits: int = 0
    urgency: int = 0
    spam: int = 0

    def with_flags_of(self, other: WordMark) -> WordMark:
        """With what `other` says beside its tone."""
        return self._replace(
            bits=self.bits | other.bits,
            urgency=max(self.urgency, other.urgency),
            spam=max(self.spam, other.spam),
        )


@dataclass(frozen=True, slots=True)
class LexiconEntry:
    """A token's own mark, and the lengths, longest first, of the phrases that begin with it."""

    mark: WordMark | None = None
    lengths: tuple[int, ...] = ()


class Lexicon(dict[str, LexiconEntry | None]):
    """Token → `LexiconEntry`, None for one that says nothing. Asking for any token is total and never fails.

    `phrases` are by their tokens joined with a space. What was asked once is remembered, up to a limit.
    """

    def __init__(self, marks: dict[str, WordMark]) -> None:
        super().__init__()
        single = {text: mark for text, mark in marks.items() if " " not in text and not text.endswith("*")}
        self._endings = {text[:-1]: mark for text, mark in marks.items() if text.endswith("*")}
        #: How endings begin, and how long the longest is: most tokens are told apart by their first letters.
        self._heads = {text[:MIN_PREFIX] for text in self._endings}
        self._longest = max(map(len, self._endings), default=0)
        self.phrases = {text: _phrase_mark(text, mark, marks) for text, mark in marks.items() if " " in text}
        for text, mark in single.items():
            self[text] = LexiconEntry(mark)
        lengths: dict[str, set[int]] = {}
        for text in self.phrases:
            lengths.setdefault(text.partition(" ")[0], set()).add(text.count(" ") + 1)
        for head, found in lengths.items():
            word = self.get(head) or LexiconEntry()
            self[head] = replace(word, lengths=tuple(sorted(found, reverse=True)))
        self._known = len(self)

    def __missing__(self, token: str) -> LexiconEntry | None:
        word = self._find_by_ending(token) or self._find_shortened(token)
        if len(self) < self._known + _MAX_REMEMBERED:
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
        """ "loooove" is read as "love", "gooood" as "good"."""
        if _REPEATED.search(token):
            for kept in (r"\1\1", r"\1"):
                short = _REPEATED.sub(kept, token)
                if dict.__contains__(self, short):
                    return self[short]
        return None


def _phrase_mark(text: str, mark: WordMark, marks: dict[str, WordMark]) -> WordMark:
    """The mark of a phrase with the flags of what it is made of: its words are not looked at again."""
    words = text.split(" ")
    for begin in range(len(words)):
        for end in range(begin + 1, len(words) + 1):
            part = marks.get(" ".join(words[begin:end]))
            if part is not None:
                mark = mark.with_flags_of(part)
    return mark


@functools.cache
def load_lexicon(language: str) -> Lexicon:
    """The lexicon of one of `LANGUAGES`; "" is English with the longer words of the others."""
    marks = dict(_load_word_file("signs")) | _load_word_file(language or "en")
    if language:
        return Lexicon(marks)
    for other in LANGUAGES[1:]:
        for text, mark in _load_word_file(other).items():
            if len(text) >= _MIN_FOREIGN_LETTERS and text not in marks:
                marks[text] = mark
    return Lexicon(marks)


def lexicon_for_language(language: str) -> Lexicon:
    """The lexicon for a text in `language` (ISO 639): the mixed one where it is unknown or has none of its own."""
    return load_lexicon(language if language in LANGUAGES else "")


@functools.cache
def _load_word_file(name: str) -> dict[str, WordMark]:
    """The marks of one file by folded text; a text may stand in several sections."""
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
    """`mark` with what standing in `section` adds. Raises `ValueError` for a section that does not exist."""
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
