"""Cursors of keyset paging: a row's time and id, opaque to clients."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import struct

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def encode_cursor(at: dt.datetime, pk: int) -> str:
    """Return the cursor of the row at (`at`, `pk`): 22 ASCII characters."""
    micros = (at - _EPOCH) // dt.timedelta(microseconds=1)
    return base64.urlsafe_b64encode(struct.pack(">qq", micros, pk)).decode().rstrip("=")


def decode_cursor(cursor: str) -> tuple[dt.datetime, int] | None:
    """Return the time and id that were passed to `encode_cursor`.

    None for any other text, never an error: a bad cursor shows the first page.
    """
    if len(cursor) != 22 or not cursor.isascii():
        return None
    try:
        micros, pk = struct.unpack(">qq", base64.urlsafe_b64decode(cursor + "=="))
        at = _EPOCH + dt.timedelta(microseconds=micros)
    except (binascii.Error, ValueError, OverflowError, struct.error):
        return None
    return (at, pk) if at > _EPOCH and pk > 0 else None
