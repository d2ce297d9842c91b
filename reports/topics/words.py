"""Terms of a text: words and two words in a row that may say what it is about. Pure.

Cut as search cuts words, folded. Left out are links, everything with an @ or a digit in it (handles, addresses, order numbers),
stop words of seven languages, and the names that the caller gives.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection

import regex

from routing.classifier.stop_words import stop_words
from routing.letters import MAX_TEXT_READ
from routing.links import without_links
from routing.pieces import cut_pieces, cut_words

#: The prefixes of keys.
TAG, WORD = "tag:", "word:"
#: Shorter words are left out; of a longer text only the first terms count.
_SHORTEST, _LONGEST, _MOST_TERMS = 3, 40, 80
#: What stands between two words of a phrase: spaces, a hyphen or an apostrophe. Anything else ends it.
_BREAK = regex.compile(r"[^\p{L}\p{M}\s'’\-_#]+")
_NOT_A_WORD = regex.compile(r"\S*[@＠\p{Nd}]\S*")


def list_terms(text: str, names: Collection[str] = ()) -> list[str]:
    """Return the terms of a text in order, each once.

    `names` are folded words that are left out. In scripts without spaces a term is two characters in a row.
    """
    terms: dict[str, None] = {}
    for run in _split_runs(text):
        before = ""
        for chunk in run.split():
            before = _add_terms(terms, chunk, before, names)
    return list(terms)[:_MOST_TERMS]


def _add_terms(terms: dict[str, None], chunk: str, before: str, names: Collection[str]) -> str:
    """Add the terms of what stands between two spaces; return the word that a phrase may go on from."""
    glued_before = ""
    for word, glued in cut_words(chunk):
        if glued:
            if glued_before:
                terms[_compose(glued_before + word)] = None
            glued_before, before = word, ""
            continue
        useful = _compose(word) if _says_something(word, names) else ""
        if useful:
            terms[useful] = None
            if before and before != useful:
                terms[f"{before} {useful}"] = None
        before, glued_before = useful, ""
    return before


def name_words(*names: str) -> frozenset[str]:
    """Return the words of names and handles, folded."""
    return frozenset(_compose(word) for name in names for word, _ in cut_words(name))


def find_spelling(text: str, term: str) -> str:
    """Return a term as a text writes it, in small letters; "" where it does not occur."""
    wanted = term.split(" ")
    for run in _split_runs(text):
        pieces = cut_pieces(run)
        folded = [_compose(piece.text) for piece in pieces]
        for at in range(len(pieces)):
            length = len(wanted)
            if folded[at : at + length] == wanted or (
                at + 1 < len(pieces) and folded[at] + folded[at + 1] == term
            ):
                last = at + length - 1 if folded[at : at + length] == wanted else at + 1
                return " ".join(run[pieces[at].begin : pieces[last].end].casefold().split())
    return ""


def _split_runs(text: str) -> list[str]:
    """Return the parts of a text within which words follow one another."""
    bare = _NOT_A_WORD.sub(" . ", without_links(text[:MAX_TEXT_READ]))
    runs: list[str] = _BREAK.split(bare)
    return runs


def _says_something(word: str, names: Collection[str]) -> bool:
    return _SHORTEST <= len(word) <= _LONGEST and word not in stop_words() and _compose(word) not in names


def _compose(text: str) -> str:
    return text if text.isascii() else unicodedata.normalize("NFC", text)
