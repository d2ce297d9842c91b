"""Messages of our own that come back by polling: matched with answers in the outbox.

A match makes the answer `sent`, whatever the response to its POST. This is written in the transaction that stores the
message, so the outbox finds `state = 'sent'` with the network's id and does nothing more.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from inbox.ingest.storable import Storable

#: The network's clock and ours may differ by this much.
CLOCK_SKEW = dt.timedelta(minutes=5)
_LINK = re.compile(r"https?://\S+")
_LEADING_NAMES = re.compile(r"^(?:@\w{1,30}\s+)+")


@dataclass(frozen=True, slots=True)
class OutgoingReply:
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
    needs_person: bool


def find_matching_reply(replies: Sequence[OutgoingReply], item: Storable) -> OutgoingReply | None:
    """Return the answer that came back as this message, None for none.

    It is found by the network's id, else by text and parent, else by text and thread (a network may file answers to answers
    under the first message) if only one answer in the thread has the text.
    """
    message = item.message
    for reply in replies:
        if reply.remote_id and reply.remote_id in (message.remote_id, message.canonical_id):
            return reply
    text = normalise_for_matching(item.text)
    same = [
        reply for reply in replies if _may_match(reply, item) and normalise_for_matching(reply.text) == text
    ]
    for reply in same:
        if message.parent_id and message.parent_id in (reply.parent_remote_id, reply.parent_canonical_id):
            return reply
    in_thread = [reply for reply in same if message.thread_id == reply.parent_thread_id]
    return in_thread[0] if len(in_thread) == 1 else None


def _may_match(reply: OutgoingReply, item: Storable) -> bool:
    late_enough = item.at >= reply.created_at - CLOCK_SKEW
    return not reply.remote_id and late_enough and reply.visibility == item.message.visibility


def normalise_for_matching(text: str) -> str:
    """Return a text without what networks may change in it.

    Links count as equal, @names in front are left out, spaces and Unicode composition are normalised.
    """
    text = _LEADING_NAMES.sub("", unicodedata.normalize("NFC", text.strip()))
    return " ".join(_LINK.sub("\N{LINK SYMBOL}", text).split())
