"""Pieces of a found text around its first match, with every match marked. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from inbox.search_words.query import Phrase, SearchWords, may_go_on, piece_matches
from routing.letters import MAX_TEXT_READ
from routing.pieces import Piece, cut_pieces

SNIPPET_LENGTH = 240


@dataclass(frozen=True, slots=True)
class SnippetPart:
    """A piece of a snippet. `hit`: it matches the query."""

    text: str
    hit: bool


def build_snippet(text: str, words: SearchWords) -> list[SnippetPart]:
    """Return the text around the first match, in pieces.

    The text stays plain: the template escapes every piece.
    """
    text = text[:MAX_TEXT_READ]
    matches = find_matches(text, words)
    begin = max(0, matches[0][0] - SNIPPET_LENGTH // 3) if matches else 0
    end = begin + SNIPPET_LENGTH
    parts, position = [], begin
    for start, stop in matches:
        if start >= end:
            break
        parts += [_part(text[position:start]), _part(text[start:stop], hit=True)]
        position = stop
    if position < end:
        parts.append(_part(text[position:end]))
    if begin:
        parts.insert(0, SnippetPart("…", False))
    if end < len(text):
        parts.append(SnippetPart("…", False))
    return [part for part in parts if part.text]


def _part(text: str, *, hit: bool = False) -> SnippetPart:
    """Return a part on one line."""
    line = " ".join(text.split())
    left, right = text[:1].isspace() and bool(line), text[-1:].isspace() and bool(line)
    return SnippetPart(f"{' ' * left}{line}{' ' * right}" or " " * bool(text), hit)


def find_matches(text: str, words: SearchWords) -> list[tuple[int, int]]:
    """Return the beginning and end of all matches, in order.

    None is in another. The words of a phrase are marked one by one, what is written together is marked as a whole.
    """
    pieces = cut_pieces(text)
    hits = {at for phrase in words.wanted for at in _matching_pieces(pieces, phrase, words.beginnings)}
    spans: list[tuple[int, int]] = []
    for at in sorted(hits):
        begin, end = pieces[at].begin, pieces[at].end
        if spans and at - 1 in hits and not any(map(str.isspace, text[spans[-1][1] : begin])):
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
        else:
            spans.append((begin, end))
    return spans


def _matching_pieces(pieces: Sequence[Piece], phrase: Phrase, beginnings: bool) -> list[int]:
    """Return the indexes of pieces in a match of `phrase`."""
    asked, count = phrase.pieces, len(phrase.pieces)
    goes_on = may_go_on(asked, beginnings=beginnings)
    first = asked[0].text
    if count == 1 and not goes_on and not first[0].isdigit():
        return [at for at, piece in enumerate(pieces) if piece.text == first]
    return [
        at + offset
        for at in range(len(pieces) - count + 1)
        if all(
            piece_matches(asked[n], pieces[at + n], first=n == 0, goes_on=goes_on and n == count - 1)
            for n in range(count)
        )
        for offset in range(count)
    ]
