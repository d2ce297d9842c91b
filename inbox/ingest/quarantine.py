"""Items that could not be read or stored: kept whole, each once, and retried on request.

A second try (`inbox.ingest.retry`) asks the network for the item by its id, in a worker. What failed because of a defect of
ours or a passing fault of the network is then stored like any other message.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence

from django.db import connection

from inbox.ingest.storable import raw_bytes
from inbox.text import clean_line, clean_text
from networks.base import UnreadableItem

#: Bytes of an item that are kept. A whole response of a network is never larger.
MAX_RAW_BYTES = 16 * 1024 * 1024

_INSERT_QUARANTINED = """
INSERT INTO inbox_quarantined (brand_account_id, stream_id, remote_id, raw, digest, error, first_seen_at, seen_count,
                               retry_wanted)
SELECT %(brand)s, %(stream)s, r.remote_id, r.raw, r.digest, r.error, %(now)s, 1, false
FROM unnest(%(remote_ids)s::text[], %(raws)s::bytea[], %(digests)s::text[], %(errors)s::text[])
  AS r(remote_id, raw, digest, error)
ON CONFLICT (stream_id, digest) DO UPDATE SET seen_count = inbox_quarantined.seen_count + 1, error = excluded.error
"""


def quarantine_items(
    stream_id: int, brand_account_id: int, items: Sequence[UnreadableItem], now: dt.datetime
) -> int:
    """Keep items and return how many different ones there were.

    One statement, none without items.
    """
    rows: dict[str, tuple[str, bytes, str, str]] = {}
    for item in items:
        raw = raw_bytes(item.raw)[:MAX_RAW_BYTES]
        digest = hashlib.sha256(raw).hexdigest()
        rows[digest] = (clean_line(item.remote_id), raw, digest, _clean_error(item.error))
    if rows:
        remote_ids, raws, digests, errors = (list(column) for column in zip(*rows.values(), strict=True))
        with connection.cursor() as cursor:
            cursor.execute(
                _INSERT_QUARANTINED,
                {
                    "brand": brand_account_id,
                    "stream": stream_id,
                    "now": now,
                    "remote_ids": remote_ids,
                    "raws": raws,
                    "digests": digests,
                    "errors": errors,
                },
            )
    return len(rows)


def _clean_error(error: str) -> str:
    """Clean an error's text, which may quote a network's, like any other."""
    return " ".join(clean_text(error[:1000])[0].split())[:1000] or "unreadable"
