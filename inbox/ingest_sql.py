"""The statements of ingest. Each takes all rows of a page at once, as one JSON document, so that a page of a hundred
messages costs as many statements as a page of one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson

from accounts.binding import bound_cursor
from inbox.on_point import SHIFTS

Row = Mapping[str, Any]

# The brand account is locked first: two streams of one account never store at the same time, so that no message gets
# two cases. FOR NO KEY UPDATE lets everyone else insert rows that point at it.
_HEADER = """
WITH brand AS (
  SELECT b.id, b.network, b.remote_id, b.connected_at, b.health, b.time_zone FROM accounts_brandaccount b
  WHERE b.id = (SELECT brand_account_id FROM accounts_stream WHERE id = %(stream)s) FOR NO KEY UPDATE
)
"""
_DEPARTMENTS = """
(SELECT jsonb_agg(jsonb_build_array(id, slug, name, is_open, assignment_mode <> 'manual') ORDER BY position, id) FROM accounts_department)
"""
# The service levels that set the clocks, by primary key.
_TERMS = "(SELECT id FROM routing_slaversion ORDER BY number DESC LIMIT 1)"
_FENCE = f"""{_HEADER}
UPDATE accounts_stream s
SET cursor = %(cursor)s::jsonb, lease_until = %(lease_until)s, budget = %(budget)s::jsonb,
    overflowed_at = CASE WHEN %(overflowed)s THEN %(now)s ELSE s.overflowed_at END
FROM brand WHERE s.id = %(stream)s AND s.lease_token = %(token)s
RETURNING s.kind, brand.id, brand.network, brand.remote_id, brand.connected_at, brand.health, {_DEPARTMENTS}, {_TERMS},
  brand.time_zone, {SHIFTS}
"""  # noqa: S608 (constants)
_LOCK = f"""{_HEADER}
SELECT s.kind, brand.id, brand.network, brand.remote_id, brand.connected_at, brand.health, {_DEPARTMENTS}, {_TERMS},
  brand.time_zone, {SHIFTS}
