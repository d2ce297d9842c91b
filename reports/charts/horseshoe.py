"""The drawing of the company's horseshoe: arcs, the inner line of the period before, and labels that never overlap.

Labels stand in two columns beside the ring, in lines that fit the column. Where a column is full, the labels of its
shortest arcs are left out; the arc, its title and the table stay.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from inbox.horseshoe.ring import Ring, arcs_of, opening_line

#: The size of the drawing, and the part of it that is shown on a phone, where labels are left out.
WIDTH, HEIGHT = 760, 600
NARROW_BOX = "160 24 440 566"
CENTRE_X, CENTRE_Y = 380, 335
_RING = Ring(CENTRE_X, CENTRE_Y, 176, 211, 34, 54, 0)
_INNER_RING = Ring(CENTRE_X, CENTRE_Y, 137, 170, 7, 7, 0)
#: Columns of labels: their inner edges, and how many letters of each line fit.
_LEFT, _RIGHT, _ELBOW = 166, WIDTH - 166, 12
_NAME_LETTERS, _DETAIL_LETTERS = 22, 27
_TOP, _BOTTOM, _LINE, _SPACE = 96, HEIGHT - 12, 15, 9


@dataclass(frozen=True, slots=True)
class Slice:
    """One part to draw: its kind (a class of the style sheet), its length, its words and its list."""

    kind: str
    length: float
    name: str
    detail: str
    title: str
    href: str


@dataclass(frozen=True, slots=True)
class Label:
    """Words beside the ring: lines with their heights, where they end or begin, and the line to the arc."""

    names: tuple[tuple[str, float], ...]
    details: tuple[tuple[str, float], ...]
    x: int
    is_left: bool
    leader: str


@dataclass(frozen=True, slots=True)
class DrawnArc:
    """One arc of the ring; `label` is None where its column has no room."""

    outline: str
    kind: str
    title: str
    href: str
    label: Label | None


@dataclass(frozen=True, slots=True)
class HorseshoeChart:
    """The whole drawing. `inner` are lines with their kind; `bridge` crosses the opening ("" when closed)."""

    arcs: tuple[DrawnArc, ...]
    inner: tuple[tuple[str, str], ...]
    bridge: str
    outline: str


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A label that wants to stand at a height."""

    index: int
    names: tuple[str, ...]
    details: tuple[str, ...]
    anchor_x: float
    anchor_y: float
    length: float
    y: float = 0.0

    @property
    def height(self) -> float:
        return _LINE * (len(self.names) + len(self.details)) + _SPACE


def horseshoe_chart(
    slices: Sequence[Slice], opening: float, before: Sequence[tuple[str, float]], opening_before: float
) -> HorseshoeChart:
    """Place the arcs and labels of a horseshoe.

    `opening` is a share, 0 to 1. `before` are kinds and lengths of the period before, in the same order.
    """
    ring = replace(_RING, opening=opening)
    arcs = arcs_of(ring, [part.length for part in slices])
    labels: dict[int, Label] = {}
    for is_left in (True, False):
        wanted = [
            _Wanted(
                index,
                wrap_words(part.name, _NAME_LETTERS),
                wrap_words(part.detail, _DETAIL_LETTERS),
                arc.anchor_x,
                arc.anchor_y,
                part.length,
            )
            for index, (part, arc) in enumerate(zip(slices, arcs, strict=True))
            if arc.is_left is is_left
        ]
        labels |= {label.index: _write_label(label, is_left) for label in _spread(wanted)}
    inner = arcs_of(replace(_INNER_RING, opening=opening_before), [length for _, length in before])
    return HorseshoeChart(
        tuple(
            DrawnArc(arc.outline, part.kind, part.title, part.href, labels.get(index))
            for index, (part, arc) in enumerate(zip(slices, arcs, strict=True))
        ),
        tuple((arc.line, kind) for arc, (kind, _) in zip(inner, before, strict=True)),
        opening_line(ring) if opening > 0 else "",
        arcs_of(ring, [1.0])[0].outline,
    )


def wrap_words(text: str, most: int) -> tuple[str, ...]:
    """Break a text into lines of at most `most` letters.

    Wide letters count twice.
    """
    lines, line = [], ""
    for word in _short_words(text, most):
        longer = f"{line} {word}" if line else word
        if line and _width(longer) > most:
            lines.append(line)
            longer = word
        line = longer
    return tuple([*lines, line] if line else lines)


def _short_words(text: str, most: int) -> Iterator[str]:
    for word in text.split(" "):
        while _width(word) > most:
            size = max(n for n in range(1, len(word) + 1) if n == 1 or _width(word[:n]) <= most)
            yield word[:size]
            word = word[size:]  # noqa: PLW2901 (the rest of the word)
        if word:
            yield word


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def _spread(wanted: Iterable[_Wanted]) -> list[_Wanted]:
    """Move labels apart, each near its arc.

    The shortest arcs lose their label while there is too little room for all.
    """
    labels = sorted(wanted, key=lambda label: label.anchor_y)
    while labels and sum(label.height for label in labels) > _BOTTOM - _TOP:
        labels.remove(min(labels, key=lambda label: label.length))
    placed, free = [], float(_TOP)
    for label in labels:
        y = max(label.anchor_y - label.height / 2, free)
        placed.append(replace(label, y=y))
        free = y + label.height
    limit = float(_BOTTOM)
    for place in range(len(placed) - 1, -1, -1):
        label = placed[place]
        placed[place] = replace(label, y=min(label.y, limit - label.height))
        limit = placed[place].y
    return placed


def _write_label(label: _Wanted, is_left: bool) -> Label:
    x, towards = (_LEFT, 1) if is_left else (_RIGHT, -1)
    first = label.y + _LINE
    names = tuple((line, round(first + _LINE * n, 1)) for n, line in enumerate(label.names))
    below = first + _LINE * len(label.names)
    details = tuple((line, round(below + _LINE * n, 1)) for n, line in enumerate(label.details))
    height = first - 4
    leader = f"M{x + towards * 5} {height:.1f}H{x + towards * _ELBOW}L{label.anchor_x} {label.anchor_y}"
    return Label(names, details, x, is_left, leader)
