"""Messages in a CSV file, for trying rules on: any encoding errors, ragged rows and long cells included."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterator

from routing.facts import Facts
from routing.reading import read
from routing.reading.languages import language_of

#: Characters that make a spreadsheet read a cell as a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
Row = dict[str, str]


class BadTable(ValueError):
    """The file cannot be used; the text says why, for whoever made it."""


def rows(data: bytes, *columns: str) -> Iterator[Row]:
    """The rows of a CSV file (UTF-8, or UTF-16 with its mark). Cells that are missing are "", cells that are too many
    are left out.

    Raises `BadTable` when `text` or one of `columns` is missing or the file is no CSV.
    """
    csv.field_size_limit(2**31 - 1)  # the standard 131,072 characters would stop at one long message
    reader = csv.DictReader(io.StringIO(_decoded(data), newline=""))
    try:
        for column in ("text", *columns):
            if column not in (reader.fieldnames or ()):
                raise BadTable(f"There is no column “{column}”.")
        for row in reader:
            yield {key: value or "" for key, value in row.items() if key is not None}
    except csv.Error as error:
        raise BadTable(f"Line {reader.line_num}: {error}") from error


def _decoded(data: bytes) -> str:
    wide = data[:2] in (b"\xff\xfe", b"\xfe\xff")
    return data.decode("utf-16" if wide else "utf-8-sig", "replace")


def facts_of(row: Row, now: dt.datetime) -> Facts:
    """A row as a message: its columns network, stream, brand_account and language where there are any;
    what they lack is read from the text."""
    text = row["text"]
    said = row.get("language") or language_of(text)
    reading = read(text, language=said)
    return Facts(
        text=text,
        network=row.get("network") or "x",
        stream=row.get("stream") or "mentions",
        brand_account=row.get("brand_account") or "",
        at=now,
        language=said,
        sentiment=reading.sentiment,
        wants_answer=reading.wants_answer,
        urgency=reading.urgency,
        is_spam=reading.is_spam,
    )


def harmless(cell: str) -> str:
    """A cell that no spreadsheet reads as a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
