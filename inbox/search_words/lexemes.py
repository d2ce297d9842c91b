"""The pieces of a text that search compares, as lexemes of Postgres' full-text search, made here and not by its parser.

That parser takes "-2332" for a negative number, "twice/three" for a file and a sentence of Chinese for one word, and does
not fold accents. So the column `search` holds what `index_text` makes, and queries are made of the same pieces.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from routing.pieces import cut_words

#: Postgres' limits: a position has 14 bits, and a lexeme 2 KB.
_LAST_POSITION = 16_383
_LONGEST_LEXEME = 100
#: A number is found by its beginning from this many digits on, and by any part from this many on.
SHORTEST_BEGINNING, SHORTEST_PART = 3, 4
#: Digits of a number of which every part is indexed.
_MOST_DIGITS = 24


def index_text(text: str) -> str:
    """Return the lexemes of `text` as Postgres reads a `tsvector`.

    Of glued pieces also every two in a row, so that a word of two characters is one lookup. Of a number also its endings:
    with them the lookup of a beginning finds any part.
    """
    words = cut_words(text)
    # Most texts are plain, and their words short: nothing to clip. Every message passes here.
    is_plain = text.isascii()
    positions: dict[str, str] = {}
    for at, (word, glued) in enumerate(words, 1):
        place = at if at < _LAST_POSITION else _LAST_POSITION
        for piece in (word,) if word.isalpha() and not glued else _piece_lexemes(words, at - 1):
            lexeme = piece if is_plain and len(piece) <= _LONGEST_LEXEME else clip_lexeme(piece)
            earlier = positions.get(lexeme)
            # No piece holds a quotation mark or a backslash.
            positions[lexeme] = f"{earlier},{place}" if earlier else f"'{lexeme}':{place}"
    return " ".join(positions.values())


def _piece_lexemes(words: Sequence[tuple[str, bool]], at: int) -> list[str]:
    """Return the lexemes of one piece."""
    word, glued = words[at]
    if glued:
        goes_on = at + 1 < len(words) and words[at + 1][1]
        return [word, word + words[at + 1][0]] if goes_on else [word]
    if len(word) > SHORTEST_PART and word[0].isdigit():
        digits = word[:_MOST_DIGITS]
        return [word, *(digits[begin:] for begin in range(1, len(digits) - SHORTEST_PART + 1))]
    return [word]


def clip_lexeme(text: str) -> str:
    """Return a lexeme in its shortest form, never too long."""
    if text.isascii():
        return text[:_LONGEST_LEXEME]
    return unicodedata.normalize("NFC", text[:_LONGEST_LEXEME])


def quote_lexeme(lexeme: str) -> str:
    """Return a lexeme in quotes, where no character is an operator."""
    return "'" + lexeme.replace("\\", "\\\\").replace("'", "''") + "'"
