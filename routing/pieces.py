"""Cut a text into pieces for search: finer than words, and each with its place in the text.

Search finds parts of what a rule takes for one word: the parts of "jo_miller", the letters and the digits of "KF37245",
and each syllable of Korean, whose words carry their particles along.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

import regex

from routing.letters import MAX_TEXT_READ, UNSPACED, fold_text
from routing.text import CLUSTER, PICTOGRAMS

#: A syllable of Korean, which folding takes apart.
_SYLLABLE = "[\u1100-\u115f\ua960-\ua97c]+[\u1160-\u11a7\ud7b0-\ud7c6]*[\u11a8-\u11ff\ud7cb-\ud7fb]*"
_JAMO = "\u1100-\u11ff\ua960-\ua97c\ud7b0-\ud7fb"
_PIECE = regex.compile(
    rf"(?P<glued>{CLUSTER}|{_SYLLABLE}|[{_JAMO}])|[\w--[{UNSPACED}{_JAMO}\p{{Nd}}\p{{Pc}}]]+|\p{{Nd}}+|[{PICTOGRAMS}]",
    regex.V1,
)
_ASCII_PIECE = re.compile(r"[a-z]+|[0-9]+")
#: A character with the marks behind it. Folding one such part after another folds the text.
_FOLDED_ALONE = regex.compile(r"\P{M}[\p{M}\p{Cf}\u115f\u1160]*|\p{M}+")
_WHITE_SPACE_ENDS = regex.compile(r"\S+")


class Piece(NamedTuple):
    """A folded piece. `glued`: of a script or language that writes words together.

    `begin` and `end` are its place in the text as it was written.
    """

    text: str
    begin: int
    end: int
    glued: bool = False


#: A third of the time of calling the class.
_make_piece = partial(tuple.__new__, Piece)


def cut_words(text: str) -> list[tuple[str, bool]]:
    """Return the pieces of `text`, in order, as (text, glued).

    Those of `cut_pieces` without their places, in a third of the time.
    """
    text = text[:MAX_TEXT_READ]
    if text.isascii():
        return [(word, False) for word in _ASCII_PIECE.findall(text.lower())]
    return [(match.group(), match["glued"] is not None) for match in _PIECE.finditer(fold_text(text))]


def cut_pieces(text: str) -> list[Piece]:
    """Return the pieces of `text`, in order.

    Only the first `MAX_TEXT_READ` characters count. Never raises.
    """
    text = text[:MAX_TEXT_READ]
    if text.isascii():
        words = _ASCII_PIECE.finditer(text.lower())
        return [_make_piece((word.group(), word.start(), word.end(), False)) for word in words]
    return [
        piece
        for chunk in _WHITE_SPACE_ENDS.finditer(text)
        for piece in _cut_chunk(chunk.group(), chunk.start())
    ]


def _cut_chunk(chunk: str, start: int) -> Iterator[Piece]:
    if chunk.isascii():
        for match in _ASCII_PIECE.finditer(chunk.lower()):
            yield Piece(match.group(), start + match.start(), start + match.end())
        return
    folded, places = "", []
    for part in _FOLDED_ALONE.finditer(chunk):
        letters = fold_text(part.group())
        folded += letters
        places += [part.span()] * len(letters)
    for match in _PIECE.finditer(folded):
        begin, end = places[match.start()][0], places[match.end() - 1][1]
        yield Piece(match.group(), start + begin, start + end, match["glued"] is not None)