FROM brand JOIN accounts_stream s ON s.id = %(stream)s
"""  # noqa: S608 (constants)

# A customer whose identity another brand account stored in this very moment is left without one: harmless, and rarer
# than a lock for every page would be dear.
_IDENTITIES = """
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
_REPLIES = """
SELECT r.id, r.author_id, r.case_id, r.text, r.remote_id, r.visibility, r.created_at,
       p.remote_id, p.canonical_id, p.thread_id
FROM inbox_reply r JOIN inbox_message p ON p.id = r.parent_id
WHERE r.brand_account_id = %(brand)s AND r.state IN ('sending', 'unconfirmed')
ORDER BY r.id FOR NO KEY UPDATE OF r
"""
_KNOWN = """
SELECT m.canonical_id, m.id, m.remote_id, m.text, m.edited_at, m.deleted_at IS NOT NULL, m.hidden, m.case_id,
       m.needs_answer, ARRAY(SELECT jsonb_array_elements_text(m.corrected))
FROM inbox_message m WHERE m.brand_account_id = %(brand)s AND m.canonical_id = ANY(%(ids)s)
"""
_CASES = """
SELECT c.id, c.customer_id, c.identity_id, c.visibility, c.thread_id, c.status, c.department_id, c.opened_at,
       c.activity_at, c.created_at, c.priority, c.tags, c.preview, c.message_count, c.historical, c.needs_answer,
       c.last_inbound_at, c.last_outbound_at, c.waiting_since, c.first_response_at, c.closed_at, c.close_reason,
       c.reopen_count, c.version, c.exchange_from, c.first_response_due_at, c.next_response_due_at, c.resolution_from,
       c.resolution_used, c.resolution_due_at, c.next_due_at, c.next_clock_at, c.sla_version,
       ARRAY(SELECT DISTINCT m.thread_id FROM inbox_message m
             WHERE m.case_id = c.id AND m.thread_id = ANY(%(threads)s)) AS threads
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
_WRITE_CASES = """
WITH joined AS (
  UPDATE inbox_case c
  SET status = r.status, version = c.version + 1, preview = r.preview, message_count = r.message_count,
      priority = r.priority, tags = r.tags, historical = r.historical, needs_answer = r.needs_answer,
      opened_at = r.opened_at, activity_at = r.activity_at, last_inbound_at = r.last_inbound_at,
      last_outbound_at = r.last_outbound_at, waiting_since = r.waiting_since, first_response_at = r.first_response_at,
      closed_at = r.closed_at, close_reason = r.close_reason, reopen_count = r.reopen_count,
      exchange_from = r.exchange_from, first_response_due_at = r.first_response_due_at,
      next_response_due_at = r.next_response_due_at, resolution_from = r.resolution_from,
      resolution_used = r.resolution_used, resolution_due_at = r.resolution_due_at, next_due_at = r.next_due_at,
      next_clock_at = r.next_clock_at, sla_version = r.sla_version
  FROM json_to_recordset(%(joined)s::json) AS r(id bigint, status text, preview text, message_count int,
      priority smallint, tags jsonb, historical bool, needs_answer bool, opened_at timestamptz,
      activity_at timestamptz, last_inbound_at timestamptz, last_outbound_at timestamptz, waiting_since timestamptz,
      first_response_at timestamptz, closed_at timestamptz, close_reason text, reopen_count smallint,
      exchange_from timestamptz, first_response_due_at timestamptz, next_response_due_at timestamptz,
      resolution_from timestamptz, resolution_used int, resolution_due_at timestamptz, next_due_at timestamptz,
      next_clock_at timestamptz, sla_version int)
  WHERE c.id = r.id
)
INSERT INTO inbox_case (customer_id, identity_id, brand_account_id, network, visibility, thread_id, status,
    department_id, priority, tags, version, preview, message_count, historical, needs_answer, created_at, opened_at,
    activity_at, last_inbound_at, last_outbound_at, waiting_since, first_response_at, closed_at, close_reason,
    reopen_count, exchange_from, first_response_due_at, next_response_due_at, resolution_from, resolution_used,
    resolution_due_at, next_due_at, next_clock_at, sla_version)
SELECT r.customer_id, r.identity_id, %(brand)s, %(network)s, r.visibility, r.thread_id, r.status, r.department_id,
    r.priority, r.tags, 1, r.preview, r.message_count, r.historical, r.needs_answer, r.created_at, r.opened_at,
    r.activity_at, r.last_inbound_at, r.last_outbound_at, r.waiting_since, r.first_response_at, r.closed_at,
    r.close_reason, 0, r.exchange_from, r.first_response_due_at, r.next_response_due_at, r.resolution_from,
    r.resolution_used, r.resolution_due_at, r.next_due_at, r.next_clock_at, r.sla_version
FROM json_to_recordset(%(opened)s::json) AS r(n int, customer_id bigint, identity_id bigint, visibility text,
    thread_id text, status text, department_id bigint, priority smallint, tags jsonb, preview text, message_count int,
    historical bool, needs_answer bool, created_at timestamptz, opened_at timestamptz, activity_at timestamptz,
    last_inbound_at timestamptz, last_outbound_at timestamptz, waiting_since timestamptz,
    first_response_at timestamptz, closed_at timestamptz, close_reason text, exchange_from timestamptz,
    first_response_due_at timestamptz, next_response_due_at timestamptz, resolution_from timestamptz,
    resolution_used int, resolution_due_at timestamptz, next_due_at timestamptz, next_clock_at timestamptz,
    sla_version int)
ORDER BY r.n RETURNING id
"""
_WRITE_MESSAGES = """
INSERT INTO inbox_message (brand_account_id, case_id, stream, canonical_id, remote_id, thread_id, parent_remote_id,
    direction, visibility, identity_id, user_id, text, network_time, received_at, edited_at, hidden, history,
    permalink, attachments, can_reply, reply_ref, language, needs_answer, sentiment, urgency, is_spam, flags, historical,
    raw, on_point_id, on_point_backup_id)
