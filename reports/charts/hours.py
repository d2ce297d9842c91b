"""Hours of a day as bars, in front of what is usual at each hour; and bars of parts above each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

#: The drawing's coordinates: a plot from y = 20 (the most) to y = 220 (0).
_TOP, _HEIGHT, _LEFT, _WIDTH = 20.0, 200.0, 36.0, 524.0
_MOST_LINES = 4
#: The width of the drawing of columns: that of its six columns in the table below it.
_AGES_WIDTH = 360.0


@dataclass(frozen=True, slots=True)
class HourBar:
    """One hour: what came (None for not yet), what is usual (low, median, high), and the words for it."""

    label: str
    count: int | None
    usual: tuple[int, int, int] | None
    is_running: bool
    title: str
    href: str


@dataclass(frozen=True, slots=True)
class PlacedHour:
    """An hour in the coordinates of the drawing; an attribute is None where there is nothing to draw."""

    bar: HourBar
    x: float
    width: float
    middle: float
    y: float
    height: float
    band: tuple[float, float] | None
    median: float | None
    label: str

    @property
    def right(self) -> float:
        return round(self.x + self.width, 1)


@dataclass(frozen=True, slots=True)
class HourChart:
    """The hours, the lines of the scale as (y, number), and the place of now."""

    hours: tuple[PlacedHour, ...]
    lines: tuple[tuple[float, int], ...]
    now: float | None

    @property
    def is_late(self) -> bool:
        """Return whether the words beside now would leave the drawing on the right."""
        return self.now is not None and self.now > _LEFT + 0.85 * _WIDTH


def hour_chart(bars: Sequence[HourBar], share_of_running: float) -> HourChart:
    """Place one bar per hour. `share_of_running` is how much of the running hour is over."""
    step = _WIDTH / max(len(bars), 1)
    width = round(step * 0.66, 1)
    numbers = [n for bar in bars for n in (bar.count or 0, bar.usual[2] if bar.usual else 0)]
    every = _distance(max(numbers, default=0))
    most = max(every * -(-max(numbers, default=0) // every), every)

    def height(n: int) -> float:
        return round(_HEIGHT * n / most, 1)

    placed, now = [], None
    for place, bar in enumerate(bars):
        x = round(_LEFT + step * place + (step - width) / 2, 1)
        if bar.is_running:
            now = round(_LEFT + step * (place + share_of_running), 1)
        tall = height(bar.count or 0)
        band = None
        if bar.usual:
            low, _, high = bar.usual
            band = (round(_TOP + _HEIGHT - height(high), 1), round(height(high) - height(low), 1))
        placed.append(
            PlacedHour(
                bar,
                x,
                width,
                round(x + width / 2, 1),
                round(_TOP + _HEIGHT - tall, 1),
                tall,
                band,
                round(_TOP + _HEIGHT - height(bar.usual[1]), 1) if bar.usual else None,
                bar.label if place % 3 == 0 else "",
            )
        )
    lines = tuple((round(_TOP + _HEIGHT - height(n), 1), n) for n in range(0, most + 1, every))
    return HourChart(tuple(placed), lines, now)


def _distance(most: int) -> int:
    """Return the distance of lines: 1, 2 or 5 times a power of ten."""
    size = 1
    while True:
        for factor in (1, 2, 5):
            if factor * size * _MOST_LINES >= most:
                return factor * size
        size *= 10


@dataclass(frozen=True, slots=True)
class Column:
    """A column of two parts: `over` stands on the rest."""

    label: str
    count: int
    over: int
    title: str
    href: str

    @property
    def is_partly_over(self) -> bool:
        return 0 < self.over < self.count


@dataclass(frozen=True, slots=True)
class PlacedColumn:
    """A column in the coordinates of the drawing."""

    column: Column
    x: float
    width: float
    middle: float
    y: float
    rest: tuple[float, float]
    over: tuple[float, float]


def place_columns(columns: Sequence[Column]) -> tuple[PlacedColumn, ...]:
    """Place columns side by side, from y = 130 upwards; the largest is 100 high."""
    most = max((column.count for column in columns), default=0) or 1
    step = _AGES_WIDTH / max(len(columns), 1)
    placed = []
    for place, column in enumerate(columns):
        whole, over = 100.0 * column.count / most, 100.0 * column.over / most
        x = step * place + step * 0.1
        top = round(130.0 - whole, 1)
        placed.append(
            PlacedColumn(
                column,
                round(x, 1),
                round(step * 0.8, 1),
                round(step * (place + 0.5), 1),
                top,
                (round(top + over, 1), round(whole - over, 1)),
                (top, round(over, 1)),
            )
        )
    return tuple(placed)
