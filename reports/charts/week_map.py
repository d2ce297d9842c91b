"""A map of a week: a cell for each hour and weekday, shaded by its number, with a line around some of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

#: Shades of cells, from next to nothing to the largest number.
SHADES = 5


@dataclass(frozen=True, slots=True)
class MapLayout:
    """The coordinates of a map: `columns` by `rows` cells of a size, to the right of and below the names."""

    columns: int
    rows: int
    cell_width: float
    cell_height: float
    left: float = 40.0
    top: float = 22.0

    @property
    def width(self) -> float:
        return self.left + self.columns * self.cell_width + 2

    @property
    def height(self) -> float:
        return self.top + self.rows * self.cell_height + 2


#: Weekdays below each other for wide screens, beside each other (three hours to a cell) for phones.
WIDE = MapLayout(columns=24, rows=7, cell_width=40.0, cell_height=27.0)
NARROW = MapLayout(columns=7, rows=8, cell_width=45.0, cell_height=30.0)


@dataclass(frozen=True, slots=True)
class HourCell:
    """One cell to draw: its number, words, list, whether it lies within the line and has a marked corner."""

    number: int
    title: str
    href: str
    is_inside: bool
    is_marked: bool


@dataclass(frozen=True, slots=True)
class DrawnCell:
    """A cell in the coordinates of the drawing."""

    x: float
    y: float
    middle: float
    baseline: float
    corner: str
    shade: int
    cell: HourCell


@dataclass(frozen=True, slots=True)
class WeekMap:
    """The cells with the names of columns and rows; `outline` is the line around those inside."""

    layout: MapLayout
    cells: tuple[DrawnCell, ...]
    columns: tuple[tuple[float, str], ...]
    rows: tuple[tuple[float, str], ...]
    outline: str

    @property
    def cell_width(self) -> float:
        return self.layout.cell_width - 2

    @property
    def cell_height(self) -> float:
        return self.layout.cell_height - 2


def week_map(
    layout: MapLayout, cells: Sequence[HourCell], columns: Sequence[str], rows: Sequence[str]
) -> WeekMap:
    """Place cells, which come row by row."""
    # One bad night must not make all other cells alike.
    ranked = sorted(cell.number for cell in cells)
    largest = ranked[int(0.97 * (len(ranked) - 1))] or ranked[-1]
    drawn = tuple(
        _place(layout, n // layout.columns, n % layout.columns, cell, largest) for n, cell in enumerate(cells)
    )
    return WeekMap(
        layout,
        drawn,
        tuple((layout.left + (n + 0.5) * layout.cell_width, name) for n, name in enumerate(columns)),
        tuple((layout.top + (n + 0.5) * layout.cell_height + 4, name) for n, name in enumerate(rows)),
        _outline(layout, cells),
    )


def _place(layout: MapLayout, row: int, column: int, cell: HourCell, largest: int) -> DrawnCell:
    x, y = layout.left + column * layout.cell_width + 1, layout.top + row * layout.cell_height + 1
    right = x + layout.cell_width - 2
    return DrawnCell(
        x,
        y,
        x + layout.cell_width / 2 - 1,
        y + layout.cell_height / 2 + 3,
        f"M{right - 8:g} {y:g}H{right:g}V{y + 8:g}Z",
        min(-(-SHADES * cell.number // largest), SHADES) if largest else 0,
        cell,
    )


def _outline(layout: MapLayout, cells: Sequence[HourCell]) -> str:
    """Return a path around the cells inside."""
    inside = {divmod(n, layout.columns) for n, cell in enumerate(cells) if cell.is_inside}
    width, height = layout.cell_width, layout.cell_height
    path = []
    for row, column in sorted(inside):
        x, y = layout.left + column * width, layout.top + row * height
        sides = (
            ((row - 1, column), f"M{x:g} {y:g}h{width:g}"),
            ((row + 1, column), f"M{x:g} {y + height:g}h{width:g}"),
            ((row, column - 1), f"M{x:g} {y:g}v{height:g}"),
            ((row, column + 1), f"M{x + width:g} {y:g}v{height:g}"),
        )
        path += [side for other, side in sides if other not in inside]
    return "".join(path)
