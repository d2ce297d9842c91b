"""The statements of an import: each takes all conversations of a batch at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

import orjson
from django.db import connection
from psycopg import sql

from inbox.ingest.customers import CustomerStanding, PageAuthor
from postgres.bound_cursors import fetch_named_rows, fetch_rows, rows_as_json
from reports.history.planning import TABLES, Rows

_KNOWN_CONVERSATIONS = """
SELECT k.brand_account_id, k.thread, k.history_import_id, k.line, k.message_count
FROM unnest(%(brands)s::bigint[], %(threads)s::text[]) AS given(brand, thread)
JOIN reports_importedconversation k ON k.brand_account_id = given.brand AND k.thread = given.thread
"""
_TAKEN_IDS = """
SELECT m.brand_account_id, m.canonical_id, EXISTS (SELECT FROM reports_importedconversation k WHERE k.case_id = m.case_id)
FROM unnest(%(brands)s::bigint[], %(ids)s::text[]) AS given(brand, id)
JOIN inbox_message m ON m.brand_account_id = given.brand AND m.canonical_id = given.id
"""
# Whoever is known stays as known: a file says how people were called long ago. Two transactions that add the same person
# at this very moment leave a customer without accounts: harmless and rare.
_ADD_PEOPLE = """
WITH given AS (
  SELECT * FROM json_to_recordset(%(rows)s::json) AS r(remote_id text, handle text, name text, since timestamptz, search tsvector)
), known AS (
  SELECT i.remote_id, i.id, i.customer_id FROM inbox_identity i
  WHERE i.network = %(network)s AND i.remote_id = ANY(%(ids)s)
), fresh AS (
  SELECT g.*, nextval(pg_get_serial_sequence('inbox_customer', 'id')) AS customer_id FROM given g
  WHERE g.remote_id NOT IN (SELECT remote_id FROM known)
), customers AS (
  INSERT INTO inbox_customer (id, name, created_at)
  SELECT customer_id, coalesce(nullif(name, ''), handle), since FROM fresh
), added AS (
  INSERT INTO inbox_identity (network, remote_id, customer_id, handle, name, avatar_url, verified, seen_at, search)
  SELECT %(network)s, remote_id, customer_id, handle, name, '', false, since, search FROM fresh ORDER BY remote_id
  ON CONFLICT (network, remote_id) DO UPDATE SET remote_id = excluded.remote_id
  RETURNING id, customer_id, remote_id
)
SELECT k.remote_id, k.id, k.customer_id, c.tags::text FROM known k JOIN inbox_customer c ON c.id = k.customer_id
UNION ALL SELECT remote_id, id, customer_id, '[]' FROM added
"""
_NEXT_IDS = "SELECT nextval(pg_get_serial_sequence(%(table)s, 'id')) FROM generate_series(1, %(count)s::int)"


def select_known(keys: Sequence[tuple[int, str]]) -> dict[tuple[int, str], dict[str, Any]]:
    """Return the conversations (brand account, thread) that were imported before."""
    parameters = {"brands": [brand for brand, _ in keys], "threads": [thread for _, thread in keys]}
    rows = fetch_named_rows(_KNOWN_CONVERSATIONS, parameters)
    return {(row["brand_account_id"], row["thread"]): row for row in rows}


def select_taken(keys: Sequence[tuple[int, str]]) -> dict[tuple[int, str], bool]:
    """Return those of the messages (brand account, id) that are stored: True where an import brought them."""
    parameters = {"brands": [brand for brand, _ in keys], "ids": [id_ for _, id_ in keys]}
    return {(brand, id_): imported for brand, id_, imported in fetch_rows(_TAKEN_IDS, parameters)}


def add_people(network: str, people: Sequence[dict[str, Any]]) -> dict[str, PageAuthor]:
    """Return the authors of customers' messages by the network's id; store those who are new.

    A person has `remote_id`, `handle`, `name`, `since` and `search`.
    """
    parameters = {
        "network": network,
        "ids": [person["remote_id"] for person in people],
        "rows": rows_as_json(people),
    }
    return {
        remote_id: PageAuthor(identity_id, CustomerStanding(customer_id, tuple(orjson.loads(tags))))
        for remote_id, identity_id, customer_id, tags in fetch_rows(_ADD_PEOPLE, parameters)
    }


def take_ids(table: str, count: int) -> list[int]:
    """Take ids for rows that are copied into a table."""
    return [id_ for (id_,) in fetch_rows(_NEXT_IDS, {"table": table, "count": count})] if count else []


def copy_rows(rows: Rows) -> None:
    """Store the rows of a batch, table by table."""
    for table, columns in TABLES.items():
        copy_into(table, columns, rows[table])


def copy_into(table: str, columns: Iterable[str], rows: Iterable[tuple[Any, ...]]) -> None:
    """Copy rows into a table."""
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def as_text(moment: dt.datetime) -> str:
    """Return a moment as JSON has it."""
    return moment.isoformat()
