"""Interpret X's answers to writes and look-ups: what was sent, what is ours, what was deleted."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from networks import wire
from networks.base import AmbiguousSend, InboundMessage, JSONObject, Rejected, RetryLater, SentMessage
from networks.presence import Presence
from networks.transport import HTTPAnswer
from networks.x import errors, parse
from networks.x.included import SITE, Included

#: Our clock and X's may differ by this much, and X truncates times to the second.
CLOCK_SKEW = dt.timedelta(seconds=5)
#: Pages of 100 own posts to search for a lost send: more than enough, since X allows 100 posts per 15 minutes.
MAX_OWN_PAGES = 5
_NOT_FOUND = frozenset({"resource-not-found", "Not Found Error", "34", "144"})
_LINK = re.compile(r"https?://\S+")
_LEADING_NAMES = re.compile(r"^(?:@\w{1,20}\s+)+")


def parse_x_sent_message(answer: HTTPAnswer, key: str, prefix: str = "") -> SentMessage:
    """Return the sent message from the answer to a write.

    Raises `AmbiguousSend` when the answer contains no id.
    """
    data = wire.as_mapping(wire.as_mapping(answer.document).get("data"))
    try:
        remote_id = parse.require_x_id(data.get(key))
    except ValueError:
        remote_id = ""
    if not remote_id:
        raise AmbiguousSend("X accepted this without saying under which id.", code="no_id")
    return _build_sent_message(remote_id, prefix)


def _build_sent_message(remote_id: str, prefix: str) -> SentMessage:
    if prefix:
        return SentMessage(prefix + remote_id)
    return SentMessage(remote_id, f"{SITE}/i/web/status/{remote_id}")


def dm_target(ref: JSONObject) -> dict[str, str]:
    """Return the recipient of a direct message as request parameter.

    This is its conversation, otherwise its author. Raises `Rejected` when neither is known.
    """
    for key, parameter in (
        ("conversation_id", "dm_conversation_id"),
        ("participant_id", "participant_id"),
        ("author_id", "participant_id"),
    ):
        if value := ref.get(key):
            return {parameter: str(value)}
    raise Rejected("X did not say who wrote this, so it cannot be answered directly.", code="no_recipient")


def posts_by_id(document: Mapping[str, Any], own_id: str) -> dict[str, InboundMessage]:
    """Return the posts of a look-up by id."""
    included = Included.from_document(document)
    messages, _ = wire.parse_items(
        document.get("data"), lambda item: parse.parse_x_post(item, "mentions", own_id, included)
    )
    return {message.remote_id: message for message in messages}


def read_presence(document: Mapping[str, Any], post_ids: Sequence[str]) -> Presence:
    """Return which posts of a look-up are gone or cannot be read.

    An id is gone only when `errors[]` says that it was not found. X also withholds posts of protected and suspended
    accounts. Raises `RetryLater` when an id is neither among the posts nor among the errors.
    """
    shown = {str(wire.as_mapping(item).get("id")) for item in wire.as_list(document.get("data"))}
    gone: set[str] = set()
    unreadable: dict[str, str] = {}
    for error in map(wire.as_mapping, wire.as_list(document.get("errors"))):
        named = {str(error[key]) for key in ("resource_id", "value") if error.get(key) is not None}
        is_gone = errors.problem_code(error) in _NOT_FOUND
        for post_id in named & set(post_ids) - shown:
            if is_gone:
                gone.add(post_id)
            else:
                unreadable[post_id] = wire.optional_text(error.get("detail")) or "X does not show it to us."
    if unknown := set(post_ids) - shown - gone - set(unreadable):
        raise RetryLater(f"X did not say what became of {len(unknown)} posts.", code="incomplete")
    return Presence(frozenset(gone), {key: why for key, why in unreadable.items() if key not in gone})


def parse_looked_up_event(document: Mapping[str, Any], own_id: str) -> InboundMessage | None:
    """Parse the direct message event of a look-up; None when it was deleted.

    Raises `RetryLater` when it cannot be parsed.
    """
    data = document.get("data")
    if isinstance(data, list):
        data = data[0] if data else None
    if data is None:
        return None
    try:
        return parse.parse_x_direct_message(data, own_id, Included.from_document(document))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise RetryLater("X sent a response that could not be read.", code="malformed") from None


def is_same_text(sent_text: str, published_text: str) -> bool:
    """Tell whether a published text is the one we sent.

    X shortens links, puts @names in front and normalises Unicode.
    """
    return _fold_text(sent_text) == _fold_text(published_text)


def _fold_text(text: str) -> str:
    text = unicodedata.normalize("NFC", text.strip())
    text = _LEADING_NAMES.sub("", text)
    return " ".join(_LINK.sub("\N{LINK SYMBOL}", text).split())


def find_own_x_message(
    document: Mapping[str, Any], ref: JSONObject, text: str, after: dt.datetime, own_id: str, *, direct: bool
) -> tuple[SentMessage | None, str]:
    """Find the message that we sent on one page of results.

    Returns it (None when it is not there) and the next page's token ("" when no further page is worth
    reading).
    """
    included = Included()

    def read(item: Any) -> InboundMessage | None:
        if direct:
            return parse.parse_x_direct_message(item, own_id, included)
        return parse.parse_x_post(item, "mentions", own_id, included)

    messages, _ = wire.parse_items(document.get("data"), read)
    for message in messages:
        is_own = message.author.is_self and message.created_at >= after
        if direct and is_own and is_same_text(text, message.text):
            return SentMessage(message.remote_id), ""
        if (
            not direct
            and is_own
            and message.parent_id == str(ref.get("tweet_id"))
            and is_same_text(text, message.text)
        ):
            return _build_sent_message(message.remote_id, ""), ""
    past = direct and any(message.created_at < after for message in messages)
    token = wire.optional_text(wire.as_mapping(document.get("meta")).get("next_token"))
    return None, "" if past else token
