"""Corrections: the departments that people chose for texts, stored as examples for training.

All functions write in the current transaction. `now` is the time of the correction, UTC.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Iterator, Mapping

from accounts.models import User
from routing.facts import Facts
from routing.learning.example_facts import serialize_example_facts
from routing.letters import MAX_TEXT_READ
from routing.models import ExampleSource, RoutingExample

#: The number of rows that an import writes at a time.
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
    """Store that `text` belongs to `department` (a slug).

    It replaces an earlier correction of the same case. `facts` are those of the message when it arrived.
    Returns None, and stores nothing, when the text is empty or erased; an earlier correction of the case is
    then deleted.
    """
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
    """Delete the correction of a case.

    With `department` (a slug) only a correction to that department is deleted.
    """
    examples = RoutingExample.objects.filter(case_id=case_id)
    (examples.filter(department=department) if department else examples).delete()


def text_digest(text: str) -> str:
    """Return the hash by which an imported text is recognised."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def import_corrections(
    pairs: Iterable[tuple[str, str]], *, by: User | None, now: dt.datetime
) -> tuple[int, int]:
    """Store (text, department's slug) pairs from a file.

    A text that was imported before is stored only once, with its last department. Returns how many texts are
    new, and how many changed their department.
    """
    by_digest: dict[str, tuple[str, str]] = {}
    for text, department in pairs:
        if text := text[:MAX_TEXT_READ].strip():
            by_digest[text_digest(text)] = (text, department)
    new = changed = 0
    for chunk in _chunks(by_digest):
        added, moved = _import_chunk(chunk, by, now)
        new, changed = new + added, changed + moved
    return new, changed


def _import_chunk(chunk: Mapping[str, tuple[str, str]], by: User | None, now: dt.datetime) -> tuple[int, int]:
    """Store one chunk of pairs by digest.

    Returns how many texts are new and how many changed their department.
    """
    imported = RoutingExample.objects.filter(source=ExampleSource.IMPORTED)
    stored = {example.digest: example for example in imported.filter(digest__in=list(chunk))}
    moved = []
    for digest, example in stored.items():
        department = chunk[digest][1]
        if example.department != department:
            example.department, example.at, example.by = department, now, by
            moved.append(example)
    RoutingExample.objects.bulk_update(moved, ["department", "at", "by"])
    new = [
        RoutingExample(
            text=text, department=department, source=ExampleSource.IMPORTED, digest=digest, at=now, by=by
        )
        for digest, (text, department) in chunk.items()
        if digest not in stored
    ]
    RoutingExample.objects.bulk_create(new, ignore_conflicts=True)
    return len(new), len(moved)


def _chunks(by_digest: Mapping[str, tuple[str, str]]) -> Iterator[dict[str, tuple[str, str]]]:
    items = list(by_digest.items())
    for start in range(0, len(items), _CHUNK):
        yield dict(items[start : start + _CHUNK])
