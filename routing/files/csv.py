"""Messages in a CSV file, to try rules on or to learn from.

Ragged rows, long cells and unusual encodings are accepted.
"""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from routing.facts import Facts
from routing.files.encoding import BadTable, read_lines
from routing.files.rows import RowReader
from routing.reading import with_reading

__all__ = ["BadTable", "CsvLine", "CsvRow", "CsvTable", "facts_of_row", "read_csv_rows"]

MONDAY_NOON = dt.datetime(2000, 1, 3, 12, tzinfo=dt.UTC)
CsvRow = dict[str, str]


@dataclass(frozen=True, slots=True)
class CsvLine:
    """A row of a table, and the number of the line on which it ends, counted from 1."""

    number: int
    row: CsvRow


class CsvTable:
    """A CSV file, separated by commas, semicolons, tabs or bars, whichever occurs most often in the header.

    Column names are in lower case. How lines become rows is told in `routing.files.rows`.
    """

    def __init__(self, data: bytes | BinaryIO) -> None:
        """Read the header. An open file is read piece by piece.

        Raises `BadTable` when the file is empty or of another type.
        """
        csv.field_size_limit(2**31 - 1)  # the default of 131,072 characters would reject one long message
        self._rows = RowReader(read_lines(data))
        self.names = [name.strip().lower() for name in self._rows.header]

    def require_columns(self, *columns: str) -> None:
        """Check that the columns exist.

        Raises `BadTable` when one is missing; the message names it and the existing columns.
        """
        for column in columns:
            if column.strip().lower() not in self.names:
                there = ", ".join(f"“{name[:40]}”" for name in self.names[:20] if name)
                raise BadTable(f"It has no column “{column}” in its first line, but {there or 'nothing'}.")

    def __iter__(self) -> Iterator[CsvLine]:
        """Yield the rows that are not blank.

        Missing cells are "", surplus cells are dropped, and of columns with the same name the first counts.
        Raises `BadTable` for a quotation mark that would swallow the following rows.
        """
        places = {name: at for at, name in reversed(list(enumerate(self.names)))}
        for cells in self._rows:
            row = {name: cells[at] if at < len(cells) else "" for name, at in places.items()}
            yield CsvLine(self._rows.line, row)


def read_csv_rows(data: bytes, *columns: str) -> Iterator[CsvRow]:
    """Yield the rows of a CSV file (see `CsvTable`).

    The keys of a row are the column names in lower case, and also `columns` as spelled by the caller. Raises
    `BadTable`, also when one of `columns` is missing.
    """
    table = CsvTable(data)
    table.require_columns(*columns)
    spelled = {column: column.strip().lower() for column in columns}
    for line in table:
        yield line.row | {column: line.row[name] for column, name in spelled.items()}


def facts_of_row(row: CsvRow) -> Facts:
    """Return a row as the facts of a message.

    The columns network, stream, brand_account, language and at (ISO time) are used when they exist;
    everything else is read from the text. A row without a time counts as written at noon on a Monday, so that
    the same file always gives the same answer.
    """
    return with_reading(
        Facts(
            text=row["text"],
            network=row.get("network") or "x",
            stream=row.get("stream") or "mentions",
            brand_account=row.get("brand_account") or "",
            at=_parse_moment(row.get("at", "")),
            language=row.get("language") or "",
        )
    )


def _parse_moment(text: str) -> dt.datetime:
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        return MONDAY_NOON
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
