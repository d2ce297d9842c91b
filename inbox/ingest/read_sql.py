"""The statements of ingest that read and lock; those that write are in `ingest_writes`. Each takes all rows of a page at
once, as one JSON document, so that a page of a hundred messages costs as many statements as a page of one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson

from accounts.working_time.presence import local_date
from inbox.ingest.on_point import SHIFTS_COLUMN
from postgres.bound_cursors import bound_cursor

Row = Mapping[str, Any]

# The brand account is locked first: two streams of one account never store at the same time, so that no message gets
# two cases. FOR NO KEY UPDATE lets everyone else insert rows that point at it.
_LOCKED_BRAND = """
WITH brand AS (
  SELECT b.id, b.network, b.remote_id, b.connected_at, b.health, b.time_zone FROM accounts_brandaccount b
  WHERE b.id = (SELECT brand_account_id FROM accounts_stream WHERE id = %(stream)s) FOR NO KEY UPDATE
)
"""
_DEPARTMENTS = """
(SELECT jsonb_agg(jsonb_build_array(id, slug, name, is_open, assignment_mode <> 'manual') ORDER BY position, id) FROM accounts_department)
"""
# Whether answers of our own wait for what they answer (`inbox.ingest.early_answers`).
_HAS_EARLY_ANSWERS = "EXISTS (SELECT FROM inbox_earlyanswer e WHERE e.brand_account_id = brand.id)"
# The service levels that set the clocks, by primary key.
_SLA_VERSION = "(SELECT id FROM routing_slaversion ORDER BY number DESC LIMIT 1)"
_SAVE_CURSOR = f"""{_LOCKED_BRAND}
UPDATE accounts_stream s
SET cursor = %(cursor)s::jsonb, lease_until = %(lease_until)s, budget = %(budget)s::jsonb,
    overflowed_at = CASE WHEN %(overflowed)s THEN %(now)s ELSE s.overflowed_at END
FROM brand WHERE s.id = %(stream)s AND s.lease_token = %(token)s
RETURNING s.kind, brand.id, brand.network, brand.remote_id, brand.connected_at, brand.health, {_DEPARTMENTS}, {_SLA_VERSION},
  brand.time_zone, {SHIFTS_COLUMN}, {_HAS_EARLY_ANSWERS}
"""  # noqa: S608 (constants)
_LOCK_BRAND_ACCOUNT = f"""{_LOCKED_BRAND}
SELECT s.kind, brand.id, brand.network, brand.remote_id, brand.connected_at, brand.health, {_DEPARTMENTS}, {_SLA_VERSION},
  brand.time_zone, {SHIFTS_COLUMN}, {_HAS_EARLY_ANSWERS}
FROM brand JOIN accounts_stream s ON s.id = %(stream)s
"""  # noqa: S608 (constants)

# A customer whose identity another brand account stored in this very moment is left without one: harmless, and rarer
# than a lock for every page would be dear.
_UPSERT_IDENTITIES = """
WITH given AS (
  SELECT * FROM json_to_recordset(%(rows)s::json)
    AS r(remote_id text, handle text, name text, avatar_url text, followers int, verified bool)
  ORDER BY remote_id
), known AS (
  SELECT i.id, i.customer_id, i.remote_id FROM inbox_identity i
  WHERE i.network = %(network)s AND i.remote_id IN (SELECT remote_id FROM given)
), changed AS (
  UPDATE inbox_identity i
  SET handle = coalesce(nullif(g.handle, ''), i.handle), name = coalesce(nullif(g.name, ''), i.name),
      avatar_url = coalesce(nullif(g.avatar_url, ''), i.avatar_url), followers = coalesce(g.followers, i.followers),
      verified = g.verified, seen_at = %(now)s
  FROM given g
  WHERE i.network = %(network)s AND i.remote_id = g.remote_id AND (
    i.seen_at < %(now)s - interval '1 day' OR g.handle NOT IN ('', i.handle) OR g.name NOT IN ('', i.name)
    OR g.avatar_url NOT IN ('', i.avatar_url) OR g.followers <> i.followers OR g.verified <> i.verified)
), fresh AS (
  SELECT g.*, nextval(pg_get_serial_sequence('inbox_customer', 'id')) AS customer_id FROM given g
  WHERE g.remote_id NOT IN (SELECT remote_id FROM known)
), customers AS (
  INSERT INTO inbox_customer (id, name, created_at)
  SELECT customer_id, coalesce(nullif(name, ''), handle), %(now)s FROM fresh
), added AS (
  INSERT INTO inbox_identity (network, remote_id, customer_id, handle, name, avatar_url, followers, verified, seen_at)
  SELECT %(network)s, remote_id, customer_id, handle, name, avatar_url, followers, verified, %(now)s FROM fresh
  ON CONFLICT (network, remote_id) DO UPDATE SET seen_at = excluded.seen_at
  RETURNING id, customer_id, remote_id
), standing AS (
  SELECT o.customer_id, count(*) FILTER (WHERE o.closed_at IS NULL) AS open_cases,
         (array_agg(o.department_id ORDER BY o.closed_at DESC, o.id DESC) FILTER (WHERE o.closed_at IS NOT NULL))[1]
           AS closed_by
  FROM inbox_case o WHERE o.customer_id = ANY(ARRAY(SELECT customer_id FROM known)) GROUP BY o.customer_id
)
SELECT k.remote_id, k.id, k.customer_id, c.tags, coalesce(s.open_cases, 0), s.closed_by
FROM known k JOIN inbox_customer c ON c.id = k.customer_id LEFT JOIN standing s ON s.customer_id = k.customer_id
UNION ALL SELECT remote_id, id, customer_id, '[]'::jsonb, 0, NULL FROM added
"""
OUTGOING_REPLIES = """
SELECT r.id, r.author_id, r.case_id, r.text, r.remote_id, r.visibility, r.created_at,
       p.remote_id, p.canonical_id, p.thread_id
