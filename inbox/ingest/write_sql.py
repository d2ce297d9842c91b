"""The statements of ingest that write; those that read and lock are in `read_sql`.

Each takes what `intake` computed for all rows of a page, as one JSON document.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson

from accounts.working_time.presence import local_date
from inbox.changes.case_row import (
    CHANGED_COLUMNS,
    OPENED_COLUMNS,
    assignment_list,
    column_list,
    record_definition,
)
from inbox.ingest.read_sql import HEADER_COLUMNS, LOCKED_BRAND, Row
from postgres.bound_cursors import bound_cursor, fetch_named_rows, fetch_rows, rows_as_json

_SAVE_CURSOR = f"""{LOCKED_BRAND}
UPDATE accounts_stream s
SET cursor = %(cursor)s::jsonb, lease_until = %(lease_until)s, budget = %(budget)s::jsonb,
    unread = coalesce(%(unread)s::jsonb, s.unread),
    overflowed_at = CASE WHEN %(overflowed)s THEN %(now)s ELSE s.overflowed_at END
FROM brand WHERE s.id = %(stream)s AND s.lease_token = %(token)s
RETURNING {HEADER_COLUMNS}
"""  # noqa: S608 (constants)
# When another brand account stores the same identity at this very moment, a customer without identities remains: harmless,
# and so rare that a lock for every page would cost more.
# The ids are an array of their own: to join the table, Postgres scans it from end to end by a plan that it made while the table
# was small, and keeps that plan while the table grows.
# A case of the past that no person has resolved here was closed by no department.
# Whoever is known here only by messages whose texts were deleted gets no name again because one of these comes again.
_BRINGS_NEWS = """EXISTS (SELECT FROM unnest(g.messages) AS n(id) WHERE NOT EXISTS (
      SELECT FROM inbox_message m WHERE m.brand_account_id = %(brand)s AND m.canonical_id = n.id AND m.erased_at IS NOT NULL))"""
_UPSERT_IDENTITIES = f"""
WITH given AS (
  SELECT * FROM json_to_recordset(%(rows)s::json)
    AS r(remote_id text, handle text, name text, avatar_url text, followers int, verified bool, messages text[], search tsvector)
  ORDER BY remote_id
), known AS (
  SELECT i.* FROM inbox_identity i WHERE i.network = %(network)s AND i.remote_id = ANY(%(ids)s)
), differing AS MATERIALIZED (
  SELECT g.*, i.id FROM given g JOIN known i ON i.remote_id = g.remote_id
  WHERE i.seen_at < %(now)s - interval '1 day' OR g.handle NOT IN ('', i.handle) OR g.name NOT IN ('', i.name)
    OR g.avatar_url NOT IN ('', i.avatar_url) OR g.followers <> i.followers OR g.verified <> i.verified
), changed AS (
  UPDATE inbox_identity i
  SET handle = coalesce(nullif(g.handle, ''), i.handle), name = coalesce(nullif(g.name, ''), i.name),
      avatar_url = coalesce(nullif(g.avatar_url, ''), i.avatar_url), followers = coalesce(g.followers, i.followers),
      verified = g.verified, seen_at = %(now)s
  FROM differing g WHERE i.id = g.id AND {_BRINGS_NEWS}
), fresh AS (
  SELECT g.*, nextval(pg_get_serial_sequence('inbox_customer', 'id')) AS customer_id FROM given g
  WHERE g.remote_id NOT IN (SELECT remote_id FROM known) AND {_BRINGS_NEWS}
), customers AS (
  INSERT INTO inbox_customer (id, name, created_at)
  SELECT customer_id, coalesce(nullif(name, ''), handle), %(now)s FROM fresh
), added AS (
  INSERT INTO inbox_identity (network, remote_id, customer_id, handle, name, avatar_url, followers, verified, seen_at, search)
  SELECT %(network)s, remote_id, customer_id, handle, name, avatar_url, followers, verified, %(now)s, search FROM fresh
  ON CONFLICT (network, remote_id) DO UPDATE SET seen_at = excluded.seen_at
  RETURNING id, customer_id, remote_id
), standing AS (
  SELECT o.customer_id, count(*) FILTER (WHERE o.closed_at IS NULL) AS open_cases,
         (array_agg(o.department_id ORDER BY o.closed_at DESC, o.id DESC) FILTER (
           WHERE o.closed_at IS NOT NULL AND NOT (o.historical AND o.first_resolved_at IS NULL)))[1] AS closed_by
  FROM inbox_case o WHERE o.customer_id = ANY(ARRAY(SELECT customer_id FROM known)) GROUP BY o.customer_id
)
SELECT k.remote_id, k.id AS identity_id, k.customer_id, c.tags, coalesce(s.open_cases, 0) AS open_cases, s.closed_by
FROM known k JOIN inbox_customer c ON c.id = k.customer_id LEFT JOIN standing s ON s.customer_id = k.customer_id
UNION ALL SELECT remote_id, id, customer_id, '[]'::jsonb, 0, NULL FROM added
"""  # noqa: S608 (constants)
# The version is incremented in the database, because changes are checked against it.
_WRITE_CASES = f"""
WITH joined AS (
  UPDATE inbox_case c SET version = c.version + 1, {assignment_list(CHANGED_COLUMNS, "r")}
  FROM json_to_recordset(%(joined)s::json) AS r({record_definition(("id", *CHANGED_COLUMNS))})
  WHERE c.id = r.id
)
INSERT INTO inbox_case (brand_account_id, network, version, {column_list(OPENED_COLUMNS)})
SELECT %(brand)s, %(network)s, 1, {column_list(OPENED_COLUMNS, "r")}
FROM json_to_recordset(%(opened)s::json) AS r(n int, {record_definition(OPENED_COLUMNS)})
ORDER BY r.n RETURNING id
"""  # noqa: S608 (constants)
_WRITE_MESSAGES = """
INSERT INTO inbox_message (brand_account_id, case_id, stream, canonical_id, remote_id, thread_id, parent_remote_id,
    direction, visibility, identity_id, user_id, text, network_time, received_at, edited_at, hidden, history,
    permalink, attachments, can_reply, reply_ref, language, needs_answer, sentiment, urgency, is_spam, said, flags, historical,
    raw, search, on_point_id, on_point_backup_id)
