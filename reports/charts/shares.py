"""Shares of one whole as bars below each other, each with a mark of the period before."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

_LEFT, _WIDTH, _TOP, _ROW, _BAR = 186.0, 260.0, 12.0, 44.0, 22.0
#: A scale ends at a multiple of ten per cent, and has at most so many marks.
_MOST_MARKS = 5


@dataclass(frozen=True, slots=True)
class ShareBar:
    """One bar with the place of its words; `before` is the x of the mark, None without one."""

    y: float
    width: float
    text_y: float
    end: float
    before: float | None


@dataclass(frozen=True, slots=True)
class ShareChart:
    """The bars in order, the marks of the scale as (x, words), and the height of the drawing."""

    bars: tuple[ShareBar, ...]
    marks: tuple[tuple[float, str], ...]
    bottom: float
    height: float


def share_chart(shares: Sequence[tuple[float, float | None]]) -> ShareChart:
    """Place one bar for each (share now, share before).

    Both are from 0.0 to 1.0.
    """
    largest = max((max(now, before or 0.0) for now, before in shares), default=0.0)
    top = max(math.ceil(largest * 10) * 10, 10)
    bars = tuple(_place_bar(place, now, before, top) for place, (now, before) in enumerate(shares))
    step = 10 * math.ceil(top / 10 / _MOST_MARKS)
    marks = tuple((round(_LEFT + _WIDTH * each / top, 1), f"{each}%") for each in range(0, top + 1, step))
    bottom = _TOP + _ROW * len(shares)
    return ShareChart(bars, marks, bottom, bottom + 30)


def _place_bar(place: int, now: float, before: float | None, top: int) -> ShareBar:
    y, unit = _TOP + _ROW * place + (_ROW - _BAR) / 2, _WIDTH * 100 / top
    mark = None if before is None else round(_LEFT + unit * before, 1)
    width = round(unit * now, 1)
    end = max(_LEFT + width, mark or 0.0)
    return ShareBar(y, width, y + _BAR / 2 + 5, round(end + 8, 1), mark)
