"""Small bars for a row of a table, two periods side by side: the earlier one faint."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

#: The box in which the bars stand.
WIDTH, HEIGHT = 110, 24
_GAP = 0.2


class SmallBar(NamedTuple):
    """One bar, from the ground line up."""

    x: float
    y: float
    width: float
    height: float
    is_now: bool


def draw_small_bars(before: Sequence[int], now: Sequence[int]) -> list[SmallBar]:
    """Draw a bar for each number, oldest first; the highest fills the box, and no number but 0 is without a mark."""
    values = [*before, *now]
    most, room = max(values, default=0), WIDTH / max(len(values), 1)
    bars = []
    for place, value in enumerate(values):
        height = round(max(HEIGHT * value / most, 1.0), 1) if value else 0.0
        is_now = place >= len(before)
        bars.append(
            SmallBar(
                round(place * room, 2), round(HEIGHT - height, 1), round(room * (1 - _GAP), 2), height, is_now
            )
        )
    return bars