SELECT %(brand)s, r.case_id, r.stream, r.canonical_id, r.remote_id, r.thread_id, r.parent_remote_id, r.direction,
    r.visibility, r.identity_id, r.user_id, r.text, r.network_time, %(now)s, r.edited_at, r.hidden, '[]', r.permalink,
    r.attachments, r.can_reply, r.reply_ref, r.language, r.needs_answer, r.sentiment, r.urgency, r.is_spam, r.said,
    r.flags, r.historical, r.raw, r.search,
    CASE WHEN r.direction = 'in' AND NOT r.historical THEN %(primary)s::bigint END,
    CASE WHEN r.direction = 'in' AND NOT r.historical THEN %(backup)s::bigint END
FROM json_to_recordset(%(rows)s::json) AS r(case_id bigint, stream text, canonical_id text, remote_id text,
    thread_id text, parent_remote_id text, direction text, visibility text, identity_id bigint, user_id bigint,
    text text, network_time timestamptz, edited_at timestamptz, hidden bool, permalink text, attachments jsonb,
    can_reply bool, reply_ref jsonb, language text, needs_answer bool, sentiment text, urgency smallint, is_spam bool, said text,
    flags jsonb, historical bool, raw jsonb, search tsvector)
ON CONFLICT (brand_account_id, canonical_id) DO NOTHING RETURNING canonical_id, id
"""
_UPDATE_MESSAGES = """
UPDATE inbox_message m
SET text = r.text, remote_id = r.remote_id, edited_at = r.edited_at, hidden = r.hidden, flags = r.flags,
    language = coalesce(r.language, m.language), sentiment = coalesce(r.sentiment, m.sentiment),
    urgency = coalesce(r.urgency, m.urgency), is_spam = coalesce(r.is_spam, m.is_spam), said = coalesce(r.said, m.said),
    needs_answer = coalesce(r.needs_answer, m.needs_answer), reply_ref = r.reply_ref, permalink = r.permalink, raw = r.raw,
    search = r.search,
    deleted_at = CASE WHEN r.deleted THEN coalesce(m.deleted_at, %(now)s) ELSE m.deleted_at END,
    history = CASE WHEN m.text = r.text THEN m.history
              ELSE m.history || jsonb_build_object('text', m.text, 'until', r.until) END
FROM json_to_recordset(%(rows)s::json) AS r(id bigint, text text, remote_id text, edited_at timestamptz, hidden bool,
    flags jsonb, language text, sentiment text, urgency smallint, is_spam bool, said text, needs_answer bool, reply_ref jsonb, permalink text, raw jsonb, search tsvector, deleted bool, until text)
WHERE m.id = r.id
"""
_LAST_CUSTODY = """
WHERE id IN (SELECT DISTINCT ON (case_id) id FROM inbox_custody WHERE case_id = ANY(%(reopened)s::bigint[])
             ORDER BY case_id, sent_at DESC, id DESC)
