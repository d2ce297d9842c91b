"""The audit log as a CSV file, written while it is read."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterable, Iterator

from accounts.models import AuditEntry
from wording.spreadsheets import escape_formula

_COLUMNS = ("Time (UTC)", "Who", "Kind", "What", "About", "Changes", "Address")


class _Line:
    """A file that holds only the line written last."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> None:
        self.text = text


def write_csv(entries: Iterable[AuditEntry], *, with_addresses: bool) -> Iterator[str]:
    """Yield the lines of the file, the header first."""
    line = _Line()
    writer = csv.writer(line)
    # A mark that tells spreadsheets that the file is in UTF-8.
    writer.writerow(_COLUMNS if with_addresses else _COLUMNS[:-1])
    yield "\ufeff" + line.text
    for entry in entries:
        cells = _entry_cells(entry)
        writer.writerow(map(escape_formula, cells if with_addresses else cells[:-1]))
        yield line.text


def _entry_cells(entry: AuditEntry) -> list[str]:
    return [
        entry.at.astimezone(dt.UTC).isoformat(sep=" ", timespec="seconds").removesuffix("+00:00"),
        entry.actor_name,
        entry.get_kind_display(),
        entry.get_verb_display().removesuffix(":"),
        entry.about,
        "; ".join(f"{change['name']}: {change['from']} → {change['to']}" for change in entry.changes),
        entry.address,
    ]
