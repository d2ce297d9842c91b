"""A drawing of people and the links between them: rows by distance from the one with most links. The same input, the same drawing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

#: The box: its width, the height of a row, and the most people in a row.
WIDTH, _ROW, _MOST_IN_ROW = 420, 96, 4
_TOP = 30


class Point(NamedTuple):
    """The place of a person."""

    x: float
    y: float


def place_people(people: Sequence[int], links: Iterable[tuple[int, int]]) -> dict[int, Point]:
    """Return a place for each person.

    Each row is ordered by the average place of the neighbours above.
    """
    near: dict[int, set[int]] = {person: set() for person in people}
    for person, other in links:
        if person != other and person in near and other in near:
            near[person].add(other)
            near[other].add(person)
    rows = [
        row[at : at + _MOST_IN_ROW] for row in _list_rows(near) for at in range(0, len(row), _MOST_IN_ROW)
    ]
    places: dict[int, Point] = {}
    for number, row in enumerate(rows):
        ordered = sorted(row, key=lambda person: (_middle(person, near, places), person))
        room = WIDTH / len(ordered)
        for place, person in enumerate(ordered):
            # Neighbouring rows stand a little apart, so that a straight link crosses nobody between them.
            shift = (-1 if number % 2 else 1) * min(room / 8, 20) if len(ordered) > 1 else 0
            places[person] = Point(round((place + 0.5) * room + shift, 1), _TOP + number * _ROW)
    return places


def place_words(start: Point, end: Point, number: int) -> Point:
    """Return the place of the words of a link: nearer to its lower end.

    Every second one a little higher, so that links from one person do not cover each other's words.
    """
    upper, lower = sorted((start, end), key=lambda point: (point.y, point.x))
    along = 0.56 if number % 2 else 0.76
    if upper.y == lower.y:
        along = 0.5
    return Point(
        round(upper.x + along * (lower.x - upper.x), 1), round(upper.y + along * (lower.y - upper.y) + 4, 1)
    )


def drawing_height(places: dict[int, Point]) -> float:
    """Return the height of a drawing with its last row's names."""
    return max((point.y for point in places.values()), default=0) + 36


def _list_rows(near: dict[int, set[int]]) -> list[list[int]]:
    """Return the people by distance from the busiest of each part."""
    rows: list[list[int]] = []
    left = set(near)
    while left:
        start = min(left, key=lambda person: (-len(near[person]), person))
        border, depth = [start], 0
        while border:
            left -= set(border)
            if depth == len(rows):
                rows.append([])
            rows[depth] += border
            border = sorted({other for person in border for other in near[person]} & left)
            depth += 1
    return rows


def _middle(person: int, near: dict[int, set[int]], places: dict[int, Point]) -> float:
    above = [places[other].x for other in near[person] if other in places]
    return sum(above) / len(above) if above else WIDTH / 2
