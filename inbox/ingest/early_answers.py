"""Answers of our own account that are polled before the message they answer. They are kept until it arrives.

They are written in the network's own app, and come from another stream than the customer's message or from an earlier page.

The network says which message an answer belongs to: its parent or, in a conversation without parents, the thread. The
thread also decides when a parent has not arrived within `PARENT_WAIT`, because the network may never show it to us. It
does not decide sooner, because an answer that was added to a case stays there.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import orjson
from django.conf import settings

from accounts.models import Stream
from inbox.ingest import read_sql
from inbox.ingest.echoes import OutgoingReply
from inbox.ingest.edits import supersedes
from inbox.ingest.storable import Storable
from inbox.models import EarlyAnswer
from networks.base import Author, InboundMessage
from postgres.bound_cursors import rows_as_json

#: How long to wait for a parent: two of the longest intervals between polls.
PARENT_WAIT = dt.timedelta(seconds=2 * settings.POLL_INTERVAL_MAX)
#: An answer that is older than this and still cannot be placed is deleted.
FORGOTTEN_AFTER = dt.timedelta(days=30)


class KeptAnswer(NamedTuple):
    """A kept answer of our own; `waited_enough`: it need not wait for its parent any longer."""

    id: int
    item: Storable
    waited_enough: bool


class OwnAnswers(NamedTuple):
    """Answers of our own that a page may settle: outgoing ones, and the kept ones by canonical id."""

    replies: list[OutgoingReply]
    kept: dict[str, KeptAnswer]


def lock_own_answers(
    brand: int, own_id: str, items: Iterable[Storable], own: Iterable[Storable], due: dt.datetime | None
) -> OwnAnswers:
    """Lock outgoing answers and read the kept ones that may be settled.

    `own` are those of the page's `items` that the brand account wrote, whose remote id is `own_id`. With `due` also the kept
    answers that are to be looked at by then. One statement.
    """
    messages = [item.message for item in items]
    ids = {
        id_ for message in messages for id_ in (message.canonical_id, message.remote_id, *message.versions)
    }
    rows = read_sql.lock_own_answers(
        brand,
        ids=list(ids),
        own=[item.message.canonical_id for item in own],
        threads=list({message.thread_id for message in messages} - {""}),
        due=due,
    )
    answers = OwnAnswers([], {})
    for row in rows:
        document = row.pop("kept_answer")
        if document is None:
            answers.replies.append(OutgoingReply(**row))
        else:
            answer = _kept_answer_from_document(document, own_id)
            answers.kept[answer.item.message.canonical_id] = answer
    return answers


def _kept_answer_from_document(document: str | dict[str, Any], own_id: str) -> KeptAnswer:
    row = orjson.loads(document) if isinstance(document, str) else document
    item, at = row["item"], dt.datetime.fromisoformat(row["network_time"])
    edited_at = row["edited_at"] and dt.datetime.fromisoformat(row["edited_at"])
    message = InboundMessage(
        stream=item["stream"],
        remote_id=row["remote_id"],
        canonical_id=row["canonical_id"],
        thread_id=row["thread_id"],
        parent_id=row["parent_remote_id"],
        author=Author(own_id, is_self=True),
        text=item["text"],
        created_at=at,
        visibility=item["visibility"],
        edited_at=edited_at,
        hidden=item["hidden"],
        can_reply=item["can_reply"],
    )
    storable = Storable(
        message=message,
        text=item["text"],
        flags=item["flags"],
        at=at,
        author_id=own_id,
        handle="",
        name="",
        avatar_url="",
        followers=None,
        permalink=item["permalink"],
        attachments=item["attachments"],
        reply_ref=item["reply_ref"],
        raw=item["raw"],
    )
    return KeptAnswer(row["id"], storable, row["waited"])


def replace_edited_parents(
    first_ids: Mapping[str, str], items: Sequence[Storable], kept_answers: Mapping[str, KeptAnswer]
) -> tuple[list[Storable], dict[str, KeptAnswer]]:
    """Return the page and the kept answers with edited parents' first ids.

    `first_ids` (see `edits.original_ids`) are by the ids that the parents got when they were edited.
    """
    replaced = {
        id(item): replace(item, message=replace(item.message, parent_id=first_ids[item.message.parent_id]))
        for item in items
        if item.message.parent_id in first_ids
    }
    answers = {
        canonical_id: answer._replace(item=replaced.get(id(answer.item), answer.item))
        for canonical_id, answer in kept_answers.items()
    }
    return [replaced.get(id(item), item) for item in items], answers


def merge_kept_answers(items: Iterable[Storable], kept_answers: Mapping[str, KeptAnswer]) -> list[Storable]:
    """Return the page's messages and the kept ones.

    Of a message that is both, the later state.
    """
    merged = {item.message.canonical_id: item for item in items}
    for canonical_id, answer in kept_answers.items():
        if canonical_id not in merged or supersedes(answer.item.message, merged[canonical_id].message):
            merged[canonical_id] = answer.item
    return list(merged.values())


def may_be_answer(item: Storable) -> bool:
    """Return whether a message of our own can be an answer.

    One that begins a thread cannot.
    """
    message = item.message
    return bool(message.parent_id) or message.thread_id not in ("", message.canonical_id)


def early_answer_changes(
    brand: int, unplaced: Collection[Storable], kept_answers: Mapping[str, KeptAnswer]
) -> dict[str, Any] | None:
    """Return how the table of kept answers changes, as parameters; None for not at all.

    It gains the rows `early`, loses `settled`, and keeps those that were looked at in vain (`looked`), both ids.
    `unplaced` are the messages of our own that belong to no case yet, `kept_answers` the rows that were read.
    """
    unplaced_ids = {item.message.canonical_id for item in unplaced}
    unchanged = {id(answer.item) for answer in kept_answers.values()}
    early = [
        _early_answer_row(item) for item in unplaced if id(item) not in unchanged and may_be_answer(item)
    ]
    settled = [answer.id for key, answer in kept_answers.items() if key not in unplaced_ids]
    looked = [
        answer.id for key, answer in kept_answers.items() if key in unplaced_ids and answer.waited_enough
    ]
    if not (early or settled or looked):
        return None
    return {
        "brand": brand,
        "early": rows_as_json(early),
        "settled": settled,
        "looked": looked,
        "waited": PARENT_WAIT,
        "kept_for": FORGOTTEN_AFTER,
    }


def _early_answer_row(item: Storable) -> dict[str, Any]:
    message = item.message
    return {
        "canonical_id": message.canonical_id,
        "remote_id": message.remote_id,
        "thread_id": message.thread_id,
        "parent_remote_id": message.parent_id,
        "network_time": item.at,
        "edited_at": message.edited_at,
        "item": {
            "stream": message.stream,
            "visibility": message.visibility,
            "text": item.text,
            "hidden": message.hidden,
            "permalink": item.permalink,
            "attachments": item.attachments,
            "can_reply": message.can_reply,
            "reply_ref": item.reply_ref,
            "flags": item.flags,
            "raw": item.raw,
        },
    }


def streams_with_due_early_answers(now: dt.datetime) -> list[Stream]:
    """Return a stream of each brand account that has due kept answers."""
    brands = EarlyAnswer.objects.filter(look_at__lte=now).values("brand_account_id")
    streams = Stream.objects.filter(brand_account_id__in=brands).order_by("brand_account_id", "pk")
    return list(streams.distinct("brand_account_id"))
