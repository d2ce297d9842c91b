"""Read from a text what it is about, by the word lists of `words.txt`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path

from routing.text import MIN_PREFIX, parse_phrase, tokenize

_WORDS = Path(__file__).with_name("words.txt")
_ABOUT = "about "
#: Words of a post that can identify an order or a case: at least four characters, with a digit among them.
_REFERENCE = re.compile(r"(?=[a-z]*\d)[a-z\d]{4,}")
_YEAR = re.compile(r"(?:19|20)\d\d")
#: Spanish and Italian verbs that end in "it": "devolverlo", "restituirla".
_ENCLITIC = re.compile(r"\w+[aei]r(?:lo|la|los|las|li|le)")
_ENCLITIC_ENDS = ("rlo", "rla", "rlos", "rlas", "rli", "rle")
#: A post of fewer words states nothing new; a call for somebody has fewer than these.
_SHORTEST_STATEMENT, _SHORT_CALL = 4, 9
#: Names, links and the reader's own handle say nothing about the subject.
_NOISE = re.compile(r"@[\w.]+|https?://\S+")


@dataclass(frozen=True, slots=True)
class Subjects:
    """The subject of a text, as far as it says.

    `about` are the sections of the word lists, `references` numbers of orders and the like, `words` the beginnings of its
    longer words. `announces_another` and `goes_on`: it says so itself; `stands_alone`: it tells of something without
    pointing at what was said before; `only_calls`: it says nothing yet; `tells_enough`: it is long enough to be judged by
    its words; `begins_midway`: its first word is one that goes on.
    """

    about: frozenset[str]
    references: frozenset[str]
    words: frozenset[str]
    announces_another: bool
    goes_on: bool
    stands_alone: bool
    only_calls: bool
    tells_enough: bool
    begins_midway: bool


@dataclass(slots=True)
class _Lists:
    """The word lists for one pass over a text: sections by word, by ending, and phrases by their first word."""

    words: dict[str, set[str]] = field(default_factory=dict)
    endings: dict[str, set[str]] = field(default_factory=dict)
    phrases: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    longest_ending: int = MIN_PREFIX
    #: The first letters of the endings, to rule out most words quickly.
    heads: set[str] = field(default_factory=set)

    def add(self, written: str, section: str) -> None:
        """Add a word, phrase or ending to a section."""
        phrase, is_ending = parse_phrase(written)
        if not phrase:
            return
        if is_ending:
            self.endings.setdefault(phrase, set()).add(section)
            self.longest_ending = max(self.longest_ending, len(phrase))
            self.heads.add(phrase[:MIN_PREFIX])
        elif " " in phrase:
            self.phrases.setdefault(phrase.partition(" ")[0], []).append((f"{phrase} ", section))
        else:
            self.words.setdefault(phrase, set()).add(section)

    def find_sections(self, tokens: tuple[str, ...]) -> dict[str, int]:
        """Return the sections of which a text holds something.

        Each with the place of its first word.
        """
        section_places: dict[str, int] = {}
        for at, token in enumerate(tokens):
            if token in self.words:
                for section in self.words[token]:
                    section_places.setdefault(section, at)
            if token in self.phrases:
                rest = " ".join(tokens[at : at + 6]) + " "
                for phrase, section in self.phrases[token]:
                    if rest.startswith(phrase):
                        section_places.setdefault(section, at)
            if token[:MIN_PREFIX] in self.heads:
                for length in range(MIN_PREFIX, min(len(token), self.longest_ending) + 1):
                    for section in self.endings.get(token[:length], ()):
                        section_places.setdefault(section, at)
        return section_places


@cache
def _lists() -> _Lists:
    lists, section = _Lists(), ""
    for line in _WORDS.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = line.strip("[] ")
        elif not line.startswith("#"):
            for written in line.split(","):
                lists.add(written, section)
    return lists


@lru_cache(maxsize=256)
def read_subjects(text: str) -> Subjects:
    """Read what a text is about.

    Never raises.
    """
    tokens = tokenize(_NOISE.sub(" ", text))
    lists = _lists()
    section_places = lists.find_sections(tokens)
    begins_midway = section_places.get("begins") == 0
    goes_on = begins_midway or "further" in section_places
    about = frozenset(
        section.removeprefix(_ABOUT) for section in section_places if section.startswith(_ABOUT)
    )
    return Subjects(
        about=about,
        references=frozenset(
            token
            for token in tokens
            if not token.isalpha() and _REFERENCE.fullmatch(token) and not _YEAR.fullmatch(token)
        ),
        words=frozenset(
            token[:6]
            for token in tokens
            if len(token) > 4 and token.isalpha() and "common" not in lists.words.get(token, ())
        ),
        announces_another="another" in section_places,
        goes_on=goes_on,
        stands_alone=not goes_on and _stands_alone(text, tokens, section_places),
        only_calls=not about and "calling" in section_places and len(tokens) < _SHORT_CALL,
        tells_enough=len(tokens) >= _SHORTEST_STATEMENT and "pointing" not in section_places,
        begins_midway=begins_midway,
    )


def _stands_alone(text: str, tokens: tuple[str, ...], section_places: Mapping[str, int]) -> bool:
    """Return whether a text tells of something new.

    It does not point at what was said before.
    """
    if len(tokens) < _SHORTEST_STATEMENT or _has_enclitic(tokens):
        return False
    pointing = section_places.get("pointing", len(tokens))
    if section_places.get("own", len(tokens)) < pointing:
        return True
    return pointing == len(tokens) and ("you" in section_places or "?" in text)


def _has_enclitic(tokens: tuple[str, ...]) -> bool:
    return any(token.endswith(_ENCLITIC_ENDS) and _ENCLITIC.fullmatch(token) for token in tokens)
