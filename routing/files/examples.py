"""Files of labelled messages: CSV with a text and a department, as spreadsheets save them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from routing.files import csv

#: The accepted names of the columns.
TEXT_COLUMNS, DEPARTMENT_COLUMNS = ("text", "message"), ("department", "label")
#: The largest size of a file, in bytes.
MAX_BYTES = 200_000_000


class UnreadableFile(ValueError):
    """The file is not a table of labelled messages. The message says what is wrong, for people."""


@dataclass(frozen=True, slots=True)
class LabelledRow:
    """One row. `line` counts from 1, including the header; `source` is "" without such a column."""

    line: int
    text: str
    department: str
    source: str


def read_labelled_rows(path: Path) -> Iterator[LabelledRow]:
    """Yield the rows that have both a text and a department.

    The file is read by `routing.files.csv.CsvTable`. Raises `UnreadableFile`.
    """
    try:
        table = csv.CsvTable(_read_bytes(path))
        text = next((name for name in TEXT_COLUMNS if name in table.names), None)
        department = next((name for name in DEPARTMENT_COLUMNS if name in table.names), None)
        if text is None or department is None:
            there = ", ".join(f"“{name[:40]}”" for name in table.names[:20] if name)
            raise csv.BadTable(
                f"It needs a column “text” and a column “department” in its first line; it has {there or 'none'}."
            )
        for line in table:
            message, label = line.row[text].strip(), line.row[department].strip()
            if message and label:
                yield LabelledRow(line.number, message, label, line.row.get("source", "").strip())
    except csv.BadTable as error:
        raise UnreadableFile(f"{path}: {error}") from error


def _read_bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise UnreadableFile(f"{path} cannot be read: {error.strerror}.") from error
    if len(content) > MAX_BYTES:
        raise UnreadableFile(f"{path} is larger than {MAX_BYTES // 1_000_000} MB: import it in parts.")
    return content
