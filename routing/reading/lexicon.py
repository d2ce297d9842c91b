"""The words that a reading goes by, one file a language under `words/`, made ready for one pass over a text.

The words are our own. `words/en.txt` says how a file reads.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from routing.text import MIN_PREFIX, tokens

LANGUAGES = ("en", "de", "fr", "es", "pt", "it", "nl")
_FOLDER = Path(__file__).with_name("words")
#: Words of other languages that are read where the language is not known have at least this many letters.
_SHORTEST_FOREIGN = 5
#: Words that a process remembers beyond those of the lexicon; more are looked up each time.
_REMEMBERED = 30_000
_REPEATED = re.compile(r"(.)\1{2,}")

NOT, MORE, LESS, BUT = 1, 2, 3, 4
ASK, COMPLAIN, THANK, DENY = 1, 2, 4, 8
_ROLES = {"not": NOT, "more": MORE, "less": LESS, "but": BUT}
_BITS = {"ask": ASK, "complain": COMPLAIN, "thank": THANK}


class Mark(NamedTuple):
    """What a word or phrase says: `tone` from -3 to 3, None when it has none; 0 takes the tone off its words."""

    tone: float | None = None
    role: int = 0
    bits: int = 0
    urgency: int = 0
    spam: int = 0

    def and_flags(self, other: Mark) -> Mark:
        """With what `other` says beside its tone."""
        return self._replace(
            bits=self.bits | other.bits,
            urgency=max(self.urgency, other.urgency),
            spam=max(self.spam, other.spam),
        )


@dataclass(frozen=True, slots=True)
class Word:
    """A token's own mark, and the lengths, longest first, of the phrases that begin with it."""

    mark: Mark | None = None
    lengths: tuple[int, ...] = ()


class Lexicon(dict[str, Word | None]):
    """Token → `Word`, None for one that says nothing. Asking for any token is total and never fails.

    `phrases` are by their tokens joined with a space. What was asked once is remembered, up to a limit.
    """

    def __init__(self, marks: dict[str, Mark]) -> None:
        super().__init__()
        single = {text: mark for text, mark in marks.items() if " " not in text and not text.endswith("*")}
        self._endings = {text[:-1]: mark for text, mark in marks.items() if text.endswith("*")}
        #: How endings begin, and how long the longest is: most tokens are told apart by their first letters.
        self._heads = {text[:MIN_PREFIX] for text in self._endings}
        self._longest = max(map(len, self._endings), default=0)
        self.phrases = {text: _whole(text, mark, marks) for text, mark in marks.items() if " " in text}
        for text, mark in single.items():
            self[text] = Word(mark)
        lengths: dict[str, set[int]] = {}
        for text in self.phrases:
            lengths.setdefault(text.partition(" ")[0], set()).add(text.count(" ") + 1)
        for head, found in lengths.items():
            word = self.get(head) or Word()
            self[head] = replace(word, lengths=tuple(sorted(found, reverse=True)))
        self._known = len(self)

    def __missing__(self, token: str) -> Word | None:
        word = self._by_ending(token) or self._shortened(token)
        if len(self) < self._known + _REMEMBERED:
            self[token] = word
        return word

    def _by_ending(self, token: str) -> Word | None:
        if token[:MIN_PREFIX] not in self._heads:
            return None
        for end in range(min(len(token), self._longest), MIN_PREFIX - 1, -1):
            mark = self._endings.get(token[:end])
            if mark is not None:
                return Word(mark)
        return None

    def _shortened(self, token: str) -> Word | None:
        """ "loooove" is read as "love", "gooood" as "good"."""
        if _REPEATED.search(token):
            for kept in (r"\1\1", r"\1"):
                short = _REPEATED.sub(kept, token)
                if dict.__contains__(self, short):
                    return self[short]
        return None


def _whole(text: str, mark: Mark, marks: dict[str, Mark]) -> Mark:
    """The mark of a phrase with the flags of what it is made of: its words are not looked at again."""
    words = text.split(" ")
    for begin in range(len(words)):
        for end in range(begin + 1, len(words) + 1):
            part = marks.get(" ".join(words[begin:end]))
            if part is not None:
                mark = mark.and_flags(part)
    return mark


@functools.cache
def lexicon_of(language: str) -> Lexicon:
    """The lexicon of one of `LANGUAGES`; "" is English with the longer words of the others."""
    marks = dict(_file("signs")) | _file(language or "en")
    if language:
        return Lexicon(marks)
    for other in LANGUAGES[1:]:
        for text, mark in _file(other).items():
            if len(text) >= _SHORTEST_FOREIGN and text not in marks:
                marks[text] = mark
    return Lexicon(marks)


def for_language(language: str) -> Lexicon:
    """The lexicon for a text in `language` (ISO 639): the mixed one where it is unknown or has none of its own."""
    return lexicon_of(language if language in LANGUAGES else "")


@functools.cache
def _file(name: str) -> dict[str, Mark]:
    """The marks of one file by folded text; a text may stand in several sections."""
    marks: dict[str, Mark] = {}
    section = ""
    for line in (_FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = line.strip().strip("[]")
        elif not line.startswith("#"):
            for words in filter(None, map(str.strip, line.split(","))):
                star = "*" if words.endswith("*") else ""
                text = " ".join(tokens(words)) + star
                if text.strip("* "):
                    marks[text] = _marked(marks.get(text, Mark()), section)
    return marks


def _marked(mark: Mark, section: str) -> Mark:
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
