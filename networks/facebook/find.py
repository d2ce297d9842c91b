"""Interpret Graph's answers to writes and look-ups: what was sent, what is ours, what was deleted."""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import facebook

from networks import wire
from networks.base import (
    AmbiguousSend,
    Gone,
    InboundMessage,
    JSONObject,
    Rejected,
    RetryLater,
    SentMessage,
    Visibility,
)
from networks.facebook import parse, walk
from networks.facebook.poll import RequestSender
from networks.transport import HTTPAnswer

#: Our clock and Facebook's may differ by this much, and Graph truncates times to the second.
CLOCK_SKEW = dt.timedelta(seconds=5)
MAX_OWN_PAGES = 5
_BATCH_SIZE = 50
_READ_SCOPE = "pages_read_engagement"


def parse_facebook_sent_message(answer: HTTPAnswer, key: str, *, permalink: bool) -> SentMessage:
    """Return the sent message from the answer to a write.

    Raises `AmbiguousSend` when the answer contains no id.
    """
    try:
        remote_id = wire.require_id(wire.as_mapping(answer.document).get(key))
    except ValueError:
        remote_id = ""
    if not remote_id:
        raise AmbiguousSend("Facebook accepted this without saying under which id.", code="no_id")
    return SentMessage(remote_id, f"{parse.SITE}/{remote_id}" if permalink else "")


def fetch_facebook_messages(
    graph: facebook.GraphAPI, ask: RequestSender, own_id: str, ids: Sequence[str]
) -> dict[str, InboundMessage]:
    """Look up messages, 50 per request.

    Graph fails a whole batch for one missing id; its ids are then looked up one by one. Raises `RetryLater`
    when an answer is unclear, `CannotRead` when Graph does not show a message.
    """
    messages: dict[str, InboundMessage] = {}
    for fields, kind in (
        (parse.MESSAGE_FIELDS, [remote_id for remote_id in ids if _is_message(remote_id)]),
        (parse.EITHER_FIELDS, [remote_id for remote_id in ids if not _is_message(remote_id)]),
    ):
        for start in range(0, len(kind), _BATCH_SIZE):
            batch = kind[start : start + _BATCH_SIZE]
            for remote_id, item in _look_up_batch(graph, ask, batch, fields).items():
                messages[remote_id] = _parse_item(item, remote_id, own_id)
    return messages


def _is_message(remote_id: str) -> bool:
    return remote_id.startswith(("m_", "mid."))


def _look_up_batch(
    graph: facebook.GraphAPI, ask: RequestSender, batch: Sequence[str], fields: str
) -> Mapping[str, Any]:
    try:
        return _require_all_items(ask(lambda: graph.get_objects(batch, fields=fields), _READ_SCOPE), batch)
    except (Gone, Rejected):
        if len(batch) == 1:
            return _look_up_one(graph, ask, batch[0], fields)
    items: dict[str, Any] = {}
    for remote_id in batch:
        items |= _look_up_one(graph, ask, remote_id, fields)
    return items


def _look_up_one(
    graph: facebook.GraphAPI, ask: RequestSender, remote_id: str, fields: str
) -> Mapping[str, Any]:
    try:
        return {remote_id: ask(lambda: graph.get_object(remote_id, fields=fields), _READ_SCOPE).document}
    except Gone:
        return {}


def _require_all_items(answer: HTTPAnswer, batch: Sequence[str]) -> Mapping[str, Any]:
    items = wire.as_mapping(answer.document)
    if any(remote_id not in items for remote_id in batch):
        raise Gone("Facebook left some of them out.", code="incomplete")
    return {remote_id: items[remote_id] for remote_id in batch}


def _parse_item(item: Any, remote_id: str, own_id: str) -> InboundMessage:
    try:
        if _is_message(remote_id):
            return parse.parse_messenger_message(item, own_id)
        if remote_id.startswith(f"{own_id}_"):
            return parse.parse_facebook_post(item, own_id)
        return parse.parse_facebook_comment(item, "", own_id)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise RetryLater("Facebook sent a response that could not be read.", code="malformed") from None


def find_own_facebook_message(
    graph: facebook.GraphAPI,
    ask: RequestSender,
    own_id: str,
    ref: JSONObject,
    text: str,
    since: dt.datetime,
    visibility: Visibility,
) -> SentMessage | None:
    """Find our answer with this text; None when there is none.

    It is under this comment or post, or in this direct conversation.
    """
    after = since - CLOCK_SKEW
    if visibility == "direct":
        return _find_own_direct(graph, ask, own_id, str(ref.get("recipient_id") or ""), text, after)
    # Facebook files an answer to a nested reply under the top-level comment.
    for target in dict.fromkeys((ref.get("object_id"), ref.get("thread_id"))):
        if target and (comment := _find_own_comment(graph, ask, own_id, str(target), text, after)):
            return comment
    return None


def _find_own_comment(
    graph: facebook.GraphAPI, ask: RequestSender, own_id: str, target: str, text: str, after: dt.datetime
) -> SentMessage | None:
    args: dict[str, Any] = {
        "fields": parse.COMMENT_FIELDS,
        "filter": "stream",
        "order": "reverse_chronological",
        "since": int(after.timestamp()),
        "limit": 100,
    }
    read: Callable[[Any], InboundMessage] = lambda item: parse.parse_facebook_comment(item, target, own_id)  # noqa: E731
    for _ in range(MAX_OWN_PAGES):
        answer = ask(partial(graph.get_connections, target, "comments", **args), _READ_SCOPE)
        document = wire.as_mapping(answer.document)
        messages, _bad = wire.parse_items(document.get("data"), read)
        if comment := _find_matching(messages, text, after):
            return SentMessage(comment.remote_id, comment.permalink)
        following = walk.next_page_params(document.get("paging"))
        if following is None:
            break
        args |= following
    return None


def _find_own_direct(
    graph: facebook.GraphAPI, ask: RequestSender, own_id: str, person: str, text: str, after: dt.datetime
) -> SentMessage | None:
    if not person:
        return None
    fields = f"messages.limit(25){{{parse.MESSAGE_FIELDS}}}"
    answer = ask(
        lambda: graph.get_connections(
            own_id, "conversations", platform="messenger", user_id=person, fields=fields
        ),
        "pages_messaging",
    )
    for conversation in wire.as_list(wire.as_mapping(answer.document).get("data")):
        inner = wire.as_mapping(wire.as_mapping(conversation).get("messages"))
        messages, _bad = wire.parse_items(
            inner.get("data"), lambda item: parse.parse_messenger_message(item, own_id)
        )
        if message := _find_matching(messages, text, after):
            return SentMessage(message.remote_id)
    return None


def _find_matching(messages: list[InboundMessage], text: str, after: dt.datetime) -> InboundMessage | None:
    folded_text = _fold_text(text)
    return next(
        (
            message
            for message in messages
            if message.author.is_self
            and message.created_at >= after
            and _fold_text(message.text) == folded_text
        ),
        None,
    )


def _fold_text(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())
