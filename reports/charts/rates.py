"""A rate by step of a period, one bar each, with a line to compare with."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

#: The drawing's coordinates: a plot 120 high, from y = 20 (100 %) to y = 140 (0).
_TOP, _HEIGHT, _LEFT, _WIDTH = 20.0, 120.0, 36.0, 474.0
#: What a mark under a bar takes up, in the letters of a phone.
_MARK_WIDTH = 56.0


@dataclass(frozen=True, slots=True)
class Rate:
    """One step: its rate, 0.0–1.0 or None, what stands below the bar and what the bar says."""

    rate: float | None
    mark: str
    title: str
    href: str
    mature: bool = True


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar in the coordinates of the drawing, with its label and its title."""

    x: float
    y: float
    width: float
    height: float
    middle: float
    label: str
    title: str
    href: str
    mature: bool = True


@dataclass(frozen=True, slots=True)
class RateChart:
    """The bars; `line` is the y coordinate of the rate to compare with."""

    bars: tuple[Bar, ...]
    line: float


def rate_chart(rates: Sequence[Rate], reference: float) -> RateChart:
    """Place one bar per step, as high as its rate.

    A step without anything to count has a bar without height.
    """
    step = _WIDTH / max(len(rates), 1)
    width = min(40.0, step * 0.68)
    every, bars = math.ceil(_MARK_WIDTH / step), []
    for index, each in enumerate(rates):
        rate = each.rate or 0.0
        x = _LEFT + step * index + (step - width) / 2
        bars.append(
            Bar(
                x=round(x, 1),
                y=round(_y_of_rate(rate), 1),
                width=round(width, 1),
                height=round(rate * _HEIGHT, 1),
                middle=round(x + width / 2, 1),
                # Under many bars only every second mark, or fewer, has room.
                label=each.mark if index % every == 0 else "",
                title=each.title,
                href=each.href,
                mature=each.mature,
            )
        )
    return RateChart(tuple(bars), round(_y_of_rate(reference), 1))


def _y_of_rate(rate: float) -> float:
    return _TOP + (1.0 - rate) * _HEIGHT
