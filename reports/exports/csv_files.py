"""CSV files that spreadsheets and programs read alike: UTF-8 with a mark, plain columns, no live formula."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Iterable, Iterator, Sequence

from wording.spreadsheets import escape_formula

Cell = str | int | float | dt.datetime | dt.timedelta | None

#: Tells spreadsheets that the file is in UTF-8.
_MARK = "\ufeff"
#: Characters that are written at once.
_PART = 64 * 1024


def write_csv(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[bytes]:
    """Yield a file in parts, while the rows are read: of all rows only one part is held.

    Times are in ISO 8601 with their offset, durations in whole seconds.
    """
    part = io.StringIO()
    part.write(_MARK)
    writer = csv.writer(part)
    writer.writerow(header)
    for row in rows:
        writer.writerow([_write_cell(cell) for cell in row])
        if part.tell() > _PART:
            yield part.getvalue().encode()
            part.seek(0)
            part.truncate()
    yield part.getvalue().encode()


def name_file(*parts: str, kind: str) -> str:
    """Return a file name that says what it holds and of when: "horseshoe-new-cases-2026-10-05-to-2026-10-25.csv"."""
    words = re.sub(r"[^a-z0-9]+", "-", "-".join(parts).lower()).strip("-")
    return f"horseshoe-{words[:120]}.{kind}"


def _write_cell(cell: Cell) -> str | int | float:
    if cell is None:
        return ""
    if isinstance(cell, dt.datetime):
        return cell.isoformat(timespec="seconds")
    if isinstance(cell, dt.timedelta):
        return round(cell.total_seconds())
    return escape_formula(cell) if isinstance(cell, str) else cell
