"""Files of labelled messages: CSV with a text and a department, as spreadsheets save them."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

#: What the columns may be called.
TEXT, DEPARTMENT = ("text", "message"), ("department", "label")
#: Bytes of a file that are read at most.
LARGEST = 200_000_000
_BOMS = ((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"), (codecs.BOM_UTF8, "utf-8-sig"))


class UnreadableFile(ValueError):
    """The file is no such table. The message says what is wrong, for people."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """One row: `line` counts from 1, the head included; `source` is "" when the file has no such column."""

    line: int
    text: str
    department: str
    source: str


def labelled(path: Path) -> Iterator[Labelled]:
    """The rows of a file that have both a text and a department. Commas, semicolons or tabs; UTF-8, UTF-16 or, when it
    is neither, Latin-1. Raises `UnreadableFile`."""
    csv.field_size_limit(2**31 - 1)  # the standard 131,072 characters would stop at one long message
    content = _content(path)
    head = content.partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    reader = csv.DictReader(io.StringIO(content, newline=""), delimiter=delimiter)
    names = {(name or "").strip().lower(): name for name in reader.fieldnames or ()}
    text = next((names[name] for name in TEXT if name in names), None)
    department = next((names[name] for name in DEPARTMENT if name in names), None)
    if text is None or department is None:
        raise UnreadableFile(
            f"{path} needs a column “text” and a column “department” in its first line; it has "
            f"{', '.join(f'“{name}”' for name in names) or 'none'}."
        )
    try:
        for row in reader:
            said, where = (row.get(text) or "").strip(), (row.get(department) or "").strip()
            if said and where:
                yield Labelled(reader.line_num, said, where, (row.get(names.get("source", "")) or "").strip())
    except csv.Error as error:
        raise UnreadableFile(f"{path}, line {reader.line_num}: {error}.") from error


def _content(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise UnreadableFile(f"{path} cannot be read: {error.strerror}.") from error
    if len(content) > LARGEST:
        raise UnreadableFile(f"{path} is larger than {LARGEST // 1_000_000} MB: import it in parts.")
    encoding = next((name for bom, name in _BOMS if content.startswith(bom)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    # Postgres stores no NUL and no lone surrogate.
    return text.replace("\x00", "").encode("utf-8", "replace").decode()
