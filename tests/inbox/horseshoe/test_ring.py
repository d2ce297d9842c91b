"""The drawing: arcs as long as what they stand for, an opening as wide as its share."""

from __future__ import annotations

import math
import re
from itertools import pairwise

import pytest

from inbox.horseshoe.ring import WIDEST_OPENING, Ring, arcs_of, opening_line


def ring(opening):
    return Ring(100, 100, 60, 80, 10, 16, opening)


def length_of(path):
    points = [tuple(map(float, pair.split())) for pair in re.split("[ML]", path)[1:]]
    return sum(math.dist(a, b) for a, b in pairwise(points))


@pytest.mark.parametrize("opening", [0.02, 0.116, 0.5])
def test_arcs_are_as_long_as_their_parts_and_the_opening_as_its_share(opening):
    lengths = [5, 1, 20, 9, 3]
    arcs = arcs_of(ring(opening), lengths)
    whole = math.pi * 2 * 70.4
    found = [length_of(arc.line) for arc in arcs]
    for length, drawn in zip(lengths, found, strict=True):
        assert drawn / sum(found) == pytest.approx(length / sum(lengths), abs=0.004)
    assert length_of(opening_line(ring(opening))) / (
        sum(found) + length_of(opening_line(ring(opening)))
    ) == pytest.approx(opening, abs=0.004)
    assert sum(found) == pytest.approx((1 - opening) * whole, rel=0.02)


def test_it_begins_left_of_the_opening_and_ends_right_of_it():
    first, last = arcs_of(ring(0.1), [1, 1])
    assert first.is_left and not last.is_left
    assert first.anchor_x < 100 < last.anchor_x


def test_nothing_and_everything_can_be_drawn():
    assert arcs_of(ring(0.1), []) == []
    assert all(arc.outline.startswith("M") for arc in arcs_of(ring(0.1), [0, 0]))
    everything = arcs_of(ring(1.0), [1])[0]
    assert length_of(everything.line) == pytest.approx((1 - WIDEST_OPENING) * math.tau * 70.4, rel=0.05)
    assert "nan" not in everything.outline
