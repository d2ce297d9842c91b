"""The tables of a board as they stand on its page, so that a file holds what the reader has seen.

A cell's value is its text; of `<time datetime="PT7500S">` the seconds, of `<time>` with a moment the moment, of
`<data value>` the value; "1,234" is 1234, and "–" nothing. Programs calculate with files, so that a cell holds a number
alone: "31%" and "▲ 31%" are 31 in a column "(%)", "▼ 3 points" is -3, and "21 of 22" fills two columns.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

from reports.exports.csv_files import Cell

_SECONDS = re.compile(r"PT(-?[0-9]+)S")
_COUNT = re.compile(r"0|-?[1-9][0-9]{0,2}(,[0-9]{3})*|-?[1-9][0-9]*")
_NOTHING = {"–", "·", ""}
_PERCENT = re.compile(r"(?:[▲▼] )?(-?[0-9]+)%")
_POINTS = re.compile(r"([▲▼]) ([0-9]+) points?")
_PAIR = re.compile(r"([0-9]{1,3}(?:,[0-9]{3})*) of ([0-9]{1,3}(?:,[0-9]{3})*)")
#: Elements without an end.
_VOID = {"br", "img", "input", "hr", "wbr", "meta", "link", "col"}


@dataclass(slots=True)
class PageTable:
    """One table: its id, the heading above it; its header and rows for a file, and these as they read on the page."""

    key: str
    title: str = ""
    header: list[str] = field(default_factory=list)
    rows: list[list[Cell]] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    shown: list[list[str]] = field(default_factory=list)

    def finish(self, spans: list[bool]) -> None:
        """Give each column one kind of value: seconds, percents, points, or a part and its whole."""
        columns = [
            _finish_column(name, [row[place] if place < len(row) else None for row in self.rows], is_span)
            for place, (name, is_span) in enumerate(
                zip(self.names, [*spans, *[False] * len(self.names)], strict=False)
            )
        ]
        self.header = [name for column in columns for name, _ in column]
        self.rows = [
            [cells[place] for column in columns for _, cells in column] for place in range(len(self.rows))
        ]


def read_tables(page: str) -> list[PageTable]:
    """Return the tables of a page that have an id."""
    reader = _TableReader()
    reader.feed(page)
    reader.close()
    return reader.tables


def join_tables(tables: Iterable[PageTable]) -> Iterator[list[Cell]]:
    """Yield the rows of one file with all tables.

    Of each its heading, its header and its rows, after an empty row.
    """
    for table in tables:
        yield []
        yield [table.title]
        yield [*table.header]
        yield from table.rows


class _TableReader(HTMLParser):
    """Collects cells. Our pages close every element, and no table stands in another."""

    def __init__(self) -> None:
        super().__init__()
        self.tables: list[PageTable] = []
        self._table: PageTable | None = None
        self._in_head = self._in_cell = False
        self._hidden = 0
        self._row: list[Cell] = []
        self._shown: list[str] = []
        self._heading: list[str] | None = None
        self._title = ""
        self._spans: list[bool] = []
        self._text: list[str] = []
        self._value: str | None = None
        self._is_span = False
        self._colspan = 1

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "table":
            self._table = PageTable(values["id"], self._title) if "id" in values else None
            self._spans = []
        elif tag == "h2":
            self._heading = []
        elif self._table is None or tag in _VOID:
            return
        elif self._hidden or tag == "svg":
            self._hidden += 1
        elif tag in ("thead", "tbody"):
            self._in_head = tag == "thead"
        elif tag == "tr":
            self._row, self._shown = [], []
        elif tag in ("td", "th"):
            self._in_cell, self._text, self._value = True, [], None
            self._is_span, self._colspan = False, int(values.get("colspan", "1") or 1)
        elif self._in_cell and tag == "time":
            match = _SECONDS.fullmatch(values.get("datetime", ""))
            self._value, self._is_span = (match[1], True) if match else (values.get("datetime"), False)
        elif self._in_cell and tag == "data":
            self._value = values.get("value")

    def handle_endtag(self, tag: str) -> None:
        if tag == "h2" and self._heading is not None:
            self._title, self._heading = " ".join("".join(self._heading).split()), None
        if self._table is None:
            return
        if self._hidden:
            self._hidden -= 1
        elif tag in ("td", "th"):
            self._end_cell()
        elif tag == "tr":
            self._end_row()
        elif tag == "table":
            self._table.finish(self._spans)
            self.tables.append(self._table)
            self._table = None

    def handle_data(self, data: str) -> None:
        if self._heading is not None:
            self._heading.append(data)
        if self._in_cell and not self._hidden:
            self._text.append(data)

    def _end_cell(self) -> None:
        place = len(self._row)
        self._spans += [False] * (place + 1 - len(self._spans))
        self._spans[place] |= self._is_span and not self._in_head
        self._row += [_read_cell(self._value, "".join(self._text)), *[None] * (self._colspan - 1)]
        self._shown += [" ".join("".join(self._text).split()), *[""] * (self._colspan - 1)]
        self._in_cell = False

    def _end_row(self) -> None:
        if self._table is None:
            return
        if self._in_head:
            self._table.names = [str(cell or "") for cell in self._row]
        else:
            self._table.rows.append(self._row)
            self._table.shown.append(self._shown)


def _read_cell(value: str | None, text: str) -> Cell:
    shown = " ".join((value if value is not None else text).split())
    if shown in _NOTHING:
        return None
    return int(shown.replace(",", "")) if _COUNT.fullmatch(shown) else shown


def _finish_column(name: str, cells: list[Cell], is_span: bool) -> list[tuple[str, list[Cell]]]:
    """Return a column as one or two named columns of a file."""
    texts = [cell for cell in cells if isinstance(cell, str)]
    if is_span:
        return [(f"{name} (s)", cells)]
    if any(_PAIR.fullmatch(text) for text in texts):
        pairs = [_PAIR.fullmatch(cell) if isinstance(cell, str) else None for cell in cells]
        parts: list[Cell] = [
            _read_count(pair[1]) if pair else cell for pair, cell in zip(pairs, cells, strict=True)
        ]
        return [(name, parts), (f"{name}, of", [_read_count(pair[2]) if pair else None for pair in pairs])]
    if any(_POINTS.fullmatch(text) for text in texts):
        return [(f"{name} (points)", [_read_points(cell) for cell in cells])]
    if any(_PERCENT.fullmatch(text) for text in texts):
        return [(f"{name} (%)", [_read_percent(cell) for cell in cells])]
    return [(name, cells)]


def _read_count(text: str) -> int:
    return int(text.replace(",", ""))


def _read_points(cell: Cell) -> Cell:
    match = _POINTS.fullmatch(cell) if isinstance(cell, str) else None
    if match:
        return int(match[2]) if match[1] == "▲" else -int(match[2])
    return 0 if cell == "as before" else cell


def _read_percent(cell: Cell) -> Cell:
    match = _PERCENT.fullmatch(cell) if isinstance(cell, str) else None
    return int(match[1]) if match else cell
