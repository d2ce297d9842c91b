"""The floor of ingest: the same pages into the same tables by raw psycopg, one transaction per page.

It has no threading, no rules, no language detection and no repair of texts: every message opens a case in one
department. The rest is work that any program would have to do: fetch, parse, store people, cases, messages,
decisions, history, custody and the cursor.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
import psycopg
import requests

_PEOPLE = """
WITH author AS (
  SELECT * FROM unnest(%(ids)s::text[], %(handles)s::text[], %(names)s::text[]) AS a(remote_id, handle, name)
), known AS (
  SELECT i.remote_id, i.id, i.customer_id FROM inbox_identity i JOIN author a ON a.remote_id = i.remote_id
  WHERE i.network = 'x'
), customer AS (
  INSERT INTO inbox_customer (name, created_at)
  SELECT a.remote_id, %(now)s FROM author a LEFT JOIN known k USING (remote_id) WHERE k.id IS NULL
  RETURNING id, name
), made AS (
  INSERT INTO inbox_identity (network, remote_id, customer_id, handle, name, avatar_url, followers, verified, seen_at)
  SELECT 'x', a.remote_id, c.id, a.handle, a.name, '', 10, false, %(now)s
  FROM author a JOIN customer c ON c.name = a.remote_id
  RETURNING remote_id, id, customer_id
)
SELECT * FROM known UNION ALL SELECT * FROM made
"""
_CASES = """
INSERT INTO inbox_case (customer_id, identity_id, brand_account_id, network, visibility, thread_id, status,
  department_id, priority, tags, version, preview, message_count, historical, needs_answer, created_at, opened_at,
  activity_at, last_inbound_at, waiting_since, close_reason, reopen_count)
SELECT customer, identity, %(brand)s, 'x', 'public', thread, 'new', %(department)s, 0, '[]', 1, left(text, 240), 1,
  false, true, %(now)s, at, at, at, at, '', 0
FROM unnest(%(customers)s::bigint[], %(identities)s::bigint[], %(threads)s::text[], %(texts)s::text[],
            %(times)s::timestamptz[]) AS m(customer, identity, thread, text, at)
RETURNING id, thread_id
"""
_MESSAGES = """
WITH message AS (
  INSERT INTO inbox_message (brand_account_id, case_id, stream, canonical_id, remote_id, thread_id, parent_remote_id,
    direction, visibility, identity_id, text, network_time, received_at, hidden, history, permalink, attachments,
    can_reply, reply_ref, language, needs_answer, flags, historical, raw, search)
  SELECT %(brand)s, m.case_id, 'mentions', m.thread, m.thread, m.thread, '', 'in', 'public', m.identity, m.text, m.at,
    %(now)s, false, '[]', '', '[]', true, '{}', 'en', true, '[]', false, m.raw, to_tsvector('simple', m.text)
  FROM unnest(%(cases)s::bigint[], %(identities)s::bigint[], %(threads)s::text[], %(texts)s::text[],
              %(times)s::timestamptz[], %(raws)s::jsonb[]) AS m(case_id, identity, thread, text, at, raw)
  ON CONFLICT (brand_account_id, canonical_id) DO NOTHING
  RETURNING id, case_id
), decision AS (
  INSERT INTO inbox_decision (message_id, case_id, department_id, decided_by, rule_key, rule_name, version, reasons, at)
  SELECT id, case_id, %(department)s, 'default', '', '', 1, '["No rule held."]', %(now)s FROM message
), event AS (
  INSERT INTO inbox_caseevent (case_id, at, verb, data) SELECT case_id, %(now)s, 'opened', '{}' FROM message
)
INSERT INTO inbox_custody (case_id, department_id, sent_at, reason, wrong_department)
SELECT case_id, %(department)s, %(now)s, '', false FROM message
"""
_CURSOR = "UPDATE accounts_stream SET cursor = %s, last_success_at = %s WHERE id = %s"


def fetch_page(session: requests.Session, port: int, token: str) -> dict[str, Any]:
    """Fetch and parse one page."""
    address = f"http://127.0.0.1:{port}/2/users/1/mentions?pagination_token={token}"
    page: dict[str, Any] = orjson.loads(session.get(address, timeout=10).content)
    return page


def store_page(
    connection: psycopg.Connection[Any], page: dict[str, Any], ids: dict[str, int], now: dt.datetime
) -> int:
    """Store one page in one transaction; return the number of messages."""
    users = page["includes"]["users"]
    data = page["data"]
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute(_PEOPLE, {
            "ids": [u["id"] for u in users], "handles": [u["username"] for u in users],
            "names": [u["name"] for u in users], "now": now,
        })  # fmt: skip
        people = {remote: (identity, customer) for remote, identity, customer in cursor.fetchall()}
        columns = {
            "brand": ids["brand"], "department": ids["department"], "now": now,
            "identities": [people[m["author_id"]][0] for m in data],
            "customers": [people[m["author_id"]][1] for m in data],
            "threads": [m["id"] for m in data], "texts": [m["text"] for m in data],
            "times": [dt.datetime.fromisoformat(m["created_at"]) for m in data],
        }  # fmt: skip
        cursor.execute(_CASES, columns)
        cases = {thread: case for case, thread in cursor.fetchall()}
        raws = [orjson.dumps(m).decode() for m in data]
        cursor.execute(_MESSAGES, columns | {"cases": [cases[m["id"]] for m in data], "raws": raws})
        cursor.execute(_CURSOR, [_json({"since_id": page["meta"]["newest_id"]}), now, ids["stream"]])
    return len(data)


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


def fetch_and_store_pages(
    port: int, dsn: dict[str, Any], ids: dict[str, int], tokens: Sequence[str], now: dt.datetime
) -> tuple[int, float]:
    """Fetch and store one page per token over one connection.

    Returns the number of messages and the seconds of processor time.
    """
    with requests.Session() as session, psycopg.connect(**dsn, autocommit=True) as connection:
        began = read_processor_seconds(connection.info.backend_pid)
        count = sum(store_page(connection, fetch_page(session, port, token), ids, now) for token in tokens)
        return count, read_processor_seconds(connection.info.backend_pid) - began


def read_processor_seconds(backend: int) -> float:
    """Return the processor time of this process and of Postgres for it.

    `backend` is the id of its server process there. Where Linux does not say that one's time, it is left out.
    """
    try:
        nanoseconds = int(Path(f"/proc/{backend}/schedstat").read_text(encoding="ascii").split()[0])
    except (OSError, ValueError, IndexError):
        nanoseconds = 0
    return time.process_time() + nanoseconds / 1e9
