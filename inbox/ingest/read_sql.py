"""The statements of ingest that read and lock; those that write are in `write_sql`.

Each takes all rows of a page at once, so that a page of a hundred messages costs as many statements as a page of one, and
returns rows by the names of their columns.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from accounts.working_time.presence import local_date
from inbox.changes.case_row import CASE_COLUMNS, column_list
from inbox.ingest.case_state import COMPARED_LENGTH, MOST_COMPARED
from inbox.ingest.on_point import SHIFTS_COLUMN
from postgres.bound_cursors import fetch_named_rows

Row = dict[str, Any]
#: How many due kept answers of one brand account are looked at per page.
_MOST_DUE_ANSWERS = 200

# The brand account is locked first: two streams of one account never store at the same time, otherwise a message could
# get two cases. FOR NO KEY UPDATE lets other transactions insert rows that reference it.
LOCKED_BRAND = """
WITH brand AS (
  SELECT b.id, b.network, b.remote_id, b.connected_at, b.health, b.time_zone FROM accounts_brandaccount b
  WHERE b.id = (SELECT brand_account_id FROM accounts_stream WHERE id = %(stream)s) FOR NO KEY UPDATE
)
"""
_DEPARTMENTS = """
(SELECT jsonb_agg(jsonb_build_array(id, slug, name, is_open, assignment_mode <> 'manual') ORDER BY position, id) FROM accounts_department)
"""
# Whether answers of our own are kept until the message arrives that they answer (`inbox.ingest.early_answers`).
_HAS_EARLY_ANSWERS = "EXISTS (SELECT FROM inbox_earlyanswer e WHERE e.brand_account_id = brand.id)"
# The service levels that set the clocks, by primary key.
_SLA_VERSION = "(SELECT id FROM routing_slaversion ORDER BY number DESC LIMIT 1)"
#: The columns that `inbox.ingest.header.header_from_row` reads, of the stream `s` and the locked brand account `brand`.
HEADER_COLUMNS = f"""s.kind, brand.id AS brand_account_id, brand.network, brand.remote_id AS own_id, brand.connected_at, brand.health,
  {_DEPARTMENTS} AS departments, {_SLA_VERSION} AS sla_version, brand.time_zone, {SHIFTS_COLUMN} AS shifts,
  {_HAS_EARLY_ANSWERS} AS has_early_answers
"""
_LOCK_BRAND_ACCOUNT = f"""{LOCKED_BRAND}
SELECT {HEADER_COLUMNS} FROM brand JOIN accounts_stream s ON s.id = %(stream)s
"""  # noqa: S608 (constants)
_OUTGOING_REPLIES = """
SELECT r.id, r.author_id, r.case_id, r.text, r.remote_id, r.visibility, r.created_at,
       p.remote_id AS parent_remote_id, p.canonical_id AS parent_canonical_id, p.thread_id AS parent_thread_id,
       r.needs_person
FROM inbox_reply r JOIN inbox_message p ON p.id = r.parent_id
WHERE r.brand_account_id = %(brand)s AND (r.state IN ('sending', 'unconfirmed')
  OR (r.outcome_unknown AND r.state <> 'sent' AND r.created_at > now() - interval '30 days'))
ORDER BY r.id FOR NO KEY UPDATE OF r
"""
# Kept answers to something in the page, answers to one of those, and those that are due.
_LOCK_OWN_ANSWERS = f"""
WITH RECURSIVE early(id, canonical_id, remote_id) AS (
  (SELECT id, canonical_id, remote_id FROM inbox_earlyanswer
   WHERE brand_account_id = %(brand)s AND parent_remote_id = ANY(%(ids)s)
   UNION ALL SELECT id, canonical_id, remote_id FROM inbox_earlyanswer
   WHERE brand_account_id = %(brand)s AND canonical_id = ANY(%(own)s)
   UNION ALL SELECT id, canonical_id, remote_id FROM inbox_earlyanswer
   WHERE brand_account_id = %(brand)s AND thread_id = ANY(%(threads)s) AND parent_remote_id = ''
   UNION ALL (SELECT id, canonical_id, remote_id FROM inbox_earlyanswer
     WHERE brand_account_id = %(brand)s AND look_at <= %(due)s ORDER BY look_at LIMIT {_MOST_DUE_ANSWERS}))
  UNION
  SELECT e.id, e.canonical_id, e.remote_id FROM early JOIN inbox_earlyanswer e
    ON e.brand_account_id = %(brand)s AND e.parent_remote_id IN (early.canonical_id, early.remote_id)
), waiting AS ({_OUTGOING_REPLIES})
SELECT waiting.*, NULL::jsonb AS kept_answer FROM waiting
UNION ALL
SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, to_jsonb(e) || jsonb_build_object(
  'waited', coalesce(e.look_at <= %(due)s, false)) FROM inbox_earlyanswer e WHERE e.id = ANY(ARRAY(SELECT id FROM early))