"""
# The new custodies of moved cases are inserted with the history: one statement may not end a custody and begin the next.
_RELEASE_MOVED_CASES = """
WITH ended AS (
  UPDATE inbox_custody SET left_at = %(now)s WHERE case_id = ANY(%(cases)s) AND left_at IS NULL
)
UPDATE inbox_case SET assignee_id = NULL, hint = '' WHERE id = ANY(%(cases)s)
"""
# A reopened case continues the custody that ended when it was closed, so that the intervals have no gap.
_WRITE_HISTORY = f"""
decided AS (
  INSERT INTO inbox_decision (message_id, case_id, department_id, decided_by, rule_key, rule_name, version, reasons,
    trace, at)
  SELECT r.message_id, r.case_id, r.department_id, r.decided_by, r.rule_key, r.rule_name, r.version, r.reasons,
    r.trace, %(now)s
  FROM json_to_recordset(%(decisions)s::json) AS r(message_id bigint, case_id bigint, department_id bigint,
    decided_by text, rule_key text, rule_name text, version int, reasons jsonb, trace jsonb)
), held AS (
  INSERT INTO inbox_custody (case_id, department_id, from_department_id, sent_at, left_at, reason, routed, wrong_department)
  SELECT r.case_id, r.department_id, r.from_department_id, r.sent_at, r.left_at, r.reason, coalesce(r.routed, false), false
  FROM json_to_recordset(%(custodies)s::json) AS r(case_id bigint, department_id bigint, from_department_id bigint,
    sent_at timestamptz, left_at timestamptz, reason text, routed bool)
), continued AS (
  UPDATE inbox_custody SET left_at = NULL {_LAST_CUSTODY}
), adopted AS (
  UPDATE inbox_reply p
  SET state = 'sent', remote_id = r.remote_id, permalink = r.permalink, sent_at = r.sent_at, lease_until = NULL,
      needs_person = false, check_after = NULL, error = '', error_code = ''
  FROM json_to_recordset(%(adopted)s::json) AS r(id bigint, remote_id text, permalink text, sent_at timestamptz)
  WHERE p.id = r.id
), undrafted AS (
  DELETE FROM inbox_draft d USING inbox_reply p
  WHERE p.id IN (SELECT id FROM json_to_recordset(%(adopted)s::json) AS r(id bigint)) AND p.outcome_unknown
    AND d.case_id = p.case_id AND d.user_id = p.author_id AND d.text = p.text
)
INSERT INTO inbox_caseevent (case_id, at, verb, actor_id, data)
SELECT r.case_id, %(now)s, r.verb, r.actor_id, r.data
FROM json_to_recordset(%(events)s::json) AS r(n int, case_id bigint, verb text, actor_id bigint, data jsonb)
ORDER BY r.n
"""  # noqa: S608 (constants)
# Kept answers of our own: new and changed ones are stored, settled ones deleted; those that still cannot be placed are
# looked at again, after growing intervals, and deleted in the end.
_WRITE_EARLY_ANSWERS = """
settled AS (
  DELETE FROM inbox_earlyanswer WHERE id = ANY(%(settled)s::bigint[])
    OR (id = ANY(%(looked)s::bigint[]) AND received_at < %(now)s - %(kept_for)s::interval)
), looked AS (
  UPDATE inbox_earlyanswer SET look_at = %(now)s + greatest(%(now)s - received_at, %(waited)s::interval)
  WHERE id = ANY(%(looked)s::bigint[]) AND received_at >= %(now)s - %(kept_for)s::interval
), early AS (
  INSERT INTO inbox_earlyanswer AS kept (brand_account_id, canonical_id, remote_id, thread_id, parent_remote_id,
    network_time, edited_at, received_at, look_at, item)
  SELECT %(brand)s, r.canonical_id, r.remote_id, r.thread_id, r.parent_remote_id, r.network_time, r.edited_at,
    %(now)s, %(now)s + %(waited)s::interval, r.item
  FROM json_to_recordset(%(early)s::json) AS r(canonical_id text, remote_id text, thread_id text,
    parent_remote_id text, network_time timestamptz, edited_at timestamptz, item jsonb)
  ON CONFLICT (brand_account_id, canonical_id) DO UPDATE
  SET remote_id = excluded.remote_id, edited_at = excluded.edited_at, item = excluded.item
), """


def save_cursor_and_lock(
    stream_id: int,
    token: UUID,
    *,
    cursor: Mapping[str, Any],
    budget: Mapping[str, Any],
    overflowed: bool,
    unread: Sequence[Mapping[str, Any]] | None,
    lease_until: dt.datetime,
    now: dt.datetime,
) -> Row | None:
    """Save the cursor, extend the lease and lock the stream's brand account.

    `unread` is None for what it was. Returns what a page's header is made of; None, with nothing saved, when another worker holds the lease.
    """
    parameters = {
        "stream": stream_id,
        "token": token,
        "cursor": orjson.dumps(cursor).decode(),
        "budget": orjson.dumps(budget).decode(),
        "overflowed": overflowed,
        "unread": None if unread is None else orjson.dumps(unread).decode(),
        "lease_until": lease_until,
        "now": now,
        "today": local_date(now),
    }
    return next(iter(fetch_named_rows(_SAVE_CURSOR, parameters)), None)


def upsert_identities(brand: int, network: str, rows: Sequence[Row], now: dt.datetime) -> list[Row]:
    """Insert or refresh the authors of messages, with their customers.

    An author of nothing but messages whose texts were deleted is neither inserted nor refreshed. Each row has the canonical
    ids of the author's `messages`. Returns for each `remote_id`, `identity_id`, `customer_id`, the customer's `tags` as JSON text, how many of the
    customer's cases are open (`open_cases`) and the id of the department that closed one last (`closed_by`, None for none).
    """
    ids = [row["remote_id"] for row in rows]
    parameters = {"brand": brand, "network": network, "ids": ids, "rows": rows_as_json(rows), "now": now}
    return fetch_named_rows(_UPSERT_IDENTITIES, parameters)


def write_cases(brand: int, network: str, joined: Sequence[Row], opened: Sequence[Row]) -> list[int]:
    """Update the joined cases and insert the opened ones.

    Return the ids of the opened ones in their order. One statement.
    """
    parameters = {
        "brand": brand,
        "network": network,
        "joined": rows_as_json(joined),
        "opened": rows_as_json(opened),
    }
    return [row[0] for row in fetch_rows(_WRITE_CASES, parameters)]


def write_messages(
    brand: int, rows: Sequence[Row], now: dt.datetime, on_point: tuple[int | None, int | None]
) -> dict[str, int]:
    """Insert messages and return their ids by canonical id.

    Customers' messages get the ids of who is `on_point` (primary, backup). One that another worker has stored meanwhile is
    missing in what is returned.
    """
    people = {"primary": on_point[0], "backup": on_point[1]}
    parameters = {"brand": brand, "rows": rows_as_json(rows), "now": now, **people}
    return dict(fetch_rows(_WRITE_MESSAGES, parameters))


def update_messages(rows: Sequence[Row], now: dt.datetime) -> None:
    """Store that messages were edited, deleted or hidden (rows of `edits.message_change_row`)."""
    with bound_cursor() as cursor:
        cursor.execute(_UPDATE_MESSAGES, {"rows": rows_as_json(rows), "now": now})


def release_moved_cases(case_ids: Sequence[int], reopened: Sequence[int], now: dt.datetime) -> None:
    """Release cases that move to another department.

    Their custody ends, and nobody is assigned. One statement, and one more for those that are `reopened`: their custody goes on until now.
    """
    parameters = {"cases": list(case_ids), "reopened": list(reopened), "now": now}
    with bound_cursor() as cursor:
        if reopened:
            cursor.execute(f"UPDATE inbox_custody SET left_at = NULL {_LAST_CUSTODY}", parameters)  # noqa: S608
        cursor.execute(_RELEASE_MOVED_CASES, parameters)


def write_history(
    *,
    decisions: Sequence[Row],
    custodies: Sequence[Row],
    reopened: Sequence[int],
    adopted: Sequence[Row],
    events: Sequence[Row],
    early: Mapping[str, Any] | None,
    now: dt.datetime,
) -> None:
    """Store what the history of cases gains, in one statement.

    `decisions`, `custodies` and `events` are inserted; the custody of `reopened` cases (ids) goes on; `adopted` answers of ours
    are marked as sent. `early`: changes of the kept answers (`inbox.ingest.early_answers.early_answer_changes`), None for none.
    """
    parameters: dict[str, Any] = {
        "decisions": rows_as_json(decisions),
        "custodies": rows_as_json(custodies),
        "reopened": list(reopened),
        "adopted": rows_as_json(adopted),
        "events": rows_as_json(events),
        "now": now,
    }
    with bound_cursor() as cursor:
        cursor.execute(
            f"WITH {_WRITE_EARLY_ANSWERS if early else ''}{_WRITE_HISTORY}", {**parameters, **(early or {})}
        )
