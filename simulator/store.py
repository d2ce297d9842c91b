"""The simulated networks' state on disk: one SQLite file in WAL mode, or nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

_SCHEMA = """
CREATE TABLE IF NOT EXISTS messages (first_id TEXT PRIMARY KEY, rev INTEGER NOT NULL, body BLOB NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS messages_rev ON messages (rev);
CREATE TABLE IF NOT EXISTS things (kind TEXT, key TEXT, body BLOB NOT NULL, PRIMARY KEY (kind, key)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS attempts (id INTEGER PRIMARY KEY, body BLOB NOT NULL);
"""


class Store:
    """Keeps records as JSON. Every write is committed before it returns, unless inside `batch`.

    With WAL and synchronous=NORMAL a commit survives the process's death (not the machine's) and costs about 50 µs.
    """

    def __init__(self, path: Path | None) -> None:
        self._db: sqlite3.Connection | None = None
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._db.executescript(_SCHEMA)

    def save_message(self, first_id: str, rev: int, record: Any) -> None:
        if self._db is not None:
            self._db.execute(
                "INSERT OR REPLACE INTO messages VALUES (?, ?, ?)", (first_id, rev, orjson.dumps(record))
            )

    def save_thing(self, kind: str, key: str, record: Any) -> None:
        if self._db is not None:
            self._db.execute(
                "INSERT OR REPLACE INTO things VALUES (?, ?, ?)", (kind, key, orjson.dumps(record))
            )

    def save_attempt(self, record: Any) -> None:
        if self._db is not None:
            self._db.execute("INSERT INTO attempts (body) VALUES (?)", (orjson.dumps(record),))

    def begin(self) -> None:
        if self._db is not None and not self._db.in_transaction:
            self._db.execute("BEGIN")

    def commit(self) -> None:
        if self._db is not None and self._db.in_transaction:
            self._db.execute("COMMIT")

    def load_messages(self) -> Iterator[dict[str, Any]]:
        """Yield all messages as they were first posted, oldest first."""
        if self._db is not None:
            rows = [orjson.loads(body) for (body,) in self._db.execute("SELECT body FROM messages")]
            yield from sorted(rows, key=lambda row: row["seq"])

    def load_things(self, kind: str) -> Iterator[tuple[str, Any]]:
        if self._db is not None:
            for key, body in self._db.execute("SELECT key, body FROM things WHERE kind = ?", (kind,)):
                yield key, orjson.loads(body)

    def load_attempts(self) -> Iterator[dict[str, Any]]:
        if self._db is not None:
            for (body,) in self._db.execute("SELECT body FROM attempts ORDER BY id"):
                yield orjson.loads(body)

    def close(self) -> None:
        if self._db is not None:
            self.commit()
            self._db.close()
            self._db = None
