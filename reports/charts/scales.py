"""Bars of one scale below each other, with marks of time under them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

_MINUTE = dt.timedelta(minutes=1)
#: Distances of marks, in minutes; beyond them whole weeks.
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 240, 360, 720, 1440, 2880, 4320, 10080, 20160, 40320, 80640, 161280)
_MOST_MARKS = 5


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a bar, in the units of the drawing."""

    x: float
    width: float
    kind: str
    title: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A mark of the scale."""

    x: float
    time: dt.timedelta


def place_segments(
    parts: Sequence[tuple[str, dt.timedelta, str]], longest: dt.timedelta, width: float
) -> tuple[Segment, ...]:
    """Place (kind, time, title) one after the other; `longest` is as long as `width`."""
    segments, x = [], 0.0
    for kind, time, title in parts:
        size = width * (time / longest) if longest else 0.0
        if size:
            segments.append(Segment(round(x, 2), round(size, 2), kind, title))
        x += size
    return tuple(segments)


def place_marks(longest: dt.timedelta, width: float) -> tuple[Mark, ...]:
    """Place marks at round times, from zero on."""
    if not longest:
        return ()
    step = next((n for n in _STEPS if longest / (n * _MINUTE) < _MOST_MARKS), _STEPS[-1])
    count = int(longest / (step * _MINUTE))
    return tuple(
        Mark(round(width * (n * step * _MINUTE / longest), 1), n * step * _MINUTE) for n in range(count + 1)
    )
