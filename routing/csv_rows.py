"""Messages in a CSV file, for trying rules on: any encoding errors, ragged rows and long cells included."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterator

from routing.facts import Facts
from routing.reading import with_reading

#: Characters that make a spreadsheet read a cell as a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
MONDAY_NOON = dt.datetime(2000, 1, 3, 12, tzinfo=dt.UTC)
Row = dict[str, str]


class BadTable(ValueError):
    """The file cannot be used; the text says why, for whoever made it."""


def rows(data: bytes, *columns: str) -> Iterator[Row]:
    """The rows of a CSV file (UTF-8, or UTF-16 with its mark). Cells that are missing are "", cells that are too many
    are left out.

    Raises `BadTable` when one of `columns` is missing or the file is no CSV.
    """
    csv.field_size_limit(2**31 - 1)  # the standard 131,072 characters would stop at one long message
    reader = csv.DictReader(io.StringIO(_decoded(data), newline=""))
    try:
        for column in columns:
            if column not in (reader.fieldnames or ()):
                raise BadTable(f"It has no column “{column}”.")
        for row in reader:
            yield {key: value or "" for key, value in row.items() if key is not None}
    except csv.Error as error:
        raise BadTable(f"Line {reader.line_num}: {error}") from error


def _decoded(data: bytes) -> str:
    wide = data[:2] in (b"\xff\xfe", b"\xfe\xff")
    return data.decode("utf-16" if wide else "utf-8-sig", "replace")


def facts_of(row: Row) -> Facts:
    """A row as a message: its columns network, stream, brand_account, language and at (ISO time) where there are any;
    the rest is read from the text. Without a time it counts as written on a Monday at noon, so that the same file gives
    the same answer tomorrow."""
    return with_reading(
        Facts(
            text=row["text"],
            network=row.get("network") or "x",
            stream=row.get("stream") or "mentions",
            brand_account=row.get("brand_account") or "",
            at=_moment(row.get("at", "")),
            language=row.get("language") or "",
        )
    )


def _moment(said: str) -> dt.datetime:
    try:
        moment = dt.datetime.fromisoformat(said)
    except ValueError:
        return MONDAY_NOON
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


def harmless(cell: str) -> str:
    """A cell that no spreadsheet reads as a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
