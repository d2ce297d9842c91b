"""A file to import, whatever its format: its digest, its conversations from where the last run stopped."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from zoneinfo import ZoneInfo

from reports.history.csv_rows import read_staged, stage_rows
from reports.history.json_lines import Found, read_json_lines
from reports.history.sources import Opener
from reports.models import HistoryImport

_NETWORK = re.compile(r"[a-z0-9][a-z0-9_-]{0,19}")


class BadRequest(ValueError):
    """An import that cannot begin. The text says why, for a person."""


def check_request(*, network: str, brand: str, time_zone: str, file_name: str) -> None:
    """Check what a person asks for. Raises `BadRequest`."""
    if not _NETWORK.fullmatch(network):
        raise BadRequest("The network is a short name in lower case, such as x, facebook or forum.")
    if len(brand) > 120 or not brand.isprintable():
        raise BadRequest("The brand account's name is longer than 120 characters, or not printable.")
    if time_zone:
        try:
            ZoneInfo(time_zone)
        except (KeyError, ValueError, OSError):
            raise BadRequest(f"There is no time zone “{time_zone[:64]}”.") from None
    if not file_name.lower().endswith((".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".txt")):
        raise BadRequest("The file's name ends neither in .jsonl nor in .csv.")


def is_table(history_import: HistoryImport) -> bool:
    """Return whether a file has rows, not lines of JSON."""
    return history_import.file_name.lower().endswith((".csv", ".tsv"))


def read_on(
    history_import: HistoryImport, opener: Opener, on_rows: Callable[[int], None] = lambda _: None
) -> Iterator[Found]:
    """Yield what a file has behind the line that is done.

    Raises `Rejected` or `routing.files.csv.BadTable` for a file that cannot be read at all.
    """
    if is_table(history_import):
        stage_rows(history_import, opener, on_rows)
        return read_staged(history_import.pk, line=history_import.line)
    return read_json_lines(opener, line=history_import.line, offset=history_import.offset)
