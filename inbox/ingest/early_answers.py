"""Answers of our own account that come before the question which they answer: written in the network's own app, and
polled from another stream than the customer's message, or from an earlier page. They are kept until the question comes.

Which message one answers is the network's word: its parent, or, in a conversation without parents, the thread. Only
when a parent has not come for `PARENT_WAIT` the thread has to do, as for a parent that the network does not show us: what a
case was told once is told for good.
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

#: How long a parent is waited for: two of the longest intervals between polls.
PARENT_WAIT = dt.timedelta(seconds=2 * settings.POLL_INTERVAL_MAX)
#: What is older when it is looked at in vain is forgotten.
FORGOTTEN_AFTER = dt.timedelta(days=30)


class KeptAnswer(NamedTuple):
    """An answer of our own that is kept; `waited_enough`: its parent need not be waited for any longer."""

    id: int
    item: Storable
    waited_enough: bool


class OwnAnswers(NamedTuple):
    """Answers of our own that a page may settle: those on their way out, and the kept ones by canonical id."""

    replies: list[OutgoingReply]
    kept: dict[str, KeptAnswer]


def lock_own_answers(
    brand: int, own_id: str, items: Iterable[Storable], own: Iterable[Storable], due: dt.datetime | None
) -> OwnAnswers:
    """Lock the brand account's answers on their way out, and read the kept ones that a page may settle.

    `own` are those of the page's `items` that are the brand account's, whose remote id is `own_id`. With `due` also those
    whose time to be looked at has come by then. One statement.
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
            kept = _kept_answer_from_document(document, own_id)
            answers.kept[kept.item.message.canonical_id] = kept
    return answers


def _kept_answer_from_document(document: str | dict[str, Any], own_id: str) -> KeptAnswer:
    kept = orjson.loads(document) if isinstance(document, str) else document
    item, at = kept["item"], dt.datetime.fromisoformat(kept["network_time"])
    edited_at = kept["edited_at"] and dt.datetime.fromisoformat(kept["edited_at"])
    message = InboundMessage(
        stream=item["stream"],
        remote_id=kept["remote_id"],
        canonical_id=kept["canonical_id"],
        thread_id=kept["thread_id"],
        parent_id=kept["parent_remote_id"],
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
    return KeptAnswer(kept["id"], storable, kept["waited"])


def replace_edited_parents(
    first: Mapping[str, str], items: Sequence[Storable], kept: Mapping[str, KeptAnswer]
) -> tuple[list[Storable], dict[str, KeptAnswer]]:
    """The page and the kept answers with the `first` id in place of one that their parent got when it was edited."""
    renamed = {
        id(item): replace(item, message=replace(item.message, parent_id=first[item.message.parent_id]))
        for item in items
        if item.message.parent_id in first
    }
    again = {key: one._replace(item=renamed.get(id(one.item), one.item)) for key, one in kept.items()}
    return [renamed.get(id(item), item) for item in items], again


def merge_kept_answers(items: Iterable[Storable], kept: Mapping[str, KeptAnswer]) -> list[Storable]:
    """Return the page's messages and the kept ones; of one that is both, the later state."""
    both = {item.message.canonical_id: item for item in items}
    for canonical_id, one in kept.items():
        if canonical_id not in both or supersedes(one.item.message, both[canonical_id].message):
            both[canonical_id] = one.item
    return list(both.values())


def may_be_answer(item: Storable) -> bool:
    """Whether a message of our own can be an answer: what begins a thread is none."""
    message = item.message
    return bool(message.parent_id) or message.thread_id not in ("", message.canonical_id)


def early_answer_changes(
    brand: int, homeless: Collection[Storable], kept: Mapping[str, KeptAnswer]
) -> dict[str, Any] | None:
    """What the table of kept answers gains (`early`), loses (`settled`) and has looked at in vain (`looked`), as
    parameters; None for nothing. `homeless` are the messages of our own that belong to no case yet."""
    left = {item.message.canonical_id for item in homeless}
    unchanged = {id(one.item) for one in kept.values()}
    early = [
        _early_answer_row(item) for item in homeless if id(item) not in unchanged and may_be_answer(item)
    ]
    settled = [one.id for canonical_id, one in kept.items() if canonical_id not in left]
    looked = [one.id for canonical_id, one in kept.items() if canonical_id in left and one.waited_enough]
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
    """One stream of each brand account that has kept answers to look at."""
    brands = EarlyAnswer.objects.filter(look_at__lte=now).values("brand_account_id")
    streams = Stream.objects.filter(brand_account_id__in=brands).order_by("brand_account_id", "pk")
    return list(streams.distinct("brand_account_id"))
