"""Corrections: what people say about where a text belongs, kept as examples to learn from.

All verbs write in the transaction that is running. `now` is the moment of the correction, UTC.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable

from accounts.models import User
from routing.facts import Facts
from routing.learning.example_facts import serialize_example_facts
from routing.models import ExampleSource, RoutingExample
from routing.text import MAX_TEXT_READ

#: Rows written at a time by an import.
_CHUNK = 500


def record_correction(
    text: str,
    department: str,
    *,
    source: str,
    by: User | None,
    now: dt.datetime,
    case_id: int,
    message_id: int | None = None,
    facts: Facts | None = None,
) -> RoutingExample | None:
    """Keeps that `text` belongs to `department` (a slug), in place of what was said about the same case before. None,
    and nothing kept, when the text says nothing (empty, erased)."""
    text = text[:MAX_TEXT_READ].strip()
    if not text:
        forget_corrections_of_case(case_id)
        return None
    values = {
        "text": text,
        "department": department,
        "source": source,
        "facts": serialize_example_facts(facts) if facts is not None else {},
        "message_id": message_id,
        "digest": text_digest(text),
        "at": now,
        "by": by,
    }
    return RoutingExample.objects.update_or_create(case_id=case_id, defaults=values)[0]


def forget_corrections_of_case(case_id: int, department: str = "") -> None:
    """What was said about a case counts no more; with `department` only if it was that it belongs there."""
    said = RoutingExample.objects.filter(case_id=case_id)
    (said.filter(department=department) if department else said).delete()


def text_digest(text: str) -> str:
    """What an imported text is known by."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def import_corrections(
    pairs: Iterable[tuple[str, str]], *, by: User | None, now: dt.datetime
) -> tuple[int, int]:
    """Keeps (text, department's slug) pairs from a file: how many are new, how many changed their department. A text
    that was imported before is there once; the last department counts."""
    wanted: dict[str, tuple[str, str]] = {}
    for text, department in pairs:
        if text := text[:MAX_TEXT_READ].strip():
            wanted[text_digest(text)] = (text, department)
    imported = RoutingExample.objects.filter(source=ExampleSource.IMPORTED)
    new = changed = 0
    for chunk in _chunks(list(wanted.items())):
        known = {row.digest: row for row in imported.filter(digest__in=[key for key, _ in chunk])}
        moved = []
        for key, (_, department) in chunk:
            row = known.get(key)
            if row is not None and row.department != department:
                row.department, row.at, row.by = department, now, by
                moved.append(row)
        RoutingExample.objects.bulk_update(moved, ["department", "at", "by"])
        fresh = [
            RoutingExample(
                text=text, department=department, source=ExampleSource.IMPORTED, digest=key, at=now, by=by
            )
            for key, (text, department) in chunk
            if key not in known
        ]
        RoutingExample.objects.bulk_create(fresh, ignore_conflicts=True)
        new, changed = new + len(fresh), changed + len(moved)
    return new, changed


def _chunks(rows: list[tuple[str, tuple[str, str]]]) -> Iterable[list[tuple[str, tuple[str, str]]]]:
    for at in range(0, len(rows), _CHUNK):
        yield rows[at : at + _CHUNK]
