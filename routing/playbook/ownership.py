"""Ownership of questions and outcomes of the playbook, which decides who may change them. Pure.

The owner is a department (`owner`, a slug) or the whole company. Managers change what their departments own.
The first question and the default outcome belong to the whole company. `covers(slug)` returns whether the
user may change what that owner has; "" is the whole company.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Snapshot = dict[str, Any]
Covers = Callable[[str], bool]
PART_KINDS = ("questions", "outcomes")


def owner_of(row: Mapping[str, Any]) -> str:
    """Return the slug of the owning department, "" for the whole company."""
    return str(row.get("owner") or "")


def objection_to_change(before: Mapping[str, Any], after: Mapping[str, Any], covers: Covers) -> str:
    """Return a sentence that says why a change is denied.

    "" when the user may change everything that differs between the two snapshots.
    """
    if covers(""):
        return ""
    for place, words in (("start", "Which question comes first"), ("default", "The default")):
        if (before.get(place) or "") != (after.get(place) or ""):
            return f"{words} belongs to the whole company: only an administrator can change it."
    for kind in PART_KINDS:
        was, now = _rows_by_key(before, kind), _rows_by_key(after, kind)
        for key in [*was, *(key for key in now if key not in was)]:
            for row in (was.get(key), now.get(key)):
                if was.get(key) != now.get(key) and row is not None and not covers(owner_of(row)):
                    return f"{_quote_row(row)} is not yours to change: ask {_who_may_change(row)}."
    return ""


def with_own_part(base: Mapping[str, Any], other: Mapping[str, Any], covers: Covers) -> Snapshot:
    """Return `base` with the user's own questions and outcomes from `other`.

    A part is the user's own when they may change it in both snapshots. Users who may change everything get
    all of `other`.
    """
    if covers(""):
        return dict(other)
    mixed: Snapshot = {"start": "", "default": "", **base}
    for kind in PART_KINDS:
        was, now = _rows_by_key(base, kind), _rows_by_key(other, kind)

        def is_own(key: str, sides: tuple[dict[str, Any], ...] = (was, now)) -> bool:
            return all(covers(owner_of(side[key])) for side in sides if key in side)

        rows = [now.get(key) if is_own(key) else row for key, row in was.items()]
        added = [row for key, row in now.items() if key not in was and is_own(key)]
        mixed[kind] = [row for row in [*rows, *added] if row is not None]
    return mixed


def editable_keys(snapshot: Mapping[str, Any], kind: str, covers: Covers) -> set[str]:
    """Return the keys of questions or outcomes the user may change."""
    return {key for key, row in _rows_by_key(snapshot, kind).items() if covers(owner_of(row))}


def owns_something(snapshot: Mapping[str, Any], covers: Covers) -> bool:
    """Return whether the user may change a question or an outcome."""
    return any(editable_keys(snapshot, kind, covers) for kind in PART_KINDS)


def _rows_by_key(snapshot: Mapping[str, Any], kind: str) -> dict[str, Any]:
    return {str(row.get("key")): row for row in snapshot.get(kind) or ()}


def _quote_row(row: Mapping[str, Any]) -> str:
    return f"“{row.get('text') or row.get('name') or row.get('key')}”"


def _who_may_change(row: Mapping[str, Any]) -> str:
    return "an administrator or a manager of its department" if owner_of(row) else "an administrator"
