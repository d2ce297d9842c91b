"""The statements of ingest that write what `intake` worked out: all rows of a page at once, as in `ingest_sql`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from inbox.ingest.read_sql import Row, fetch_rows, rows_as_json
from postgres.bound_cursors import bound_cursor

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
_UPDATE_MESSAGES = """
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
decided AS (
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
# Answers of our own that wait for what they answer: new and changed ones, those that wait no longer, and those that
# were looked at in vain, later each time and at last forgotten.
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


def write_cases(brand: int, network: str, joined: Sequence[Row], opened: Sequence[Row]) -> list[int]:
    """Update the joined cases, insert the opened ones; the latter's ids in their order."""
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
    """Insert messages, what customers wrote with who is `on_point` (primary, backup); their ids by canonical id. One
    that somebody else stored meanwhile is missing.
    """
    primary, backup = on_point
    parameters = {
        "brand": brand,
        "rows": rows_as_json(rows),
        "now": now,
        "primary": primary,
        "backup": backup,
    }
    return dict(fetch_rows(_WRITE_MESSAGES, parameters))


def update_messages(rows: Sequence[Row], now: dt.datetime) -> None:
    """Edits, tombstones and hiding."""
    with bound_cursor() as cursor:
        cursor.execute(_UPDATE_MESSAGES, {"rows": rows_as_json(rows), "now": now})


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
    """Decisions, custody, the events of cases, answers of ours that turned out to stand, and, where any changed, those
    that came before what they answer (`inbox.ingest.early_answers.early_answer_changes`).
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
