"""What a page of messages meets: read and locked in as few statements for a hundred messages as for one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

import orjson

from inbox.ingest import customers, early_answers, echoes, edits, read_sql
from inbox.ingest.early_answers import KeptAnswer
from inbox.ingest.edits import StoredMessage, change_kind
from inbox.ingest.header import PageHeader
from inbox.ingest.intake import Intake
from inbox.ingest.storable import Storable
from inbox.ingest.threads import REOPEN_WINDOW, CaseState
from routing.rules.engine import CompiledRules


def lock_and_read_page(
    header: PageHeader,
    rules: CompiledRules,
    items: list[Storable],
    now: dt.datetime,
    *,
    due: dt.datetime | None,
) -> tuple[Intake, list[Storable]]:
    """What the messages meet, and they themselves with those kept answers of our own that they may settle; with `due`
    those, too, that are to be looked at by then.

    The locks are taken in the order in which the outbox takes them.
    """
    theirs = [item for item in items if not header.is_own(item) and not item.message.deleted]
    authors = customers.authors_from_rows(
        read_sql.upsert_identities(header.network, _author_rows(theirs), now), header
    )
    waiting, kept = _lock_own_answers(header, items, due)
    items = early_answers.merge_kept_answers(items, kept) if kept else items
    own = [item for item in items if header.is_own(item)]
    parents = {item.message.parent_id for item in own} - {""}
    wanted = {item.message.canonical_id for item in items} | parents
    rows = read_sql.read_stored_messages(header.brand_account_id, sorted(wanted), sorted(parents))
    known = {row[0]: StoredMessage(*row) for row in rows}
    if parents and (first := edits.original_ids(parents, known, items)):
        items, kept = early_answers.replace_edited_parents(first, items, kept)
        own = [item for item in items if header.is_own(item)]
        parents = {item.message.parent_id for item in own} - {""}
    concerned = {one.case_id for one in waiting} | {known[one].case_id for one in parents if one in known}
    for item in items:
        one = known.get(item.message.canonical_id)
        if one is not None and change_kind(one, item):
            concerned.add(one.case_id)
    new = [item for item in items if item.message.canonical_id not in known]
    cases = read_sql.lock_cases(
        header.brand_account_id,
        threads=list({item.message.thread_id for item in new}),
        own_threads=_own_thread_ids(header, new, kept),
        customers=list({authors[item.author_id][1].customer_id for item in new if item.author_id in authors}),
        cases=list(concerned),
        answered=bool(own),
        closed_after=min((item.at for item in items), default=now) - REOPEN_WINDOW,
    )
    states = {row[0]: _case_state_from_row(row) for row in cases}
    return Intake(header, rules, now, authors, known, states, waiting, kept), items


def _lock_own_answers(
    header: PageHeader, items: list[Storable], due: dt.datetime | None
) -> tuple[list[echoes.OutgoingReply], dict[str, KeptAnswer]]:
    """Answers of ours that are on their way out, and those that came before what they answer."""
    own = [item for item in items if header.is_own(item)]
    if header.has_early_answers:
        return early_answers.lock_own_answers(header.brand_account_id, header.own_id, items, own, due)
    return [
        echoes.OutgoingReply(*row) for row in read_sql.lock_outgoing_replies(header.brand_account_id)
    ] if own else [], {}


def _own_thread_ids(header: PageHeader, new: list[Storable], kept: dict[str, KeptAnswer]) -> list[str]:
    """The threads by which messages of our own may be placed: where none has a parent that is still waited for."""
    return list(
        {
            item.message.thread_id
            for item in new
            if header.is_own(item) and (not item.message.parent_id or item.message.canonical_id in kept)
        }
        - {""}
    )


def _case_state_from_row(row: tuple[Any, ...]) -> CaseState:
    """The row's columns are in the order of the fields; tags come as JSON text."""
    case = CaseState(*row)
    case.tags = orjson.loads(row[11])
    case.threads = {*row[-2], case.thread_id}
    case.answers_wanted_at = row[-1] or []
    return case


def _author_rows(items: Iterable[Storable]) -> list[dict[str, Any]]:
    """One row an author; of several messages the newest speaks for the name."""
    rows: dict[str, dict[str, Any]] = {}
    for item in sorted(items, key=lambda one: one.at):
        rows[item.author_id] = {
            "remote_id": item.author_id,
            "handle": item.handle,
            "name": item.name,
            "avatar_url": item.avatar_url,
            "followers": item.followers,
            "verified": item.message.author.verified,
        }
    return list(rows.values())
