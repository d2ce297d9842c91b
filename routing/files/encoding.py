"""Decode a CSV file in UTF-8, UTF-16 or Windows-1252.

It is decoded line by line, because a million rows must not be in memory three times.
"""

from __future__ import annotations

import codecs
import contextlib
import io
from collections.abc import Iterator
from typing import BinaryIO

_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
#: The first bytes of other file types, and what to tell people who renamed such a file.
_OTHER_FILE_TYPES = (
    (b"PK\x03\x04", "It is a ZIP archive or an Excel workbook, not a CSV file: unpack it, or save the sheet as CSV."),
    (b"PK\x05\x06", "It is an empty ZIP archive, not a CSV file."),
    (b"\xd0\xcf\x11\xe0", "It is an old Excel workbook, not a CSV file: save the sheet as CSV."),
    (b"\x1f\x8b", "It is compressed with gzip, not a CSV file: unpack it first."),
    (b"%PDF", "It is a PDF, not a CSV file."),
)  # fmt: skip
_PIECE = 1 << 20
#: The number of bytes from which the width of the characters is guessed.
_SAMPLE_BYTES = 400


class BadTable(ValueError):
    """The file cannot be used. The text says why, for the person who made it."""


def read_lines(data: bytes | BinaryIO) -> Iterator[str]:
    """Yield the lines with their line ends. An open file must be seekable.

    Characters that Postgres cannot store (NUL, lone surrogates) are replaced, as in incoming messages. Raises
    `BadTable` when the file is empty or of another type.
    """
    file = io.BytesIO(data) if isinstance(data, bytes) else data
    head = file.read(_PIECE)
    for beginning, advice in _OTHER_FILE_TYPES:
        if head.startswith(beginning):
            raise BadTable(advice)
    while not head.strip(b" \t\r\n\x00\xef\xbb\xbf\xff\xfe"):
        if not head:
            raise BadTable("It is empty.")
        head = file.read(_PIECE)
    return _decode_lines(file, guess_encoding(file))


def _decode_lines(file: BinaryIO, encoding: str) -> Iterator[str]:
    file.seek(0)
    lines = io.TextIOWrapper(file, encoding, "replace", newline="")
    try:
        for line in lines:
            yield line.replace("\x00", "\ufffd")
    finally:
        # The file is its opener's to close, who may have done so by now.
        with contextlib.suppress(ValueError):
            lines.detach()


def guess_encoding(data: bytes | BinaryIO) -> str:
    """Guess the encoding from the byte order mark or the bytes.

    Without a mark it is UTF-16 when every other byte at the beginning is 0, UTF-8 when that decodes most of
    what is not ASCII, else Windows-1252.
    """
    file = io.BytesIO(data) if isinstance(data, bytes) else data
    file.seek(0)
    head = file.read(_SAMPLE_BYTES)
    for mark, name in _BOMS:
        if head.startswith(mark):
            return name
    for offset, name in ((1, "utf-16-le"), (0, "utf-16-be")):
        if len(head) > 1 and head[offset::2].count(0) > len(head) // 4:
            return name
    file.seek(0)
    decoder, good, bad = codecs.getincrementaldecoder("utf-8")("replace"), 0, 0
    while content := file.read(_PIECE):
        if content.isascii() and not decoder.getstate()[0]:
            continue
        piece = decoder.decode(content)
        wrong = piece.count("\ufffd")
        bad += wrong
        good += len(piece) - len(piece.encode("ascii", "ignore")) - wrong
    return "utf-8" if good >= bad else "cp1252"
