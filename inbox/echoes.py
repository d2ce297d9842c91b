"""Messages of our own that come back by polling: matched with the answers that are on their way out.

A match makes the answer `sent`, whatever its POST will say: `ingest` writes that in the transaction that stores the
message, so the outbox finds `state = 'sent'` with the network's id and leaves it be.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from inbox.models import Status
from inbox.sanitise import Storable
from inbox.threading import CaseState

#: The network's clock and ours may differ by this much.
SKEW = dt.timedelta(minutes=5)
_LINK = re.compile(r"https?://\S+")
_LEADING_NAMES = re.compile(r"^(?:@\w{1,30}\s+)+")


@dataclass(frozen=True, slots=True)
class Waiting:
    """An answer whose outcome is not known yet, with the message it answers (`parent_…`)."""

    id: int
    author_id: int
    case_id: int
    text: str
    remote_id: str
    visibility: str
    created_at: dt.datetime
    parent_remote_id: str
    parent_canonical_id: str
    parent_thread_id: str


def match(replies: Sequence[Waiting], item: Storable) -> Waiting | None:
    """The answer that this message is: by the network's id, else by parent (or thread) and text."""
    message = item.message
    for reply in replies:
        if reply.remote_id and reply.remote_id in (message.remote_id, message.canonical_id):
            return reply
    text = folded(item.text)
    for reply in replies:
        parents = (reply.parent_remote_id, reply.parent_canonical_id)
        near = message.parent_id in parents or message.thread_id == reply.parent_thread_id
        fits = near and item.at >= reply.created_at - SKEW and reply.visibility == message.visibility
        if fits and not reply.remote_id and folded(reply.text) == text:
            return reply
    return None


def folded(text: str) -> str:
    """A text as networks may change it: links shortened, @names put in front, spaces and composition normalised."""
    text = _LEADING_NAMES.sub("", unicodedata.normalize("NFC", text.strip()))
    return " ".join(_LINK.sub("\N{LINK SYMBOL}", text).split())


def answer(case: CaseState, at: dt.datetime, connected_at: dt.datetime) -> None:
    """The case after an answer of ours that stands on the network since `at`.

    The first response counts from when the case reached us, so it is never before that.
    """
    case.last_outbound_at = max(case.last_outbound_at or at, at)
    if case.first_response_at is None and at >= connected_at:
        case.first_response_at = max(at, case.created_at)
    if case.last_inbound_at is None or case.last_inbound_at <= at:
        case.waiting_since = None
        if case.status in (Status.NEW, Status.OPEN):
            case.status = Status.WAITING