SELECT %(brand)s, r.case_id, r.stream, r.canonical_id, r.remote_id, r.thread_id, r.parent_remote_id, r.direction,
    r.visibility, r.identity_id, r.user_id, r.text, r.network_time, %(now)s, r.edited_at, r.hidden, '[]', r.permalink,
    r.attachments, r.can_reply, r.reply_ref, r.language, r.needs_answer, r.sentiment, r.urgency, r.is_spam,
    r.flags, r.historical, r.raw,
    CASE WHEN r.direction = 'in' AND NOT r.historical THEN %(primary)s::bigint END,
    CASE WHEN r.direction = 'in' AND NOT r.historical THEN %(backup)s::bigint END
FROM json_to_recordset(%(rows)s::json) AS r(case_id bigint, stream text, canonical_id text, remote_id text,
    thread_id text, parent_remote_id text, direction text, visibility text, identity_id bigint, user_id bigint,
    text text, network_time timestamptz, edited_at timestamptz, hidden bool, permalink text, attachments jsonb,
    can_reply bool, reply_ref jsonb, language text, needs_answer bool, sentiment text, urgency smallint, is_spam bool,
    flags jsonb, historical bool, raw jsonb)
ON CONFLICT (brand_account_id, canonical_id) DO NOTHING RETURNING canonical_id, id
"""
_CHANGE_MESSAGES = """
UPDATE inbox_message m
SET text = r.text, remote_id = r.remote_id, edited_at = r.edited_at, hidden = r.hidden, flags = r.flags,
    language = coalesce(r.language, m.language), sentiment = coalesce(r.sentiment, m.sentiment),
    urgency = coalesce(r.urgency, m.urgency), is_spam = coalesce(r.is_spam, m.is_spam),
    needs_answer = coalesce(r.needs_answer, m.needs_answer), reply_ref = r.reply_ref, permalink = r.permalink, raw = r.raw,
    deleted_at = CASE WHEN r.deleted THEN coalesce(m.deleted_at, %(now)s) ELSE m.deleted_at END,
    history = CASE WHEN m.text = r.text THEN m.history
              ELSE m.history || jsonb_build_object('text', m.text, 'until', r.until) END
FROM json_to_recordset(%(rows)s::json) AS r(id bigint, text text, remote_id text, edited_at timestamptz, hidden bool,
    flags jsonb, language text, sentiment text, urgency smallint, is_spam bool, needs_answer bool, reply_ref jsonb, permalink text, raw jsonb, deleted bool, until text)
