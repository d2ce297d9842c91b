"""Reading stored messages again after the reading code has changed: in batches by id, each in its own transaction.

Only the messages change: values set by a person or a rule stay, their cases stay as they are, and nobody is notified. A
message that is edited or corrected in the meantime is skipped.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson
from django.db import connection
from django.db.models import QuerySet

from inbox.models import Direction, Message, MessageCorrection
from routing.reading import read_message
from routing.reading.languages import detect_language

#: Messages in one batch: one statement reads them, one writes.
REREAD_BATCH_SIZE = 1_000
REREAD_FIELDS = (*MessageCorrection.Field.values, "said")
_COLUMNS = ("id", "text", "edited_at", "corrected", "decision__trace", *REREAD_FIELDS)
_UPDATE = """
UPDATE inbox_message m SET language = r.language, sentiment = r.sentiment, urgency = r.urgency, is_spam = r.is_spam,
    needs_answer = r.needs_answer, said = r.said
FROM json_to_recordset(%s::json) AS r(id bigint, edited_at timestamptz, corrected jsonb, language text, sentiment text,
    urgency smallint, is_spam bool, needs_answer bool, said text)
WHERE m.id = r.id AND m.corrected = r.corrected AND m.edited_at IS NOT DISTINCT FROM r.edited_at
RETURNING m.id
"""


@dataclass(slots=True)
class RereadProgress:
    """The progress: `after` is the id of the last message that was read, from which a run can be resumed."""

    total: int
    after: int = 0
    read: int = 0
    changed: int = 0
    fields: Counter[str] = field(default_factory=Counter)


def reread_messages(
    since: dt.datetime | None, *, after: int = 0, change: bool = True
) -> Iterator[RereadProgress]:
    """Read stored messages of customers again, in batches.

    Those behind the id `after`, received at or after `since` (None: all). Yields the same `RereadProgress`
    before the first batch and after each, when it is stored. Without `change` nothing is stored.
    """
    rows = Message.objects.filter(direction=Direction.INBOUND, deleted_at=None, erased_at=None)
    if since is not None:
        rows = rows.filter(received_at__gte=since)
    progress = RereadProgress(rows.filter(pk__gt=after).count(), after)
    yield progress
    while batch := _load_batch(rows, progress.after):
        fresh = {row["id"]: new for row in batch if (new := _changed_values(row))}
        stored = (
            _update_untouched([row | fresh[row["id"]] for row in batch if row["id"] in fresh])
            if change
            else fresh
        )
        for pk in stored:
            progress.fields.update(fresh[pk].keys())
        progress.changed += len(stored)
        progress.after, progress.read = batch[-1]["id"], progress.read + len(batch)
        yield progress


def _load_batch(rows: QuerySet[Message], after: int) -> list[dict[str, Any]]:
    return list(rows.filter(pk__gt=after).order_by("pk").values(*_COLUMNS)[:REREAD_BATCH_SIZE])


def _changed_values(row: dict[str, Any]) -> dict[str, Any]:
    """Return the values that a new reading changes, by field. Without what a person corrected, or what a rule
    said of answering.
    """
    reading = read_message(row["text"], language=detect_language(row["text"]))
    now = {
        "language": reading.language,
        "sentiment": reading.sentiment,
        "urgency": reading.urgency,
        "is_spam": reading.is_spam,
        "said": reading.said,
        "needs_answer": _needs_answer(row, wants=reading.wants_answer),
    }
    return {name: value for name, value in now.items() if value != row[name] and name not in row["corrected"]}


def _needs_answer(row: dict[str, Any], *, wants: bool) -> bool:
    trace = row["decision__trace"]
    # Without a trace it is unknown whether a rule set it; and a person who marked it as spam has settled this, too.
    if not trace or "is_spam" in row["corrected"]:
        return bool(row["needs_answer"])
    return bool(trace["decided"].get("needs_answer", wants))


def _update_untouched(rows: list[dict[str, Any]]) -> list[int]:
    """Store rows that nobody touched meanwhile and return their ids. One statement."""
    if not rows:
        return []
    values = [
        {name: value for name, value in row.items() if name not in ("text", "decision__trace")}
        for row in rows
    ]
    with connection.cursor() as cursor:
        cursor.execute(_UPDATE, [orjson.dumps(values).decode()])
        return [pk for (pk,) in cursor.fetchall()]
