"""The text of a CSV file, whoever saved it: UTF-8, UTF-16 or what old spreadsheets write.

Read line by line, so that a million rows do not stand in memory three times.
"""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator

_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
#: What other files begin with, and what to say to those who gave them another name.
_OTHER_FILE_TYPES = (
    (b"PK\x03\x04", "It is a ZIP archive or an Excel workbook, not a CSV file: unpack it, or save the sheet as CSV."),
    (b"PK\x05\x06", "It is an empty ZIP archive, not a CSV file."),
    (b"\xd0\xcf\x11\xe0", "It is an old Excel workbook, not a CSV file: save the sheet as CSV."),
    (b"\x1f\x8b", "It is compressed with gzip, not a CSV file: unpack it first."),
    (b"%PDF", "It is a PDF, not a CSV file."),
)  # fmt: skip
_PIECE = 1 << 20
#: Bytes that the width of the characters is guessed from.
_SAMPLE_BYTES = 400


class BadTable(ValueError):
    """The file cannot be used; the text says why, for whoever made it."""


def read_lines(data: bytes) -> Iterator[str]:
    """Yield the lines with their ends.

    What Postgres cannot store (NUL, half a pair) is replaced, as in messages that come in. Raises `BadTable` for what is empty
    or another kind of file.
    """
    for beginning, advice in _OTHER_FILE_TYPES:
        if data.startswith(beginning):
            raise BadTable(advice)
    if not data.strip(b" \t\r\n\x00\xef\xbb\xbf\xff\xfe"):
        raise BadTable("It is empty.")
    return _decode_lines(data, guess_encoding(data))


def _decode_lines(data: bytes, encoding: str) -> Iterator[str]:
    for line in io.TextIOWrapper(io.BytesIO(data), encoding, "replace", newline=""):
        yield line.replace("\x00", "\ufffd")


def guess_encoding(data: bytes) -> str:
    """Guess the encoding from the file's mark or, without one, its bytes.

    UTF-16 where every other byte of the beginning is 0, UTF-8 where that reads most of what is not ASCII, else
    Windows-1252.
    """
    for mark, name in _BOMS:
        if data.startswith(mark):
            return name
    head = data[:_SAMPLE_BYTES]
    for offset, name in ((1, "utf-16-le"), (0, "utf-16-be")):
        if len(head) > 1 and head[offset::2].count(0) > len(head) // 4:
            return name
    if data.isascii():
        return "utf-8"
    decoder, good, bad = codecs.getincrementaldecoder("utf-8")("replace"), 0, 0
    for start in range(0, len(data), _PIECE):
        piece = decoder.decode(data[start : start + _PIECE])
        wrong = piece.count("\ufffd")
        bad += wrong
        good += len(piece) - len(piece.encode("ascii", "ignore")) - wrong
    return "utf-8" if good >= bad else "cp1252"
