"""Conversations of a CSV file with one message a row.

Rows of one conversation need not follow each other, so all rows go into a table first; conversations are read from it in
the order of their first rows. Memory holds some thousand rows.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import orjson
from django.db import connection, transaction
from django.db.models import Max

from reports.history.json_lines import Found
from reports.history.sources import Opener
from reports.history.tables import copy_into
from reports.models import HistoryImport, StagedRow
from routing.files.csv import CsvLine, CsvTable

REQUIRED = ("thread", "id", "author", "role", "at", "text")
OPTIONAL = ("brand", "in_reply_to", "name", "visibility")
_ROWS_AT_A_TIME = 10_000
_COLUMNS = ("history_import_id", "line", "thread", "row")
_NUMBER_CONVERSATIONS = """
UPDATE reports_stagedrow s SET first_line = f.first_line FROM (
  SELECT id, CASE WHEN thread = '' THEN line ELSE min(line) OVER (PARTITION BY thread) END AS first_line
  FROM reports_stagedrow WHERE history_import_id = %(import)s
) f WHERE f.id = s.id
"""
_NEXT_ROWS = """
SELECT first_line, line, row FROM reports_stagedrow
WHERE history_import_id = %(import)s AND first_line > %(after)s
  AND first_line <= (SELECT max(first_line) FROM (
    SELECT first_line FROM reports_stagedrow WHERE history_import_id = %(import)s AND first_line > %(after)s
    ORDER BY first_line, line LIMIT %(rows)s) AS next)
ORDER BY first_line, line
"""


def stage_rows(
    history_import: HistoryImport, opener: Opener, on_rows: Callable[[int], None] = lambda _: None
) -> None:
    """Store the rows of a CSV file; those that are stored already are passed over.

    Raises `routing.files.csv.BadTable` for a file that is no such table.
    """
    staged = StagedRow.objects.filter(history_import=history_import)
    if staged.filter(first_line__isnull=False).exists():
        return
    last = staged.aggregate(last=Max("line"))["last"] or 0
    with opener() as file:
        table = CsvTable(file)
        table.require_columns(*REQUIRED)
        lines = (line for line in table if line.number > last)
        while rows := list(itertools.islice(lines, _ROWS_AT_A_TIME)):
            with transaction.atomic():
                copy_into("reports_stagedrow", _COLUMNS, [_staged(history_import.pk, row) for row in rows])
            on_rows(rows[-1].number)
    with connection.cursor() as cursor:
        cursor.execute(_NUMBER_CONVERSATIONS, {"import": history_import.pk})


def _staged(import_id: int, line: CsvLine) -> tuple[Any, ...]:
    row = {name: line.row[name] for name in (*REQUIRED, *OPTIONAL) if line.row.get(name)}
    return import_id, line.number, row.get("thread", "").strip()[:400], orjson.dumps(row).decode()


def read_staged(import_id: int, *, line: int) -> Iterator[Found]:
    """Yield the staged conversations whose first row is after `line`."""
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_NEXT_ROWS, {"import": import_id, "after": line, "rows": _ROWS_AT_A_TIME})
            rows = cursor.fetchall()
        if not rows:
            return
        for first, group in itertools.groupby(rows, key=lambda row: row[0]):
            line = first
            messages = [{**_document(row), "line": number} for _, number, row in group]
            yield _conversation(first, messages)


def _document(row: Any) -> dict[str, Any]:
    document: dict[str, Any] = orjson.loads(row) if isinstance(row, str) else row
    return document


def _conversation(line: int, messages: list[dict[str, Any]]) -> Found:
    document = {
        "thread": messages[0].get("thread", ""),
        "brand": messages[0].get("brand", ""),
        "visibility": messages[0].get("visibility", "").strip(),
        "messages": messages,
    }
    for message in messages:
        if (brand := message.get("brand", "")) and brand.casefold() != document["brand"].casefold():
            return Found(line, 0, document, f"Line {message['line']} names another brand than line {line}.")
    return Found(line, 0, document)
