"""Cut the lines of a CSV file into rows, and refuse what would swallow rows.

Some programs write cells as they are, without quoting them. A cell that happens to begin with a quotation mark then
opens a quoted cell that reaches to the next one, rows later, and the rows between are gone without an error. So a row
over several lines is taken only when its lines do not look like rows of their own.
"""

from __future__ import annotations

import csv
import itertools
import re
from collections import deque
from collections.abc import Iterator

from routing.files.encoding import BadTable

#: A longer row is one whose quotation mark was never closed.
_MAX_LINES_PER_ROW = 5_000
#: Lines from which the usual values of the columns are learned before the first row is read.
_SAMPLE_LINES = 500
_LINE_END = "\r\n"
#: What all cells of a column may be like: numbers and times, or labels. A comma in a sentence has a space behind it.
_SHAPES = (re.compile(r"[0-9][0-9 .:/TZ+-]*"), re.compile(r"[^\W\d][\w &/-]{0,39}"))
_QUOTED_PART = re.compile(r'"[^"\r\n]*"')
_SEPARATOR_LINE = re.compile(r'^\s*"?sep=([^\w"\s]|\t|\\t)"?[,;\t|]*\s*$', re.IGNORECASE)
_SEPARATORS = ",;\t|"


class RowReader:
    """The rows of a CSV file: lists of cells. The first one is the header.

    Before the header, blank lines and the line `sep=;`, by which Excel is told the separator, are skipped. `line` is the
    number of the line on which the last row ended, counted from 1.
    """

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = _Lines(lines)
        self._separator = ""
        self._skip_to_header()
        first = self._lines.peek()
        if not self._separator:
            unquoted = _QUOTED_PART.sub("", first)
            self._separator = max(_SEPARATORS, key=unquoted.count)
        self.header: list[str] = []
        self.header = self._next_row() or []
        sample = [self._split(line) for line in self._lines.sample(_SAMPLE_LINES) if '"' not in line]
        #: For each column, the cells of the first lines in which nothing is quoted.
        self._usual_cells = list(
            zip(*(cells for cells in sample if len(cells) == len(self.header)), strict=True)
        )

    @property
    def line(self) -> int:
        return self._lines.number

    def __iter__(self) -> Iterator[list[str]]:
        """Yield the rows that are not blank. Raises `BadTable` naming the line that cannot be cut."""
        while (cells := self._next_row()) is not None:
            if cells:
                yield cells

    def _skip_to_header(self) -> None:
        while (line := self._lines.peek()) and not self._separator:
            if match := _SEPARATOR_LINE.match(line):
                self._separator = "\t" if match[1] == "\\t" else match[1]
            elif line.strip(_SEPARATORS + _LINE_END + " "):
                return
            next(self._lines)
        while (line := self._lines.peek()) and not line.strip(_SEPARATORS + _LINE_END + " "):
            next(self._lines)

    def _next_row(self) -> list[str] | None:
        """Return the next row.

        [] for a blank line, None at the end.
        """
        first = self._lines.peek()
        if not first:
            return None
        self._lines.record()
        if '"' not in first:
            return self._split(next(self._lines)) if first.strip(_LINE_END) else self._skip_line()
        begins_on = self._lines.number + 1
        try:
            cells = next(csv.reader(self._lines.limited(), delimiter=self._separator, strict=True))
        except (csv.Error, StopIteration):
            return self._cut_as_written(begins_on)
        if len(self._lines.recorded) > 1 and self._holds_other_rows():
            return self._cut_as_written(begins_on)
        return cells

    def _skip_line(self) -> list[str]:
        next(self._lines)
        return []

    def _cut_as_written(self, begins_on: int) -> list[str]:
        """Cut the first of the recorded lines as if nothing were quoted.

        The lines after it are read again. Raises `BadTable` when that gives another number of cells, and where only a
        person can decide: when the separator is not the tab and the quotation mark reaches over several lines.
        """
        lines = self._lines.recorded
        reaches_on = len(lines) > 1 or self._lines.broke_off
        if len(self.header) == 1 and not reaches_on:
            return [lines[0].rstrip(_LINE_END)]
        cells = self._split(lines[0])
        is_even = len(cells) == len(self.header) > 1
        if not is_even or (reaches_on and self._separator != "\t"):
            raise BadTable(self._describe_quotation(begins_on, reaches_on))
        self._lines.give_back()
        return _unquote_cells(cells)

    def _describe_quotation(self, begins_on: int, reaches_on: bool) -> str:
        if self._lines.broke_off:
            return (
                f"A quotation mark in the row that begins on line {begins_on} is never closed: all after it would be one "
                "cell. Close it, or double it where it belongs to the text."
            )
        reach = f", and the cell would reach to line {begins_on + len(self._lines.recorded) - 1}"
        return (
            f"A cell on line {begins_on} begins with a quotation mark, but does not end with one{reach * reaches_on}. "
            "Put the whole cell in quotation marks, and double those that belong to the text."
        )

    def _holds_other_rows(self) -> bool:
        """Return whether each recorded line looks like a row.

        So it does when it has as many cells as the header. Where texts may hold the separator, all its cells but the
        quoted one must also be like those of their columns.
        """
        split_lines = [self._split(line) for line in self._lines.recorded]
        if any(len(cells) != len(self.header) for cells in split_lines) or len(self.header) < 2:
            return False
        if self._separator == "\t":
            return True
        quoted = next(at for at, cell in enumerate(split_lines[0]) if '"' in cell)
        return all(
            self._is_usual(cell, at) for cells in split_lines for at, cell in enumerate(cells) if at != quoted
        )

    def _is_usual(self, cell: str, column: int) -> bool:
        if not self._usual_cells:
            return False
        usual = self._usual_cells[column]
        return cell in usual or any(
            shape.fullmatch(cell) and all(map(shape.fullmatch, usual)) for shape in _SHAPES
        )

    def _split(self, line: str) -> list[str]:
        return line.rstrip(_LINE_END).split(self._separator)


