"""Edits of a playbook's snapshot. Pure: each returns a new snapshot and leaves the old one alone."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

Snapshot = dict[str, Any]
#: In the place of an answer's target: make the question, or the outcome, that it leads to.
NEW_QUESTION, NEW_OUTCOME = "new:question", "new:outcome"


def unused_key(snapshot: Mapping[str, Any], kind: str) -> str:
    """A key that no question or outcome has: "q" or "o" and a number."""
    taken = {one.get("key") for kept in ("questions", "outcomes") for one in snapshot.get(kept) or ()}
    letter = "q" if kind == "questions" else "o"
    number = len(snapshot.get(kind) or ()) + 1
    while f"{letter}{number}" in taken:
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
    """The question `key` with these words and `answers` (key or "", text, target as "question:…" or "outcome:…").

    `owner` is the slug of the department that keeps it, "" for the whole company; what is made for it is kept likewise.
    Returned with it are the questions and outcomes made for targets that were to be new, as (kind, key).
    """
    new, made = _copy_snapshot(snapshot), []
    rows: list[dict[str, str]] = []
    numbers = iter(range(1, 1_000))
    taken = {given for given, _, _ in answers if given}
    for given, words, target in answers:
        row = {"key": given or next(f"a{n}" for n in numbers if f"a{n}" not in taken), "text": words}
        kind, _, to = target.partition(":")
        if target in (NEW_QUESTION, NEW_OUTCOME):
            kind, to = to, _append_blank(new, f"{to}s", owner)
            made.append((f"{kind}s", to))
        if to:
            row[kind] = to
        taken.add(row["key"])
        rows.append(row)
    content = {"key": key, "text": text, "help": help_text, "answers": rows}
    _put_part(new, "questions", with_owner(content, owner))
    new["start"] = new.get("start") or key
    return new, made


def with_owner(row: Mapping[str, Any], owner: str) -> dict[str, Any]:
    """The question or outcome, kept by a department; nothing is added for the whole company's."""
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
    """The outcome `content["key"]`, in its place or at the end; the first one becomes the default."""
    new = _copy_snapshot(snapshot)
    _put_part(new, "outcomes", dict(content))
    new["default"] = new.get("default") or content["key"]
    return new


def remove_part(snapshot: Mapping[str, Any], kind: str, key: str) -> Snapshot:
    """Without that question or outcome; answers that led to it lead nowhere until somebody says where."""
    new = _copy_snapshot(snapshot)
    new[kind] = [one for one in new[kind] if one.get("key") != key]
    singular = kind.removesuffix("s")
    for question in new["questions"]:
        for answer in question["answers"]:
            if answer.get(singular) == key:
                del answer[singular]
    for place, of in (("start", "questions"), ("default", "outcomes")):
        if kind == of and new.get(place) == key:
            new[place] = ""
    return new


def choose_ends(snapshot: Mapping[str, Any], start: str, default: str) -> Snapshot:
    """With another first question and another default."""
    return {**_copy_snapshot(snapshot), "start": start, "default": default}


def find_part(snapshot: Mapping[str, Any], kind: str, key: str) -> dict[str, Any] | None:
    """The question or outcome with that key."""
    return next((one for one in snapshot.get(kind) or () if one.get("key") == key), None)


def _copy_snapshot(snapshot: Mapping[str, Any]) -> Snapshot:
    empty: Snapshot = {"start": "", "default": "", "questions": [], "outcomes": []}
    return {**empty, **copy.deepcopy(dict(snapshot))}


def _put_part(snapshot: Snapshot, kind: str, content: dict[str, Any]) -> None:
    for place, one in enumerate(snapshot[kind]):
        if one.get("key") == content["key"]:
            snapshot[kind][place] = content
            return
    snapshot[kind].append(content)