"""  # noqa: S608 (constants)
_SELECT_STORED = """
SELECT m.canonical_id, m.id, m.remote_id, m.text, m.edited_at, m.deleted_at IS NOT NULL AS deleted, m.hidden, m.case_id,
       m.erased_at IS NOT NULL AS erased, m.needs_answer, ARRAY(SELECT jsonb_array_elements_text(m.corrected)) AS corrected
FROM inbox_message m WHERE m.brand_account_id = %(brand)s AND
"""
# Two selects, each with its own index: with an OR Postgres might use neither.
_STORED_MESSAGES = f"""{_SELECT_STORED} m.canonical_id = ANY(%(ids)s)
UNION ALL {_SELECT_STORED} m.remote_id = ANY(%(parents)s) AND m.remote_id <> m.canonical_id AND m.visibility = 'public'
  AND m.canonical_id <> ALL(%(ids)s)
"""
_LOCK_CASES = f"""
SELECT {column_list(CASE_COLUMNS, "c")},
       ARRAY(SELECT DISTINCT m.thread_id FROM inbox_message m
             WHERE m.case_id = c.id AND m.thread_id = ANY(%(threads)s)) AS threads,
       ARRAY((SELECT left(m.text, {COMPARED_LENGTH}) FROM inbox_message m WHERE m.case_id = c.id AND m.direction = 'in'
              ORDER BY m.network_time DESC LIMIT {MOST_COMPARED})
             UNION ALL
             (SELECT left(m.text, {COMPARED_LENGTH}) FROM inbox_message m WHERE m.case_id = c.id AND m.direction = 'in'
              ORDER BY m.network_time LIMIT 1)) AS texts,
       ARRAY(SELECT DISTINCT h.department_id FROM inbox_custody h WHERE h.case_id = c.id) AS held_by,
       CASE WHEN %(answered)s AND c.waiting_since IS NOT NULL THEN ARRAY(
         SELECT m.network_time FROM inbox_message m WHERE m.case_id = c.id AND m.network_time >= c.waiting_since
           AND m.direction = 'in' AND m.needs_answer AND NOT m.historical) ELSE '{{}}' END AS answers_wanted_at
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
"""  # noqa: S608 (constants)


def lock_brand_account(stream_id: int, now: dt.datetime) -> Row:
    """Lock the brand account of a stream and return its `HEADER_COLUMNS`.

    For messages that did not come by polling: `write_sql.save_cursor_and_lock` returns the same.
    """
    parameters = {"stream": stream_id, "now": now, "today": local_date(now)}
    return fetch_named_rows(_LOCK_BRAND_ACCOUNT, parameters)[0]


def lock_outgoing_replies(brand: int) -> list[Row]:
    """Lock the brand account's answers whose sending is not settled yet.

    The network may or may not have them, also those of which it refused a later attempt. Each row has the fields of `inbox.ingest.echoes.OutgoingReply`.
    """
    return fetch_named_rows(_OUTGOING_REPLIES, {"brand": brand})


def lock_own_answers(
    brand: int, *, ids: Sequence[str], own: Sequence[str], threads: Sequence[str], due: dt.datetime | None
) -> list[Row]:
    """Lock outgoing answers and read the kept ones that may be settled.

    Rows of outgoing answers are those of `lock_outgoing_replies`, with `kept_answer` None; a kept answer is a row whose
    `kept_answer` is a JSON document, with all other columns None. Read are those that answer one of `ids`, are one of `own`
    (canonical ids), or stand without a parent in one of `threads`; those that answer one of these; and, with `due`, those
    that are to be looked at by then.
    """
    parameters = {"brand": brand, "ids": ids, "own": own, "threads": threads, "due": due}
    return fetch_named_rows(_LOCK_OWN_ANSWERS, parameters)


def select_stored_messages(brand: int, ids: Sequence[str], parents: Sequence[str]) -> list[Row]:
    """Return the stored messages that have one of these ids.

    `ids` are canonical ones; `parents` are also looked for among the ids that public messages got when they were edited.
    The rows have the fields of `inbox.ingest.edits.StoredMessage`.
    """
    return fetch_named_rows(_STORED_MESSAGES, {"brand": brand, "ids": list(ids), "parents": list(parents)})


def lock_cases(brand: int, **parameters: Any) -> list[Row]:
    """Lock the cases that messages may join or belong to.

    The rows have the columns of `CaseRow`, JSON as text, and four more. `threads`: those of the parameter's that the case has.
    `texts`: the beginnings of its customer's newest messages and of the first. `held_by`: ids of the departments that had it.
    `answers_wanted_at`: with `answered` (answers came), the times of the messages that want one since the case has been
    waiting; else empty.
    """
    return fetch_named_rows(_LOCK_CASES, {"brand": brand, **parameters})
