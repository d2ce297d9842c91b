"""Edit the snapshot of a playbook. Pure: each edit returns a new snapshot and does not change the old one."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

Snapshot = dict[str, Any]
#: Targets of an answer that request a new question or a new outcome.
NEW_QUESTION, NEW_OUTCOME = "new:question", "new:outcome"


def unused_key(snapshot: Mapping[str, Any], kind: str) -> str:
    """Return an unused key for a question or outcome: "q" or "o" and a number."""
    used = {row.get("key") for rows in ("questions", "outcomes") for row in snapshot.get(rows) or ()}
    letter = "q" if kind == "questions" else "o"
    number = len(snapshot.get(kind) or ()) + 1
    while f"{letter}{number}" in used:
        number += 1
    return f"{letter}{number}"


def put_question(
    snapshot: Mapping[str, Any],
    key: str,
    text: str,
    help_text: str,
    answers: Sequence[tuple[str, str, str]],
    owner: str = "",
) -> tuple[Snapshot, list[tuple[str, str]]]:
    """Add or replace the question `key`; the first one becomes the start.

    `answers` are (key or "", text, target as "question:…", "outcome:…", `NEW_QUESTION` or `NEW_OUTCOME`).
    `owner` is the slug of the department that owns the question, "" for the whole company. Returns the
    snapshot, and the blank questions and outcomes that were created for new targets, with the same owner, as
    (kind, key).
    """
    new, created = _copy_snapshot(snapshot), []
    rows: list[dict[str, str]] = []
    numbers = iter(range(1, 1_000))
    used = {answer_key for answer_key, _, _ in answers if answer_key}
    for answer_key, answer_text, target in answers:
        row = {
            "key": answer_key or next(f"a{n}" for n in numbers if f"a{n}" not in used),
            "text": answer_text,
        }
        kind, _, target_key = target.partition(":")
        if target in (NEW_QUESTION, NEW_OUTCOME):
            kind, target_key = target_key, _append_blank(new, f"{target_key}s", owner)
            created.append((f"{kind}s", target_key))
        if target_key:
            row[kind] = target_key
        used.add(row["key"])
        rows.append(row)
    content = {"key": key, "text": text, "help": help_text, "answers": rows}
    _put_part(new, "questions", with_owner(content, owner))
    new["start"] = new.get("start") or key
    return new, created


def with_owner(row: Mapping[str, Any], owner: str) -> dict[str, Any]:
    """Return the question or outcome with an owner.

    For "" (the whole company) no key is added.
    """
    return {**row, "owner": owner} if owner else dict(row)


def _append_blank(snapshot: Snapshot, kind: str, owner: str) -> str:
    key = unused_key(snapshot, kind)
    blank = (
        {"key": key, "text": "", "help": "", "answers": []}
        if kind == "questions"
        else {"key": key, "name": "", "advice": "", "action": "answer"}
    )
    snapshot[kind].append(with_owner(blank, owner))
    return key


def put_outcome(snapshot: Mapping[str, Any], content: Mapping[str, str]) -> Snapshot:
    """Add or replace the outcome `content["key"]`; the first one becomes the default."""
    new = _copy_snapshot(snapshot)
    _put_part(new, "outcomes", dict(content))
    new["default"] = new.get("default") or content["key"]
    return new


def remove_part(snapshot: Mapping[str, Any], kind: str, key: str) -> Snapshot:
    """Remove a question or outcome; answers that led to it lead nowhere afterwards."""
    new = _copy_snapshot(snapshot)
    new[kind] = [row for row in new[kind] if row.get("key") != key]
    singular = kind.removesuffix("s")
    for question in new["questions"]:
        for answer in question["answers"]:
            if answer.get(singular) == key:
                del answer[singular]
    end = "start" if kind == "questions" else "default"
    if new.get(end) == key:
        new[end] = ""
    return new


def choose_ends(snapshot: Mapping[str, Any], start: str, default: str) -> Snapshot:
    """Set the first question and the default outcome."""
    return {**_copy_snapshot(snapshot), "start": start, "default": default}


def find_part(snapshot: Mapping[str, Any], kind: str, key: str) -> dict[str, Any] | None:
    """Return the question or outcome with this key, or None."""
    return next((row for row in snapshot.get(kind) or () if row.get("key") == key), None)


def _copy_snapshot(snapshot: Mapping[str, Any]) -> Snapshot:
    empty: Snapshot = {"start": "", "default": "", "questions": [], "outcomes": []}
    return {**empty, **copy.deepcopy(dict(snapshot))}


def _put_part(snapshot: Snapshot, kind: str, content: dict[str, Any]) -> None:
    for index, row in enumerate(snapshot[kind]):
        if row.get("key") == content["key"]:
            snapshot[kind][index] = content
            return
    snapshot[kind].append(content)