FROM inbox_reply r JOIN inbox_message p ON p.id = r.parent_id
WHERE r.brand_account_id = %(brand)s AND r.state IN ('sending', 'unconfirmed')
ORDER BY r.id FOR NO KEY UPDATE OF r
"""
_SELECT_STORED = """
SELECT m.canonical_id, m.id, m.remote_id, m.text, m.edited_at, m.deleted_at IS NOT NULL, m.hidden, m.case_id,
       m.needs_answer, ARRAY(SELECT jsonb_array_elements_text(m.corrected))
FROM inbox_message m WHERE m.brand_account_id = %(brand)s AND
"""
# Of two selects, each with an index of its own: an OR might get neither.
_STORED_MESSAGES = f"""{_SELECT_STORED} m.canonical_id = ANY(%(ids)s)
UNION ALL {_SELECT_STORED} m.remote_id = ANY(%(parents)s) AND m.remote_id <> m.canonical_id AND m.visibility = 'public'
  AND m.canonical_id <> ALL(%(ids)s)
"""
_LOCK_CASES = """
SELECT c.id, c.customer_id, c.identity_id, c.visibility, c.thread_id, c.status, c.department_id, c.opened_at,
       c.activity_at, c.created_at, c.priority, c.tags, c.preview, c.message_count, c.historical, c.needs_answer,
       c.last_inbound_at, c.last_outbound_at, c.waiting_since, c.first_response_at, c.closed_at, c.close_reason,
       c.reopen_count, c.version, c.exchange_from, c.first_response_due_at, c.next_response_due_at, c.resolution_from,
       c.resolution_used, c.resolution_due_at, c.next_due_at, c.next_clock_at, c.sla_version,
       ARRAY(SELECT DISTINCT m.thread_id FROM inbox_message m
             WHERE m.case_id = c.id AND m.thread_id = ANY(%(threads)s)) AS threads,
       CASE WHEN %(answered)s AND c.waiting_since IS NOT NULL THEN ARRAY(
         SELECT m.network_time FROM inbox_message m WHERE m.case_id = c.id AND m.network_time >= c.waiting_since
           AND m.direction = 'in' AND m.needs_answer AND NOT m.historical) END AS wanting
FROM inbox_case c
WHERE c.id IN (
  SELECT o.id FROM inbox_case o WHERE o.brand_account_id = %(brand)s AND o.customer_id = ANY(%(customers)s)
    AND (o.closed_at IS NULL OR o.closed_at > %(closed_after)s)
  UNION ALL SELECT unnest(%(cases)s::bigint[])
  UNION ALL SELECT near.case_id FROM unnest(%(own_threads)s::text[]) AS t(thread_id), LATERAL (
    SELECT m.case_id FROM inbox_message m
    WHERE m.brand_account_id = %(brand)s AND m.thread_id = t.thread_id LIMIT 50) AS near
)
ORDER BY c.id FOR NO KEY UPDATE OF c
"""


def fetch_rows(statement: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """What a statement returns."""
    with bound_cursor() as cursor:
        cursor.execute(statement, parameters)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def rows_as_json(rows: Iterable[Row]) -> str:
    """Rows as the document that a statement takes them from."""
    return orjson.dumps(list(rows)).decode()


def save_cursor_and_lock(
    stream_id: int,
    token: UUID,
    *,
    cursor: Mapping[str, Any],
    budget: Mapping[str, Any],
    overflowed: bool,
    lease_until: dt.datetime,
    now: dt.datetime,
) -> tuple[Any, ...] | None:
    """Save the cursor and go on holding the lease; None, with nothing saved, when the lease is another's."""
    parameters = {
        "stream": stream_id,
        "token": token,
        "cursor": orjson.dumps(cursor).decode(),
        "budget": orjson.dumps(budget).decode(),
        "overflowed": overflowed,
        "lease_until": lease_until,
        "now": now,
        "today": local_date(now),
    }
    return next(iter(fetch_rows(_SAVE_CURSOR, parameters)), None)


def lock_brand_account(stream_id: int, now: dt.datetime) -> tuple[Any, ...]:
    """What `save_cursor_and_lock` returns, for messages that did not come by polling."""
    return fetch_rows(_LOCK_BRAND_ACCOUNT, {"stream": stream_id, "now": now, "today": local_date(now)})[0]


def upsert_identities(network: str, rows: Sequence[Row], now: dt.datetime) -> list[tuple[Any, ...]]:
    """Insert or refresh the authors; for each (remote id, identity id, customer id, the customer's tags as JSON, how
    many cases of theirs are open, id of the department that closed one last).
    """
    return fetch_rows(_UPSERT_IDENTITIES, {"network": network, "rows": rows_as_json(rows), "now": now})


def lock_outgoing_replies(brand: int) -> list[tuple[Any, ...]]:
    """The brand account's answers that may or may not stand on the network yet, locked."""
    return fetch_rows(OUTGOING_REPLIES, {"brand": brand})


def read_stored_messages(brand: int, ids: Sequence[str], parents: Sequence[str]) -> list[tuple[Any, ...]]:
    """The stored messages among these canonical ids; and the edited ones that go by one of `parents` since."""
    return fetch_rows(_STORED_MESSAGES, {"brand": brand, "ids": list(ids), "parents": list(parents)})


def lock_cases(brand: int, **parameters: Any) -> list[tuple[Any, ...]]:
    """The cases that messages may join or belong to, locked, in the order of `CaseState`'s fields, its threads
    and, when answers came (`answered`), since when which of its messages want one.
    """
    return fetch_rows(_LOCK_CASES, {"brand": brand, **parameters})
