"""Post each row of a CSV file exactly once, as a customer of its own.

The text is the column `text`, word for word.
"""

from __future__ import annotations

import asyncio
import csv
import hashlib
import random
import re
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from simulator.identifiers import number_for
from simulator.placing import Draft
from simulator.population.personas import invented_name
from simulator.records import BrandAccount, Kind, Message, Person
from simulator.world import World
from simulator.x.length import LIMIT, weighted

#: Facebook's limits for comments and posts, in characters.
COMMENT_LENGTH = 8000
POST_LENGTH = 63_206
ORIGIN = "stream"
_SEPARATOR_LINE = re.compile(r'^\s*"?sep=([^\w"\s]|\t|\\t)"?[,;\t|]*\s*$', re.IGNORECASE)
_SEPARATORS = ",;\t|"
#: What a line without cells consists of.
_BLANK = _SEPARATORS + " \r\n"


class BadStreamFile(Exception):
    """The file cannot be streamed; the text names the file, the line and the reason."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row to post. `key` is the same for the same row in every run, `line` where the row ends in the file."""

    key: str
    text: str
    line: int


@dataclass(slots=True)
class Rows:
    """The content of a file: rows to post, and those left out with the reason."""

    rows: list[Row] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)


def read_rows(path: Path) -> Rows:
    """Read all rows, before anything is posted. Raises `BadStreamFile`."""
    csv.field_size_limit(2**31 - 1)
    rows, seen = Rows(), Counter[str]()
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            for line, row in _rows(path, lines):
                text = row["text"]
                if not text.strip():
                    rows.skipped.append(f"line {line}: no text, not posted")
                    continue
                if len(text) > POST_LENGTH:
                    rows.skipped.append(
                        f"line {line}: {len(text)} characters, more than any network takes, not posted"
                    )
                    continue
                base = row.get("id") or hashlib.sha256(text.encode()).hexdigest()
                seen[base] += 1
                rows.rows.append(Row(f"{base}#{seen[base]}", text, line))
    except OSError as error:
        raise BadStreamFile(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise BadStreamFile(
            f"{path}, line {_line_of(path, error.start)}: not UTF-8 ({error.reason})"
        ) from None
    return rows


def _line_of(path: Path, near: int) -> int:
    """Find the first line that is not UTF-8."""
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                line.decode()
            except UnicodeDecodeError:
                return number
    return near


def _rows(path: Path, lines: TextIO) -> Iterator[tuple[int, dict[str, str]]]:
    skipped, separator = _skip_to_header(lines)
    reader = csv.DictReader(lines, delimiter=separator, strict=True)
    try:
        names = reader.fieldnames or []
        if "text" not in names:
            raise BadStreamFile(
                f"{path}, line {skipped + 1}: there is no column named text (found: {', '.join(names) or 'nothing'})"
            )
        for row in reader:
            line = skipped + reader.line_num
            if None in row or None in row.values():
                raise BadStreamFile(f"{path}, line {line}: {len(names)} columns expected; check the quotes")
            if "\0" in row["text"]:
                raise BadStreamFile(f"{path}, line {line}: a NUL character")
            yield line, row
    except csv.Error as error:
        raise BadStreamFile(f"{path}, row from line {skipped + reader.line_num + 1}: {error}") from None


def _skip_to_header(lines: TextIO) -> tuple[int, str]:
    """Leave the file at its header: return how many lines stand before it, and what separates cells.

    Blank lines stand there, and the line `sep=;` by which Excel is told the separator. Without one it is what occurs
    most often in the header.
    """
    separator, skipped, place = "", 0, lines.tell()
    while line := lines.readline():
        if match := _SEPARATOR_LINE.match(line):
            separator = "\t" if match[1] == "\\t" else match[1]
        elif line.strip(_BLANK):
            separator = separator or max(_SEPARATORS, key=line.count)
            break
        skipped, place = skipped + 1, lines.tell()
    lines.seek(place)
    return skipped, separator or ","


class Streamer:
    """Posts rows at `rate` a second. What was posted is remembered with the state, so a restart repeats nothing."""

    def __init__(self, world: World, rows: Rows, rate: float) -> None:
        self.world = world
        self.rows = rows
        self.rate = rate
        self.posted = 0
        self._done = {key for key, _ in world.store.load_things("streamed")}
        self.before = sum(row.key in self._done for row in rows.rows)
        self.finished = False

    def health(self) -> dict[str, Any]:
        return {
            "stream": {
                "rows": len(self.rows.rows), "posted": self.posted, "posted_before": self.before, "skipped": self.rows.skipped,
                "finished": self.finished,
            }
        }  # fmt: skip

    def step(self, row: Row, now: int) -> Message | None:
        """Post one row; None when it was posted before."""
        if row.key in self._done:
            return None
        rng = random.Random(f"stream {self.world.seed} {row.key}")
        account, kind = self._where(row.text, rng)
        parent = None
        if kind == "comment":
            posts = self.world.timeline("posts", account.remote_id).messages[-4:]
            parent = rng.choice(posts)
        author = self._author(account, row, rng)
        self.world.store.begin()
        message = self.world.post(
            Draft(
                account.network,
                account,
                author,
                row.text,
                kind,
                parent,
                ORIGIN,
                client={"row": row.key, "line": str(row.line)},
            ),
            now,
        )
        self.world.store.save_thing("streamed", row.key, message.first_id)
        self.world.store.commit()
        self._done.add(row.key)
        self.posted += 1
        return message

    def _where(self, text: str, rng: random.Random) -> tuple[BrandAccount, Kind]:
        accounts = list(self.world.accounts.values())
        on_x = [account for account in accounts if account.network == "x"]
        pages = [
            account
            for account in accounts
            if account.network == "facebook" and len(self.world.timeline("posts", account.remote_id))
        ]
        fits_x = len(text) <= LIMIT // 2 or weighted(text) <= LIMIT
        if on_x and fits_x and (not pages or rng.random() < 0.55):
            return rng.choice(on_x), "public"
        kind: Kind = "comment" if len(text) <= COMMENT_LENGTH and rng.random() < 0.6 else "visitor_post"
        return rng.choice(pages), kind

    def _author(self, account: BrandAccount, row: Row, rng: random.Random) -> Person:
        name, handle = invented_name(rng, "en")
        author_id = number_for(
            self.world.seed, account.network, "streamed", row.key, digits=12 if account.network == "x" else 17
        )
        handle = handle[:9] + author_id[-6:]
        followers = int(rng.lognormvariate(5, 1.5))
        return self.world.add_person(
            Person(account.network, author_id, handle, name, followers, followers > 20_000)
        )

    async def run(self) -> None:
        """Post what is left at the rate."""
        next_at = time.monotonic()
        for row in self.rows.rows:
            if self.step(row, self.world.clock()) is None:
                continue
            next_at = max(next_at + 1 / self.rate, time.monotonic() - 1)
            await asyncio.sleep(max(0.0, next_at - time.monotonic()))
        self.finished = True
