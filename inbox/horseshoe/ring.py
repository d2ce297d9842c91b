"""The horseshoe as a drawing: a ring, open at the top, whose arcs are as long as what they stand for.

The ring follows an ellipse and is thickest at the bottom. All numbers are in the units of the drawing.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, pairwise

#: Points by which the ellipse is measured, and the distance of the points of an outline.
_SAMPLES, _STEP = 1440, 9.0
_ANGLES = tuple(math.tau * n / _SAMPLES for n in range(_SAMPLES + 1))
#: An opening is never drawn so wide that no arc is left.
WIDEST_OPENING = 0.9


@dataclass(frozen=True, slots=True)
class Ring:
    """An ellipse around (`x`, `y`); `thin` and `thick` are its thickness at the ends and at the bottom.

    `opening` is the share of its length that is open, 0 to 1.
    """

    x: float
    y: float
    rx: float
    ry: float
    thin: float
    thick: float
    opening: float


@dataclass(frozen=True, slots=True)
class Arc:
    """One arc: its outline, its middle line, and the point of its outer edge where a label points to."""

    outline: str
    line: str
    anchor_x: float
    anchor_y: float
    is_left: bool


def arcs_of(ring: Ring, lengths: Sequence[float]) -> list[Arc]:
    """Place arcs one after the other, from the left of the opening.

    `lengths` are in any unit. Together they fill the ring up to its opening.
    """
    return list(_place_arcs(ring, tuple(lengths)))


@lru_cache(maxsize=64)
def _place_arcs(ring: Ring, lengths: tuple[float, ...]) -> tuple[Arc, ...]:
    whole, at, arcs = sum(lengths), 0.0, list[Arc]()
    curve = _Curve(ring)
    for length in lengths:
        start, at = at, at + length
        arcs.append(curve.arc(start / whole, at / whole) if whole else curve.arc(0, 0))
    return tuple(arcs)


def opening_line(ring: Ring) -> str:
    """Return the path across the opening, along the middle of the ring."""
    return _Curve(ring).bridge()


# A page draws the same ellipse several times, and the next page the same again.
@lru_cache(maxsize=16)
def _measure_ellipse(rx: float, ry: float) -> tuple[float, ...]:
    """Return the way to each angle along the ellipse."""
    points = [(rx * math.sin(angle), ry * math.cos(angle)) for angle in _ANGLES]
    return (0.0, *accumulate(math.dist(before, after) for before, after in pairwise(points)))


class _Curve:
    """The middle line of a ring, measured: a share of its length gives a point."""

    def __init__(self, ring: Ring) -> None:
        self.ring = ring
        self._lengths = _measure_ellipse(ring.rx, ring.ry)
        self._open = max(min(ring.opening, WIDEST_OPENING), 0.0)

    def arc(self, start: float, end: float) -> Arc:
        """Return the arc between two shares of the closed part."""
        count = max(2, math.ceil((end - start) * (1 - self._open) * self._lengths[-1] / _STEP) + 1)
        shares = [start + (end - start) * n / (count - 1) for n in range(count)]
        outer = [self._edge(share, 1) for share in shares]
        inner = [self._edge(share, -1) for share in shares]
        middle = (start + end) / 2
        x, y = self._edge(middle, 1)
        return Arc(
            _write_path([*outer, *reversed(inner)]) + "Z",
            _write_path([self._edge(share, 0) for share in shares]),
            round(x, 1),
            round(y, 1),
            middle < 0.5,
        )

    def bridge(self) -> str:
        half = self._open / 2
        around = [1 - half + 2 * half * n / 12 for n in range(13)]
        return _write_path([self._point(self._angle_at(share % 1)) for share in around])

    def _edge(self, share: float, side: int) -> tuple[float, float]:
        """Return a point of the ring.

        `side` is 1 for its outer edge, -1 for the inner one, 0 for the middle.
        """
        ring = self.ring
        angle = self._angle_at(self._open / 2 + share * (1 - self._open))
        x, y = self._point(angle)
        # The normal of the ellipse, outwards.
        nx, ny = -ring.ry * math.sin(angle), -ring.rx * math.cos(angle)
        size = math.hypot(nx, ny)
        half = side * (ring.thin + (ring.thick - ring.thin) * math.sin(math.pi * share)) / 2
        return x + half * nx / size, y + half * ny / size

    def _point(self, angle: float) -> tuple[float, float]:
        """Return the point at an angle from the top, against the clock."""
        ring = self.ring
        return ring.x - ring.rx * math.sin(angle), ring.y - ring.ry * math.cos(angle)

    def _angle_at(self, share: float) -> float:
        """Return the angle at a share of the ellipse's length."""
        target = share * self._lengths[-1]
        place = min(max(bisect_left(self._lengths, target), 1), _SAMPLES)
        before, after = self._lengths[place - 1], self._lengths[place]
        part = (target - before) / (after - before) if after > before else 0.0
        return _ANGLES[place - 1] + part * (_ANGLES[place] - _ANGLES[place - 1])


def _write_path(points: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
