"""Sources of the bytes of a file: a path, or the parts of an uploaded file in the database. Always read in pieces."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, BinaryIO, cast

from reports.models import HistoryFilePart

#: Size of a part of an uploaded file.
PART_BYTES = 1 << 20

Opener = Callable[[], BinaryIO]


def path_opener(path: Path) -> Opener:
    """Return what opens a file on this machine."""
    return lambda: path.open("rb")


def parts_opener(import_id: int) -> Opener:
    """Return what opens an uploaded file."""
    return lambda: cast(BinaryIO, io.BufferedReader(_Parts(import_id), buffer_size=PART_BYTES))


def digest_of(pieces: Iterable[bytes]) -> tuple[str, int]:
    """Return the digest of a file, and its size."""
    digest, size = hashlib.sha256(), 0
    for piece in pieces:
        digest.update(piece)
        size += len(piece)
    return digest.hexdigest(), size


def read_pieces(opener: Opener) -> Iterable[bytes]:
    """Yield a file piece by piece."""
    with opener() as file:
        while piece := file.read(PART_BYTES):
            yield piece


class _Parts(io.RawIOBase):
    """An uploaded file as one stream: one part is in memory at a time."""

    def __init__(self, import_id: int) -> None:
        super().__init__()
        self._import_id = import_id
        self._at = 0
        self._number, self._content = -1, b""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to an offset from the beginning; nothing else is needed."""
        if whence != io.SEEK_SET:
            raise io.UnsupportedOperation("only from the beginning")
        self._at = offset
        return offset

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Any) -> int:
        number, begin = divmod(self._at, PART_BYTES)
        if number != self._number:
            parts = HistoryFilePart.objects.filter(history_import=self._import_id, number=number)
            content = parts.values_list("content", flat=True).first()
            self._number, self._content = number, bytes(content or b"")
        piece = self._content[begin : begin + len(buffer)]
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)