def _unquote_cells(cells: list[str]) -> list[str]:
    """Take the quotation marks off cells that are quoted.

    When another cell of the row is quoted, the broken one is taken for quoted, too.
    """
    quoted = [len(cell) > 1 and cell[0] == cell[-1] == '"' for cell in cells]
    is_broken = ['"' in cell[1:-1].replace('""', "") for cell in cells]
    if any(quotes and not broken for quotes, broken in zip(quoted, is_broken, strict=True)):
        is_broken = [False] * len(cells)
    return [
        cell[1:-1].replace('""', '"') if quotes and not broken else cell
        for cell, quotes, broken in zip(cells, quoted, is_broken, strict=True)
    ]


class _Lines:
    """Lines that can be looked at before they are read, and given back."""

    def __init__(self, source: Iterator[str]) -> None:
        self._source = source
        self._ahead: deque[str] = deque()
        self.number = 0
        self.recorded: list[str] = []
        #: Whether a row wanted more lines than there are, or than a row may have.
        self.broke_off = False

    def peek(self) -> str:
        """Return the next line without reading it, "" at the end."""
        return next(iter(self.sample(1)), "")

    def sample(self, count: int) -> list[str]:
        """Return the next lines without reading them."""
        missing = count - len(self._ahead)
        if missing > 0:
            self._ahead.extend(itertools.islice(self._source, missing))
        return list(itertools.islice(self._ahead, count))

    def record(self) -> None:
        """Begin to record the lines of one row."""
        self.recorded, self.broke_off = [], False

    def give_back(self) -> None:
        """Give back the recorded lines but for the first."""
        self._ahead.extendleft(reversed(self.recorded[1:]))
        self.number -= len(self.recorded) - 1

    def limited(self) -> Iterator[str]:
        """Yield as many lines as a row may have."""
        for _ in range(_MAX_LINES_PER_ROW):
            line = next(self, "")
            if not line:
                break
            yield line
        self.broke_off = True

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._ahead.popleft() if self._ahead else next(self._source)
        self.number += 1
        self.recorded.append(line)
        return line