WHERE m.id = r.id
"""
# A reopened case goes on in the custody that ended with its closing: intervals stay without a gap.
_WRITE_HISTORY = """
WITH decided AS (
  INSERT INTO inbox_decision (message_id, case_id, department_id, decided_by, rule_key, rule_name, version, reasons,
    trace, at)
  SELECT r.message_id, r.case_id, r.department_id, r.decided_by, r.rule_key, r.rule_name, r.version, r.reasons,
    r.trace, %(now)s
  FROM json_to_recordset(%(decisions)s::json) AS r(message_id bigint, case_id bigint, department_id bigint,
    decided_by text, rule_key text, rule_name text, version int, reasons jsonb, trace jsonb)
), held AS (
  INSERT INTO inbox_custody (case_id, department_id, sent_at, left_at, reason, wrong_department)
  SELECT r.case_id, r.department_id, r.sent_at, r.left_at, r.reason, false
  FROM json_to_recordset(%(custodies)s::json) AS r(case_id bigint, department_id bigint, sent_at timestamptz,
    left_at timestamptz, reason text)
), continued AS (
  UPDATE inbox_custody SET left_at = NULL WHERE id IN (
    SELECT DISTINCT ON (case_id) id FROM inbox_custody WHERE case_id = ANY(%(reopened)s::bigint[])
    ORDER BY case_id, sent_at DESC, id DESC)
), adopted AS (
  UPDATE inbox_reply p
  SET state = 'sent', remote_id = r.remote_id, permalink = r.permalink, sent_at = r.sent_at, lease_until = NULL,
      needs_person = false, check_after = NULL, error = '', error_code = ''
  FROM json_to_recordset(%(adopted)s::json) AS r(id bigint, remote_id text, permalink text, sent_at timestamptz)
  WHERE p.id = r.id
)
INSERT INTO inbox_caseevent (case_id, at, verb, actor_id, data)
SELECT r.case_id, %(now)s, r.verb, r.actor_id, r.data
FROM json_to_recordset(%(events)s::json) AS r(n int, case_id bigint, verb text, actor_id bigint, data jsonb)
ORDER BY r.n
"""


def _rows(statement: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with bound_cursor() as cursor:
        cursor.execute(statement, parameters)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def _json(rows: Iterable[Row]) -> str:
    return orjson.dumps(list(rows)).decode()


def fence(
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
    }
    return next(iter(_rows(_FENCE, parameters)), None)


def lock(stream_id: int, now: dt.datetime) -> tuple[Any, ...]:
    """What `fence` returns, for messages that did not come by polling."""
    return _rows(_LOCK, {"stream": stream_id, "now": now})[0]


def identities(network: str, rows: Sequence[Row], now: dt.datetime) -> list[tuple[Any, ...]]:
    """Insert or refresh the authors; for each (remote id, identity id, customer id, the customer's tags as JSON, how
    many cases of theirs are open, id of the department that closed one last)."""
    return _rows(_IDENTITIES, {"network": network, "rows": _json(rows), "now": now})


def replies(brand: int) -> list[tuple[Any, ...]]:
    """The brand account's answers that may or may not stand on the network yet, locked."""
    return _rows(_REPLIES, {"brand": brand})


def known(brand: int, ids: Sequence[str]) -> list[tuple[Any, ...]]:
    """The stored messages among these canonical ids."""
    return _rows(_KNOWN, {"brand": brand, "ids": list(ids)})


def cases(brand: int, **parameters: Any) -> list[tuple[Any, ...]]:
    """The cases that messages may join or belong to, locked, in the order of `CaseState`'s fields and its threads."""
    return _rows(_CASES, {"brand": brand, **parameters})


def write_cases(brand: int, network: str, joined: Sequence[Row], opened: Sequence[Row]) -> list[int]:
    """Update the joined cases, insert the opened ones; the latter's ids in their order."""
    parameters = {"brand": brand, "network": network, "joined": _json(joined), "opened": _json(opened)}
    return [row[0] for row in _rows(_WRITE_CASES, parameters)]


def write_messages(
    brand: int, rows: Sequence[Row], now: dt.datetime, on_point: tuple[int | None, int | None]
) -> dict[str, int]:
    """Insert messages, what customers wrote with who is `on_point` (primary, backup); their ids by canonical id. One
    that somebody else stored meanwhile is missing."""
    primary, backup = on_point
    parameters = {"brand": brand, "rows": _json(rows), "now": now, "primary": primary, "backup": backup}
    return dict(_rows(_WRITE_MESSAGES, parameters))


def change_messages(rows: Sequence[Row], now: dt.datetime) -> None:
    """Edits, tombstones and hiding."""
    with bound_cursor() as cursor:
        cursor.execute(_CHANGE_MESSAGES, {"rows": _json(rows), "now": now})


def write_history(
    *,
    decisions: Sequence[Row],
    custodies: Sequence[Row],
    reopened: Sequence[int],
    adopted: Sequence[Row],
    events: Sequence[Row],
    now: dt.datetime,
) -> None:
    """Decisions, custody, the events of cases, and answers of ours that turned out to stand."""
    parameters: dict[str, Any] = {
        "decisions": _json(decisions),
        "custodies": _json(custodies),
        "reopened": list(reopened),
        "adopted": _json(adopted),
        "events": _json(events),
        "now": now,
    }
    with bound_cursor() as cursor:
        cursor.execute(_WRITE_HISTORY, parameters)
