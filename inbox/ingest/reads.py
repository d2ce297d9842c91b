"""Lock and read what a page of messages needs, in as few statements for a hundred messages as for one."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from inbox.ingest import customers, early_answers, edits, read_sql, write_sql
from inbox.ingest.case_state import CaseState
from inbox.ingest.early_answers import OwnAnswers
from inbox.ingest.echoes import OutgoingReply
from inbox.ingest.edits import StoredMessage, change_kind
from inbox.ingest.header import PageHeader
from inbox.ingest.intake import Intake
from inbox.ingest.storable import Storable
from inbox.ingest.threads import REOPEN_WINDOW
from inbox.search_words.lexemes import index_text
from routing.rules.engine import CompiledRules


def lock_and_read_page(
    header: PageHeader,
    rules: CompiledRules,
    items: list[Storable],
    now: dt.datetime,
    *,
    due: dt.datetime | None,
) -> tuple[Intake, list[Storable]]:
    """Lock and read what a page may change; return it with the messages.

    To the page's `items` come those kept answers of our own that they may settle and, with `due`, those that are to be
    looked at by then. Locks are taken in the order in which the outbox takes them. Four statements at most.
    """
    authors = _store_authors(header, items, now)
    own_answers = lock_own_answers(header, items, due)
    page = read_stored_messages(header, items, own_answers)
    cases = lock_touched_cases(header, page, authors, now)
    replies, kept_answers = page.own_answers
    intake = Intake(header, rules, now, authors, page.stored_messages, cases, replies, kept_answers)
    return intake, page.items


def lock_own_answers(header: PageHeader, items: list[Storable], due: dt.datetime | None) -> OwnAnswers:
    """Lock the answers of our own that a page may settle.

    They are on their way out, or kept since an earlier page. One statement; none for a page without messages of our own
    while the brand account has no kept answers.
    """
    own = [item for item in items if header.is_own(item)]
    if header.has_early_answers:
        return early_answers.lock_own_answers(header.brand_account_id, header.own_id, items, own, due)
    rows = read_sql.lock_outgoing_replies(header.brand_account_id) if own else []
    return OwnAnswers([OutgoingReply(**row) for row in rows], {})


@dataclass(frozen=True, slots=True)
class _StoredPage:
    """A page with its kept answers, and what is stored of its messages, by canonical id.

    `parent_ids` are the canonical ids of the messages that our own messages answer. `has_own`: some of the items are
    our own.
    """

    items: list[Storable]
    own_answers: OwnAnswers
    stored_messages: dict[str, StoredMessage]
    parent_ids: set[str]
    has_own: bool


def read_stored_messages(header: PageHeader, items: list[Storable], own_answers: OwnAnswers) -> _StoredPage:
    """Read what is stored of the page's messages and of their parents.

    Of the parents only those that messages of our own answer. One statement.
    """
    items = early_answers.merge_kept_answers(items, own_answers.kept)
    own = [item for item in items if header.is_own(item)]
    parent_ids = {item.message.parent_id for item in own} - {""}
    ids = {item.message.canonical_id for item in items} | parent_ids
    rows = read_sql.select_stored_messages(header.brand_account_id, sorted(ids), sorted(parent_ids))
    stored = {row["canonical_id"]: StoredMessage(**row) for row in rows}
    first_ids = edits.original_ids(parent_ids, stored, items)
    if first_ids:
        items, kept_answers = early_answers.replace_edited_parents(first_ids, items, own_answers.kept)
        own_answers = own_answers._replace(kept=kept_answers)
        parent_ids = {first_ids.get(parent_id, parent_id) for parent_id in parent_ids}
    return _StoredPage(items, own_answers, stored, parent_ids, has_own=bool(own))


def lock_touched_cases(
    header: PageHeader, page: _StoredPage, authors: dict[str, customers.PageAuthor], now: dt.datetime
) -> dict[int, CaseState]:
    """Lock the cases that the page's messages may join or change.

    Return them by id. One statement.
    """
    stored, own_answers = page.stored_messages, page.own_answers
    new = [item for item in page.items if item.message.canonical_id not in stored]
    case_ids = {reply.case_id for reply in own_answers.replies}
    case_ids |= {stored[parent_id].case_id for parent_id in page.parent_ids if parent_id in stored}
    case_ids |= {
        message.case_id
        for item in page.items
        if (message := stored.get(item.message.canonical_id)) is not None and change_kind(message, item)
    }
    # Messages of our own that do not wait for a parent are placed by their thread.
    own_threads = {
        item.message.thread_id
        for item in new
        if header.is_own(item)
        and (not item.message.parent_id or item.message.canonical_id in own_answers.kept)
    }
    rows = read_sql.lock_cases(
        header.brand_account_id,
        threads=list({item.message.thread_id for item in new}),
        own_threads=list(own_threads - {""}),
        customers=list(
            {authors[item.author_id].customer.customer_id for item in new if item.author_id in authors}
        ),
        cases=list(case_ids),
        answered=page.has_own,
        closed_after=min((item.at for item in page.items), default=now) - REOPEN_WINDOW,
    )
    return {row["id"]: CaseState.from_row(row) for row in rows}


def _store_authors(
    header: PageHeader, items: Iterable[Storable], now: dt.datetime
) -> dict[str, customers.PageAuthor]:
    """Store the authors of customers' messages and return them by remote id.

    Of several messages of one author the newest decides the name. One statement.
    """
    rows: dict[str, dict[str, Any]] = {}
    ids: dict[str, list[str]] = defaultdict(list)
    inbound = (item for item in items if not header.is_own(item) and not item.message.deleted)
    for item in sorted(inbound, key=lambda item: item.at):
        ids[item.author_id].append(item.message.canonical_id)
        rows[item.author_id] = {
            "remote_id": item.author_id,
            "handle": item.handle,
            "name": item.name,
            "avatar_url": item.avatar_url,
            "followers": item.followers,
            "verified": item.message.author.verified,
            "messages": ids[item.author_id],
            "search": index_text(f"{item.handle} {item.name}"),
        }
    return customers.authors_from_rows(
        write_sql.upsert_identities(header.brand_account_id, header.network, list(rows.values()), now), header
    )
