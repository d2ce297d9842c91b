"""The text typed into search, as phrases of pieces, and as a query of Postgres. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from inbox.search_words.lexemes import SHORTEST_BEGINNING, SHORTEST_PART, clip_lexeme, quote_lexeme
from routing.pieces import Piece, cut_pieces

#: Quotation marks that phones and offices type. Single ones are apostrophes as well, so they are none.
_QUOTES = re.compile("[“”„‟«»〝〞〟＂「」『』]")
_PART = re.compile(r'(?P<without>(?<!\S)-)?(?:"(?P<phrase>[^"]*)"|(?P<word>[^\s"]+))')
#: Letters from which a word may be found by its beginning.
_SHORTEST_WORD_BEGINNING = 3


@dataclass(frozen=True, slots=True)
class Phrase:
    """Pieces that follow one another in a text. `without`: texts that have them are left out."""

    pieces: tuple[Piece, ...]
    without: bool = False


@dataclass(frozen=True, slots=True)
class SearchWords:
    """A query: a text matches when it matches any of `choices`, and it matches one when it matches all its phrases.

    `beginnings`: the last word of each phrase may go on in the text.
    """

    choices: tuple[tuple[Phrase, ...], ...]
    beginnings: bool = False

    @property
    def wanted(self) -> tuple[Phrase, ...]:
        """The phrases to mark."""
        return tuple(phrase for choice in self.choices for phrase in choice if not phrase.without)

    @property
    def may_begin_words(self) -> bool:
        """True when looking for `beginnings` would find more."""
        return any(may_go_on(phrase.pieces, beginnings=True) for phrase in self.wanted)

    def as_tsquery(self) -> str:
        """Return the query as Postgres reads it, "" for none."""
        choices = (" & ".join(map(self._phrase_query, choice)) for choice in self.choices)
        return " | ".join(f"({choice})" for choice in choices)

    def _phrase_query(self, phrase: Phrase) -> str:
        terms = _phrase_terms(phrase.pieces, beginnings=self.beginnings)
        query, last = "", 0
        for text, at in terms:
            query += f" <{at - last}> {text}" if query else text
            last = at
        return f"!({query})" if phrase.without else f"({query})"


def parse_search(query: str) -> SearchWords:
    """Return what `query` asks for: words, "phrases", -without, or. Never raises.

    A query without anything to find asks for what it would leave out: "-37245" is the end of a number.
    """
    query = straighten_quotes(query)
    if query.count('"') % 2:
        query = " ".join(query.rsplit('"', 1))  # an inch, or a phrase still being typed
    choices: list[list[Phrase]] = [[]]
    for part in _PART.finditer(query):
        if part["word"] and part["word"].casefold() == "or" and not part["without"]:
            choices.append([])
            continue
        pieces = tuple(cut_pieces(part["word"] or part["phrase"] or ""))
        if pieces:
            choices[-1].append(Phrase(pieces, part["without"] is not None))
    asked = [choice for choice in choices if choice]
    if not any(not phrase.without for choice in asked for phrase in choice):
        asked = [[Phrase(phrase.pieces) for phrase in choice] for choice in asked]
    return SearchWords(tuple(map(tuple, asked)))


def straighten_quotes(query: str) -> str:
    """Return a query with plain quotation marks."""
    return _QUOTES.sub('"', query)


def phrase_of(words: str) -> SearchWords:
    """Return the query for words in a row."""
    pieces = tuple(cut_pieces(words))
    return SearchWords(((Phrase(pieces),),) if pieces else ())


def _phrase_terms(pieces: Sequence[Piece], *, beginnings: bool) -> list[tuple[str, int]]:
    """Return the lexemes to look up, each with its place.

    They are quoted; the place counts the phrase's pieces. Glued pieces are looked up two at a time, a single one alone.
    """
    terms = []
    for at, piece in enumerate(pieces):
        if piece.glued and at + 1 < len(pieces) and pieces[at + 1].glued:
            terms.append((quote_lexeme(clip_lexeme(piece.text + pieces[at + 1].text)), at))
        elif not (piece.glued and at and pieces[at - 1].glued):
            goes_on = at == len(pieces) - 1 and may_go_on(pieces, beginnings=beginnings)
            terms.append((quote_lexeme(clip_lexeme(piece.text)) + (":*" if goes_on else ""), at))
    return terms


def may_go_on(pieces: Sequence[Piece], *, beginnings: bool) -> bool:
    """Return whether the last of a phrase's pieces matches longer ones.

    Numbers do, words with `beginnings`. Behind other pieces a digit less is enough: "KF-73" is more than "73".
    """
    last = pieces[-1]
    if last.text[0].isdigit():
        return len(last.text) >= SHORTEST_BEGINNING - (len(pieces) > 1)
    return beginnings and not last.glued and len(last.text) >= _SHORTEST_WORD_BEGINNING


def piece_matches(asked: Piece, present: Piece, *, first: bool, goes_on: bool) -> bool:
    """Return whether a piece of a text is the one asked for.

    `first`: of a phrase, where a number may begin with other digits. `goes_on`: see `may_go_on`.
    """
    if asked.text == present.text or (goes_on and present.text.startswith(asked.text)):
        return True
    if not first or len(asked.text) < SHORTEST_PART or not asked.text[0].isdigit():
        return False
    return asked.text in present.text if goes_on else present.text.endswith(asked.text)
