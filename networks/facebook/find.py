"""Recognising Graph's answers to writes and look-ups: what was sent, what is ours, what is gone."""

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
    Sent,
    Visibility,
)
from networks.facebook import parse as facebook_parse
from networks.facebook import walk as facebook_walk
from networks.facebook.poll import Ask
from networks.transport import Answer

#: Our clock and Facebook's may differ by this much, and Graph cuts times to the second.
SKEW = dt.timedelta(seconds=5)
PAGES = 5
_BATCH = 50
_READ = "pages_read_engagement"


def sent(answer: Answer, key: str, *, permalink: bool) -> Sent:
    """The id in the answer to a write. Raises `AmbiguousSend` without one."""
    try:
        remote_id = wire.identifier(wire.as_mapping(answer.document).get(key))
    except ValueError:
        remote_id = ""
    if not remote_id:
        raise AmbiguousSend("Facebook accepted this without saying under which id.", code="no_id")
    return Sent(remote_id, f"{facebook_parse.SITE}/{remote_id}" if permalink else "")


def fetch(graph: facebook.GraphAPI, ask: Ask, own_id: str, ids: Sequence[str]) -> dict[str, InboundMessage]:
    """50 a request. Graph fails a whole batch for one missing id: then one by one. Raises `RetryLater` when unclear."""
    found: dict[str, InboundMessage] = {}
    for fields, kind in (
        (facebook_parse.MESSAGE_FIELDS, [one for one in ids if _is_message(one)]),
        (facebook_parse.EITHER_FIELDS, [one for one in ids if not _is_message(one)]),
    ):
        for start in range(0, len(kind), _BATCH):
            batch = kind[start : start + _BATCH]
            for remote_id, item in _look_up(graph, ask, batch, fields).items():
                found[remote_id] = _read(item, remote_id, own_id)
    return found


def _is_message(remote_id: str) -> bool:
    return remote_id.startswith(("m_", "mid."))


def _look_up(graph: facebook.GraphAPI, ask: Ask, batch: Sequence[str], fields: str) -> Mapping[str, Any]:
    try:
        return _items(ask(lambda: graph.get_objects(batch, fields=fields), _READ), batch)
    except (Gone, Rejected):
        if len(batch) == 1:
            return _one(graph, ask, batch[0], fields)
    items: dict[str, Any] = {}
    for remote_id in batch:
        items |= _one(graph, ask, remote_id, fields)
    return items


def _one(graph: facebook.GraphAPI, ask: Ask, remote_id: str, fields: str) -> Mapping[str, Any]:
    try:
        return {remote_id: ask(lambda: graph.get_object(remote_id, fields=fields), _READ).document}
    except Gone:
        return {}


def _items(answer: Answer, batch: Sequence[str]) -> Mapping[str, Any]:
    items = wire.as_mapping(answer.document)
    if any(one not in items for one in batch):
        raise Gone("Facebook left some of them out.", code="incomplete")
    return {one: items[one] for one in batch}


def _read(item: Any, remote_id: str, own_id: str) -> InboundMessage:
    try:
        if _is_message(remote_id):
            return facebook_parse.message(item, own_id)
        if remote_id.startswith(f"{own_id}_"):
            return facebook_parse.post(item, own_id)
        return facebook_parse.comment(item, "", own_id)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise RetryLater("Facebook: an answer that makes no sense.", code="malformed") from None


def own(
    graph: facebook.GraphAPI,
    ask: Ask,
    own_id: str,
    ref: JSONObject,
    text: str,
    since: dt.datetime,
    visibility: Visibility,
) -> Sent | None:
    """Our answer under this comment or post, or in this direct conversation, with this text."""
    after = since - SKEW
    if visibility == "direct":
        return _own_direct(graph, ask, own_id, str(ref.get("recipient_id") or ""), text, after)
    # An answer to a nested reply is filed under the comment at the top.
    for target in dict.fromkeys((ref.get("object_id"), ref.get("thread_id"))):
        if target and (found := _own_comment(graph, ask, own_id, str(target), text, after)):
            return found
    return None


def _own_comment(
    graph: facebook.GraphAPI, ask: Ask, own_id: str, target: str, text: str, after: dt.datetime
) -> Sent | None:
    args: dict[str, Any] = {
        "fields": facebook_parse.COMMENT_FIELDS,
        "filter": "stream",
        "order": "reverse_chronological",
        "since": int(after.timestamp()),
        "limit": 100,
    }
    read: Callable[[Any], InboundMessage] = lambda item: facebook_parse.comment(item, target, own_id)  # noqa: E731
    for _ in range(PAGES):
        answer = ask(partial(graph.get_connections, target, "comments", **args), _READ)
        document = wire.as_mapping(answer.document)
        messages, _bad = wire.read_items(document.get("data"), read)
        if found := _matching(messages, text, after):
            return Sent(found.remote_id, found.permalink)
        following = facebook_walk.next_page(document.get("paging"))
        if following is None:
            break
        args |= following
    return None


def _own_direct(
    graph: facebook.GraphAPI, ask: Ask, own_id: str, person: str, text: str, after: dt.datetime
) -> Sent | None:
    if not person:
        return None
    fields = f"messages.limit(25){{{facebook_parse.MESSAGE_FIELDS}}}"
    answer = ask(
        lambda: graph.get_connections(
            own_id, "conversations", platform="messenger", user_id=person, fields=fields
        ),
        "pages_messaging",
    )
    for conversation in wire.as_list(wire.as_mapping(answer.document).get("data")):
        inner = wire.as_mapping(wire.as_mapping(conversation).get("messages"))
        messages, _bad = wire.read_items(inner.get("data"), lambda item: facebook_parse.message(item, own_id))
        if found := _matching(messages, text, after):
            return Sent(found.remote_id)
    return None


def _matching(messages: list[InboundMessage], text: str, after: dt.datetime) -> InboundMessage | None:
    wanted = _folded(text)
    return next(
        (
            message
            for message in messages
            if message.author.is_self and message.created_at >= after and _folded(message.text) == wanted
        ),
        None,
    )


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())
