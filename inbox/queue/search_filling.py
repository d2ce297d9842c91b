"""Making the words of search for rows that have none: all rows after an upgrade, and texts that were changed elsewhere.

In batches, newest first, each in its own transaction: may be stopped and run again, and run twice at the same time.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import orjson
from django.db import connection, transaction

from inbox.search_words.lexemes import index_text

#: Rows in one batch: one statement reads them, one writes.
FILLING_BATCH_SIZE = 500
#: Seconds that the periodic task works before it makes room for others.
FILLING_SECONDS = 5.0
#: The text of each table's rows that search compares, as the fields of the models name it.
_TEXTS = {"inbox_message": "left(text, 20000)", "inbox_identity": "handle || ' ' || name"}


def fill_search_words(seconds: float | None = FILLING_SECONDS) -> int:
    """Make the words of rows that have none, and return how many.

    Stops after about `seconds`; None: when no such row is left.
    """
    began, filled = time.monotonic(), 0
    for count in _fill_batches():
        filled += count
        if seconds is not None and time.monotonic() - began > seconds:
            break
    return filled


def _fill_batches() -> Iterator[int]:
    for table in _TEXTS:
        while count := _fill_batch(table):
            yield count


def _fill_batch(table: str) -> int:
    """Make the words of the newest rows that have none.

    Rows that somebody else holds are left out. Returns how many.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id, {_TEXTS[table]} FROM {table} WHERE search IS NULL"  # noqa: S608 (constants)
            " ORDER BY id DESC LIMIT %s FOR NO KEY UPDATE SKIP LOCKED",
            [FILLING_BATCH_SIZE],
        )
        rows = [{"id": pk, "search": index_text(text)} for pk, text in cursor.fetchall()]
        if rows:
            cursor.execute(
                f"UPDATE {table} t SET search = r.search"  # noqa: S608 (constants)
                " FROM json_to_recordset(%s::json) AS r(id bigint, search tsvector) WHERE t.id = r.id",
                [orjson.dumps(rows).decode()],
            )
    return len(rows)
