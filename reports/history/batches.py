"""One batch of conversations: what is new, what is here already, what cannot be taken; and storing what is new."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from inbox.ingest.message_decision import detect_languages
from inbox.search_words.lexemes import index_text
from reports.history import tables
from reports.history.brands import Brands
from reports.history.conversations import Conversation, Reading, Rejected, read_conversation
from reports.history.json_lines import Found
from reports.history.planning import Draft, Planner, draft_conversation
from routing.rules.versions import live_rules


@dataclass(frozen=True, slots=True)
class Reject:
    """A line that was not taken, and why."""

    line: int
    thread: str
    reason: str


@dataclass(slots=True)
class Study:
    """The work on a batch. `known` conversations are here already; `dropped` messages were fetched before."""

    drafts: list[Draft] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    known: int = 0

    @property
    def messages(self) -> int:
        return sum(len(draft.items) for draft in self.drafts)


@dataclass(slots=True)
class Context:
    """The values that all batches of one file share.

    `brand` is the account to which all conversations belong; "" when each names its own. `seen` holds the conversations of
    a check, which stores nothing by which it could recognise them.
    """

    import_id: int
    brand: str
    brands: Brands
    reading: Reading
    seen: dict[int, int] | None = None


def study_batch(batch: Sequence[Found], context: Context) -> Study:
    """Check a batch against itself and against what is stored. Two statements, and those for brands that are new."""
    study = Study()
    read: list[tuple[Conversation, int]] = []
    lines: dict[tuple[str, str], int] = {}
    for entry in batch:
        try:
            conversation = _read(entry, context)
            header = context.brands.find(context.brand or conversation.brand)
            _refuse_second_line(conversation, header.own_id, lines, context)
            read.append((conversation, header.brand_account_id))
        except Rejected as error:
            study.rejects.append(Reject(entry.line, _thread_of(entry), str(error)[:300]))
    stored = tables.select_known([(brand, conversation.thread) for conversation, brand in read])
    fresh: list[Conversation] = []
    for conversation, brand in read:
        row = stored.get((brand, conversation.thread))
        if row is None:
            fresh.append(conversation)
        elif reason := _explain_known(conversation, row, context.import_id):
            study.rejects.append(Reject(conversation.line, conversation.thread, reason))
        else:
            study.known += 1
    _draft_fresh(fresh, study, context)
    return study


def _read(entry: Found, context: Context) -> Conversation:
    if entry.rejected:
        raise Rejected(entry.rejected)
    conversation = read_conversation(entry.document, entry.line, context.reading)
    if not (context.brand or conversation.brand):
        raise Rejected(
            "It names no brand. Name the brand account of the whole file, or one in each conversation."
        )
    return conversation


def _thread_of(entry: Found) -> str:
    thread = entry.document.get("thread") if isinstance(entry.document, dict) else ""
    return thread[:200].replace("\x00", "") if isinstance(thread, str) and thread.isprintable() else ""


def _refuse_second_line(
    conversation: Conversation, brand: str, lines: dict[tuple[str, str], int], context: Context
) -> None:
    """Refuse a conversation that the file has twice. `brand` is the account's id on its network."""
    key = (brand, conversation.thread)
    first = lines.setdefault(key, conversation.line)
    if context.seen is not None:
        first = context.seen.setdefault(hash(key), first)
    if first != conversation.line:
        raise Rejected(f"The conversation is on line {first:,} already.")


def _explain_known(conversation: Conversation, row: dict[str, int], import_id: int) -> str:
    """Return why a conversation that was brought before cannot be taken; "" when it is the same."""
    if row["history_import_id"] == import_id:
        is_same = row["line"] == conversation.line
        return "" if is_same else f"The conversation is on line {row['line']:,} already."
    if len(conversation.messages) <= row["message_count"]:
        return ""
    return (
        f"It was imported before, with {row['message_count']:,} messages, and has {len(conversation.messages):,} here. "
        "Undo the earlier import to take this one."
    )


def _draft_fresh(fresh: Sequence[Conversation], study: Study, context: Context) -> None:
    headers = [context.brands.find(context.brand or conversation.brand) for conversation in fresh]
    keys = [
        (header.brand_account_id, message.id)
        for conversation, header in zip(fresh, headers, strict=True)
        for message in conversation.messages
    ]
    taken = tables.select_taken(keys) if keys else {}
    used: dict[int, set[str]] = {}
    for conversation, header in zip(fresh, headers, strict=True):
        brand = header.brand_account_id
        own = {
            message.id: taken[brand, message.id]
            for message in conversation.messages
            if (brand, message.id) in taken
        }
        try:
            draft = draft_conversation(
                conversation, header, own, used.setdefault(brand, set()), context.reading.now
            )
        except Rejected as error:
            study.rejects.append(Reject(conversation.line, conversation.thread, str(error)[:300]))
        else:
            study.drafts.append(draft)


def store_drafts(study: Study, context: Context) -> None:
    """Store what is new. The number of statements does not depend on how much it is."""
    if not study.drafts:
        return
    items = [item for draft in study.drafts for past, item in draft.items if not past.is_brand]
    languages = detect_languages(items)
    people: dict[str, dict[str, Any]] = {}
    for item in items:
        person = people.setdefault(item.author_id, {
            "remote_id": item.author_id, "handle": item.handle, "name": item.name, "since": item.at.isoformat(),
            "search": index_text(f"{item.handle} {item.name}"),
        })  # fmt: skip
        person["since"] = min(person["since"], item.at.isoformat())
    authors = tables.add_people(context.brands.network, list(people.values()))
    planner = Planner(live_rules(), authors, languages, context.import_id, context.reading.now)
    case_ids = tables.take_ids("inbox_case", len(study.drafts))
    message_ids = iter(tables.take_ids("inbox_message", study.messages))
    for draft, case_id in zip(study.drafts, case_ids, strict=True):
        planner.add(draft, case_id, [next(message_ids) for _ in draft.items])
    tables.copy_rows(planner.rows)
