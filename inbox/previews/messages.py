"""Inbound messages of the past as facts, newest first, in chunks by keyset. Read with a bare cursor: a hundred thousand
of them are wanted within a minute, beside everything else."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import orjson
from django.db import connection

from routing.facts import Facts
from routing.text import MAX_TEXT_READ
from routing.trace import restore_facts

# The text as it was when the message came: what is decided upon. Facts that were not kept, of messages older than the
# record of them, are put together from what is stored now.
_CHUNK = f"""
SELECT m.id, left(coalesce(m.history->0->>'text', m.text), {MAX_TEXT_READ}), b.network, m.stream, b.remote_id,
       m.network_time, d.trace->'facts', d.decided_by IS DISTINCT FROM 'thread', m.language, m.sentiment, m.urgency,
       m.is_spam, m.needs_answer, i.followers, coalesce(i.verified, false),
       m.parent_remote_id <> '' AND m.thread_id <> m.canonical_id
FROM inbox_message m
JOIN accounts_brandaccount b ON b.id = m.brand_account_id
LEFT JOIN inbox_decision d ON d.message_id = m.id
LEFT JOIN inbox_identity i ON i.id = m.identity_id
WHERE m.direction = 'in' AND m.network_time >= %(since)s AND m.network_time <= %(at)s
  AND (m.network_time < %(at)s OR m.id < %(before)s)
ORDER BY m.network_time DESC, m.id DESC LIMIT %(limit)s
"""  # noqa: S608 (a constant)
_COUNT = """
SELECT count(*) FROM inbox_message WHERE direction = 'in' AND network_time >= %(since)s AND network_time < %(at)s
"""


@dataclass(frozen=True, slots=True)
class PastMessage:
    """A message of the past; `opens` says whether it opened a case then."""

    id: int
    facts: Facts
    opened_case: bool


def count_past_messages(since: dt.datetime, until: dt.datetime) -> int:
    """How many inbound messages were written in between, UTC."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, {"since": since, "at": until})
        return int(cursor.fetchone()[0])


def load_past_messages(since: dt.datetime, at: dt.datetime, before: int, limit: int) -> list[PastMessage]:
    """The next messages older than the one at (`at`, `before`), newest first."""
    return [_past_message_from_row(row) for row in read_past_message_rows(since, at, before, limit)]


def read_past_message_rows(
    since: dt.datetime, at: dt.datetime, before: int, limit: int
) -> list[tuple[Any, ...]]:
    """The rows behind `load_past_messages`: id, text, network, stream, brand account, time, facts as JSON, …"""
    with connection.cursor() as cursor:
        cursor.execute(_CHUNK, {"since": since, "at": at, "before": before, "limit": limit})
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def _past_message_from_row(row: tuple[Any, ...]) -> PastMessage:
    id_, text, network, stream, remote_id, at, kept, opens = row[:8]
    return PastMessage(
        id_,
        restore_facts(
            orjson.loads(kept) if kept is not None else _facts_from_columns(row[8:]),
            text=text,
            network=network,
            stream=stream,
            brand_account=f"{network}:{remote_id}",
            at=at,
        ),
        opens,
    )


def _facts_from_columns(row: tuple[Any, ...]) -> dict[str, Any]:
    language, sentiment, urgency, is_spam, needs_answer, followers, verified, is_reply = row
    return {
        "language": language or "", "sentiment": sentiment or "", "urgency": urgency or 0, "is_spam": bool(is_spam),
        "wants_answer": needs_answer, "followers": followers, "verified": verified, "is_reply": bool(is_reply),
    }  # fmt: skip
