"""Storing messages: one page in one transaction with its cursor, at a fixed number of statements.

The statements are in `read_sql` and `write_sql`, what they write is computed in `intake`. A message that cannot be
stored is quarantined; the others are stored.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, DataError, IntegrityError, OperationalError, transaction

from accounts.models import Health, Stream
from inbox.deletions.marking import settle_deletions
from inbox.ingest import early_answers, quarantine, read_sql, reads, write_sql
from inbox.ingest.edits import supersedes
from inbox.ingest.header import PageHeader, header_from_row
from inbox.ingest.rows import (
    change_rows,
    changed_case_rows,
    history_rows,
    message_rows,
    opened_case_rows,
)
from inbox.ingest.storable import Storable, Unstorable, make_storable
from inbox.live import publish
from networks.base import InboundMessage, PollResult, UnreadableItem
from routing.rules.engine import CompiledRules
from routing.rules.versions import live_rules
from routing.service_levels.versions import service_levels_of_version

logger = logging.getLogger(__name__)

#: How long one page may take before another worker takes over the stream. A page is fetched in at most a minute.
PAGE_LEASE = dt.timedelta(seconds=settings.POLL_LEASE_SECONDS)
#: Attempts when Postgres ends a transaction because of a deadlock.
_ATTEMPTS = 4
#: SQLSTATEs that a single message can cause: program limits, such as nesting too deep for the stack.
_MESSAGE_SQLSTATES = ("22", "23", "54")
_RETRY_SQLSTATES = ("40001", "40P01")


class LeaseLost(Exception):
    """Another worker polls this stream now. Nothing was stored."""


@dataclass(slots=True)
class PageOutcome:
    """The outcome of storing a page. `echoes` are messages of our own, `ignored` were deleted before we saw them."""

    stored: int = 0
    duplicates: int = 0
    updated: int = 0
    quarantined: int = 0
    echoes: int = 0
    ignored: int = 0
    #: True when the brand account has to be connected again: the network must not be called until then.
    must_reconnect: bool = False
    #: True when a department that assigns automatically has a new or changed case.
    wakes: bool = False
    case_ids: list[int] = field(default_factory=list)

    def add(self, other: PageOutcome) -> None:
        """Add the counts and cases of a part of the page."""
        for name in ("stored", "duplicates", "updated", "quarantined", "echoes", "ignored"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.wakes = self.wakes or other.wakes
        self.case_ids += other.case_ids


def store_page(stream: Stream, token: UUID, result: PollResult, now: dt.datetime) -> PageOutcome:
    """Store a page of `stream` with its cursor while the lease holds.

    `token` is the lease's, `now` is aware, UTC.

    Raises `LeaseLost` when another worker has the lease, and `routing.refusals.RuleSetError` while there are no rules; either way nothing is stored.
    """

    def lock_header() -> PageHeader:
        row = write_sql.save_cursor_and_lock(
            stream.pk,
            token,
            cursor=result.next_cursor,
            budget=_budget_values(result),
            overflowed=result.overflowed,
            unread=_unread_values(stream, result, now),
            lease_until=now + PAGE_LEASE,
            now=now,
        )
        if row is None:
            raise LeaseLost(f"Stream {stream.pk} is polled by another worker.")
        return header_from_row(row, now)

    return _store_with_retries(stream, lock_header, result.messages, result.unreadable, now)


def store_messages(stream: Stream, messages: Sequence[InboundMessage], now: dt.datetime) -> PageOutcome:
    """Store messages that did not come by polling. The cursor stays.

    They come by a webhook or by a second try of a quarantined item.
    """
    return _store_with_retries(
        stream, lambda: header_from_row(read_sql.lock_brand_account(stream.pk, now), now), messages, (), now
    )


def place_due_early_answers(now: dt.datetime) -> None:
    """Look again at kept answers wherever that is due.

    An error of the database at one brand account is logged and does not stop the others.
    """
    for stream in early_answers.streams_with_due_early_answers(now):
        try:
            place_early_answers_of(stream, now)
        except DatabaseError:
            logger.exception("early answers of brand account %s were not looked at", stream.brand_account_id)


def place_early_answers_of(stream: Stream, now: dt.datetime) -> PageOutcome:
    """Place the due early answers of the stream's brand account.

    They have waited long enough for the message that they answer.
    """
    return _store_with_retries(
        stream,
        lambda: header_from_row(read_sql.lock_brand_account(stream.pk, now), now),
        (),
        (),
        now,
        with_due_answers=True,
    )


def _store_with_retries(
    stream: Stream,
    lock_header: Callable[[], PageHeader],
    messages: Sequence[InboundMessage],
    unreadable: Sequence[UnreadableItem],
    now: dt.datetime,
    *,
    with_due_answers: bool = False,
) -> PageOutcome:
    rules = live_rules()
    divide = False
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            with transaction.atomic():
                page = _PageWriter(stream, lock_header(), rules, now)
                page.quarantine(unreadable)
                page.store_items(page.make_all_storable(messages), divide=divide)
                if with_due_answers:
                    page.place_due_answers()
                page.outcome.must_reconnect = page.header.health == Health.REAUTHORISE
                return page.outcome
        except (DataError, IntegrityError, OperationalError) as error:
            if attempt == _ATTEMPTS or not (
                _has_sqlstate(error, _RETRY_SQLSTATES) or _has_sqlstate(error, _MESSAGE_SQLSTATES)
            ):
                raise
            divide = divide or _has_sqlstate(error, _MESSAGE_SQLSTATES)
            logger.warning("page of stream %s is stored again: %s", stream.pk, str(error).partition("\n")[0])
    raise AssertionError("unreachable")


def _has_sqlstate(error: BaseException, states: tuple[str, ...]) -> bool:
    return str(getattr(error.__cause__, "sqlstate", "") or "").startswith(states)


def _budget_values(result: PollResult) -> dict[str, Any]:
    return {name: value for name, value in asdict(result.budget).items() if value is not None}


def _unread_values(stream: Stream, result: PollResult, now: dt.datetime) -> list[dict[str, Any]] | None:
    """Return what a round could not read, and since when.

    None while the round goes on.
    """
    if result.unread is None:
        return None
    since = {str(part.get("key")): part.get("since") for part in stream.unread}
    return [asdict(part) | {"since": since.get(part.key) or now.isoformat()} for part in result.unread]


@dataclass(slots=True)
class _PageWriter:
    """Stores one page inside its transaction."""

    stream: Stream
    header: PageHeader
    rules: CompiledRules
    now: dt.datetime
    outcome: PageOutcome = field(default_factory=PageOutcome)

    def quarantine(self, unreadable: Iterable[UnreadableItem]) -> None:
        rows = list(unreadable)
        self.outcome.quarantined += quarantine.quarantine_items(
            self.stream.pk, self.header.brand_account_id, rows, self.now
        )

    def make_all_storable(self, messages: Iterable[InboundMessage]) -> list[Storable]:
        """Return the page's messages, each once, made fit to store.

        What cannot be stored is quarantined; of several states of one message the latest is returned.
        """
        newest: dict[str, Storable] = {}
        unstorable: list[UnreadableItem] = []
        for message in messages:
            try:
                item = make_storable(message, self.header.own_id, self.now)
            except Unstorable as error:
                unstorable.append(_as_unreadable(message, str(error)))
                continue
            other = newest.get(message.canonical_id)
            self.outcome.duplicates += other is not None
            if other is None or supersedes(message, other.message):
                newest[message.canonical_id] = item
        if unstorable:
            self.quarantine(unstorable)
        return list(newest.values())

    def store_items(self, items: list[Storable], *, divide: bool) -> None:
        """Store the messages.

        With `divide` in ever smaller parts, until those that the database refuses are found and quarantined.
        """
        if not items:
            return
        if not divide:
            self.outcome.add(self._write_items(items))
            return
        try:
            with transaction.atomic():
                outcome = self._write_items(items)
        except (DataError, IntegrityError, OperationalError) as error:
            if not _has_sqlstate(error, _MESSAGE_SQLSTATES):
                raise
            if len(items) == 1:
                reason = str(error).partition("\n")[0]
                self.quarantine([_as_unreadable(items[0].message, f"The database refuses it: {reason}")])
                return
            self.store_items(items[: len(items) // 2], divide=True)
            self.store_items(items[len(items) // 2 :], divide=True)
        else:
            self.outcome.add(outcome)

    def place_due_answers(self) -> None:
        """Place the kept answers that have waited long enough for their parents."""
        if self.header.has_early_answers:
            self.outcome.add(self._write_items([], due=self.now))

    def _write_items(self, items: list[Storable], due: dt.datetime | None = None) -> PageOutcome:
        intake, items = reads.lock_and_read_page(self.header, self.rules, items, self.now, due=due)
        intake.take_messages(items)
        intake.set_clocks(service_levels_of_version(self.header.sla_version))
        header, touched = self.header, intake.touched_cases
        ids = write_sql.write_cases(
            header.brand_account_id,
            header.network,
            changed_case_rows(touched),
            opened_case_rows(intake.opened),
        )
        for case, id_ in zip(intake.opened, ids, strict=True):
            case.id = id_
        stored = write_sql.write_messages(
            header.brand_account_id, message_rows(intake), self.now, header.on_point
        )
        if intake.message_changes:
            write_sql.update_messages(change_rows(intake), self.now)
        if moved := [case for case in touched if case.moved_from is not None]:
            reopened = [case.id for case in moved if case.reopened]
            write_sql.release_moved_cases([case.id for case in moved], reopened, self.now)
        write_sql.write_history(**history_rows(intake, touched, stored), now=self.now)
        if intake.case_ids_with_deletions:
            settle_deletions(intake.case_ids_with_deletions, self.now)
        changed = [*touched, *intake.opened]
        publish.publish_cases_on_commit(
            publish.CaseChange(
                case.id, case.department_id, header.brand_account_id, case.visibility, case.moved_from
            )
            for case in [*changed, *intake.noted_cases]
        )
        return PageOutcome(
            stored=sum(new.item.message.canonical_id in stored for new in intake.messages),
            duplicates=intake.duplicates,
            updated=len(intake.message_changes),
            echoes=intake.own_count,
            ignored=intake.ignored,
            wakes=bool(header.automatic_department_ids & {case.department_id for case in changed}),
            case_ids=[case.id for case in changed],
        )


def _as_unreadable(message: InboundMessage, error: str) -> UnreadableItem:
    return UnreadableItem(raw=message.raw or message.text, error=error, remote_id=message.remote_id)
