"""Small charts for a row of a table: a rate by step with a reference line, and bars beside those of before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sparkline:
    """A line of 100 × 24: `points` for a polyline, the last point, the height of the reference; a title in words."""

    points: str
    last_x: float
    last_y: float
    reference: float
    title: str


def draw_sparkline(values: Sequence[float | None], reference: float, title: str) -> Sparkline | None:
    """Draw rates from 0 to 1, oldest first; steps without one are left out.

    None when no step has one.
    """
    gap = 96 / max(len(values) - 1, 1)
    points = [
        (round(2 + number * gap, 1), _height(value))
        for number, value in enumerate(values)
        if value is not None
    ]
    if not points:
        return None
    text = " ".join(f"{x},{y}" for x, y in points)
    return Sparkline(text, *points[-1], _height(reference), title)


def _height(rate: float) -> float:
    return round(22 - 20 * rate, 1)


@dataclass(frozen=True, slots=True)
class StepBars:
    """Bars of 100 × 24 as two paths: those of the period before, and those of this one."""

    before: str
    now: str


def draw_bars(before: Sequence[int], now: Sequence[int], largest: int) -> StepBars:
    """Draw numbers by step, those before first; `largest` fills the height."""
    slot = 100 / max(len(before) + len(now), 1)
    return StepBars(_bar_path(before, 0, slot, largest), _bar_path(now, len(before), slot, largest))


def _bar_path(numbers: Sequence[int], first: int, slot: float, largest: int) -> str:
    """Return a path of bars; `first` is the place of the first one. A person's year has a hundred."""
    parts, width = [], f"{0.8 * slot:.2f}"
    for place, number in enumerate(numbers, start=first):
        height = max(22 * number / largest, 1) if number and largest else 0.5
        parts.append(f"M{slot * place:.2f} {24 - height:.1f}h{width}V24h-{width}z")
    return "".join(parts)
