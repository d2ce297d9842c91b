"""Horizontal stacked bars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StackPart:
    """One part of a horizontal stacked bar; `series` is the number of its colour."""

    x: float
    width: float
    series: int
    title: str
    href: str


def stack_parts(
    values: Sequence[int], largest: int, titles: Sequence[str], hrefs: Sequence[str]
) -> tuple[StackPart, ...]:
    """Place the parts of one stacked bar.

    Parts without width are left out. The whole bar is 0–100 wide; 100 when its sum is `largest`.
    """
    parts, x = [], 0.0
    for series, (value, title, href) in enumerate(zip(values, titles, hrefs, strict=True)):
        width = 100.0 * value / largest if largest else 0.0
        if value:
            parts.append(StackPart(round(x, 2), round(width, 2), series, title, href))
        x += width
    return tuple(parts)
