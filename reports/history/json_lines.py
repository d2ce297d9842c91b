"""Conversations of a file with one JSON object a line, from any line on. Memory holds one line."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import orjson

from reports.history.conversations import Rejected
from reports.history.sources import Opener

#: A longer line is not read: one conversation is a few kilobytes.
LONGEST_LINE = 16 << 20
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class Found(NamedTuple):
    """The content of a line: a document to check, or the reason why it is none. `offset` is the byte behind the line."""

    line: int
    offset: int
    document: Any
    rejected: str = ""


def read_json_lines(opener: Opener, *, line: int, offset: int) -> Iterator[Found]:
    """Yield what a file has after `line`, which ends at byte `offset`. Blank lines are skipped.

    Raises `Rejected` for a file that is not text in UTF-8 at all.
    """
    with opener() as file:
        if not offset and (head := file.read(2)) in _UTF_16:
            raise Rejected("The file is in UTF-16. Save it as UTF-8.")
        elif not offset and head == b"\x1f\x8b":
            raise Rejected("The file is compressed with gzip. Unpack it first.")
        elif not offset and head == b"PK":
            raise Rejected("The file is a ZIP archive. Unpack it first.")
        file.seek(offset)
        while raw := file.readline(LONGEST_LINE):
            line, offset = line + 1, offset + len(raw)
            if len(raw) == LONGEST_LINE and not raw.endswith(b"\n"):
                while not raw.endswith(b"\n") and (raw := file.readline(LONGEST_LINE)):
                    offset += len(raw)
                yield Found(line, offset, None, f"The line is longer than {LONGEST_LINE >> 20} MB.")
            elif raw.strip(b" \t\r\n\x00" + codecs.BOM_UTF8):
                yield _read_line(raw, line, offset)


def _read_line(raw: bytes, line: int, offset: int) -> Found:
    raw = raw.removeprefix(codecs.BOM_UTF8)
    try:
        return Found(line, offset, orjson.loads(raw))
    except orjson.JSONDecodeError:
        pass
    try:
        # Half an emoji, cut off somewhere on its way here, is repaired later like that of an incoming message.
        return Found(line, offset, json.loads(raw.decode()))
    except UnicodeDecodeError:
        return Found(line, offset, None, "The line is not in UTF-8.")
    except RecursionError:
        return Found(line, offset, None, "The line is nested too deeply.")
    except ValueError as error:
        return Found(line, offset, None, f"The line is not JSON: {getattr(error, 'msg', error)}."[:300])
