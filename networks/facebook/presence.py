"""Find out which stored messages no longer stand on a Page.

Graph refuses what was deleted and what we may not see in the same words. So a message that it does not show counts as
gone only when the list that it belongs to can be read and does not have it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import facebook

from networks import wire
from networks.base import CannotRead, Gone, MissingPermission, Rejected
from networks.facebook.poll import RequestSender
from networks.presence import KnownMessage, Presence

_BATCH_SIZE = 50
_READ_SCOPE = "pages_read_engagement"
#: Comments and posts may carry a time that is a second off.
_AROUND = dt.timedelta(seconds=2)
_MESSAGES_LOOKED_AT = 100


def find_gone_messages(
    graph: facebook.GraphAPI, ask: RequestSender, own_id: str, messages: Sequence[KnownMessage]
) -> Presence:
    """Look at messages, then at the lists of those not shown.

    50 messages per request. Any error that does not concern single messages is raised.
    """
    gone: set[str] = set()
    unreadable: dict[str, str] = {}
    for start in range(0, len(messages), _BATCH_SIZE):
        for message, refusal in _find_hidden(graph, ask, messages[start : start + _BATCH_SIZE]):
            listed = _is_listed(graph, ask, own_id, message)
            if listed is False:
                gone.add(message.remote_id)
            elif listed is None:
                unreadable[message.remote_id] = refusal
    return Presence(frozenset(gone), unreadable)


def _find_hidden(
    graph: facebook.GraphAPI, ask: RequestSender, batch: Sequence[KnownMessage]
) -> Iterator[tuple[KnownMessage, str]]:
    """Yield the messages that Graph does not show, with its reason.

    Graph refuses a whole batch for one of them, so a refused batch is halved until they are found.
    """
    ids = [message.remote_id for message in batch]
    try:
        shown = wire.as_mapping(ask(lambda: graph.get_objects(ids, fields="id"), _READ_SCOPE).document)
    except (Gone, Rejected) as refusal:
        if len(batch) == 1:
            yield batch[0], str(refusal)
            return
        middle = len(batch) // 2
        yield from _find_hidden(graph, ask, batch[:middle])
        yield from _find_hidden(graph, ask, batch[middle:])
        return
    for message in batch:
        if message.remote_id not in shown:
            yield message, "Facebook leaves it out."


def _is_listed(
    graph: facebook.GraphAPI, ask: RequestSender, own_id: str, message: KnownMessage
) -> bool | None:
    """Return whether the list that a message belongs to has it; None when that cannot be read."""
    for request in _list_requests(graph, own_id, message):
        try:
            document = wire.as_mapping(ask(request, _READ_SCOPE).document)
        except (Gone, Rejected, CannotRead, MissingPermission):
            continue
        if isinstance(document.get("data"), list):
            return _lists_message(document["data"], message)
    return None


def _lists_message(items: Sequence[Any], message: KnownMessage) -> bool | None:
    if not _is_direct(message):
        return any(wire.as_mapping(item).get("id") == message.remote_id for item in items)
    listed: dict[str, str] = {}
    for conversation in map(wire.as_mapping, items):
        for item in wire.as_list(wire.as_mapping(conversation.get("messages")).get("data")):
            listed[str(wire.as_mapping(item).get("id"))] = str(wire.as_mapping(item).get("created_time"))
    if message.remote_id in listed:
        return True
    if len(listed) < _MESSAGES_LOOKED_AT:
        # Graph leaves out the messages of a conversation without any; without the conversation it says nothing.
        return False if items else None
    return False if _seconds(min(listed.values())) < message.created_at.timestamp() else None


def _seconds(stated: str) -> float:
    try:
        return wire.require_time(stated).timestamp()
    except ValueError:
        return float("inf")


def _is_direct(message: KnownMessage) -> bool:
    return message.remote_id.startswith(("m_", "mid."))


def _list_requests(graph: facebook.GraphAPI, own_id: str, message: KnownMessage) -> Iterator[Any]:
    """Yield requests for the list that a message belongs to.

    The nearest one first.
    """
    since, until = (
        int((message.created_at - _AROUND).timestamp()),
        int((message.created_at + _AROUND).timestamp()),
    )
    if _is_direct(message):
        fields = f"id,messages.limit({_MESSAGES_LOOKED_AT}){{id,created_time}}"
        if not message.person_id:
            return
        yield partial(
            graph.get_connections,
            own_id,
            "conversations",
            platform="messenger",
            user_id=message.person_id,
            fields=fields,
        )
    elif message.remote_id.startswith(f"{own_id}_"):
        yield partial(
            graph.get_connections, own_id, "feed", fields="id", since=since, until=until, limit=_BATCH_SIZE
        )
    else:
        post = message.remote_id.partition("_")[0]
        owners = (message.parent_id, f"{own_id}_{post}", post)
        for owner in dict.fromkeys(owner for owner in owners if owner):
            yield partial(
                graph.get_connections,
                owner,
                "comments",
                fields="id",
                filter="stream",
                order="chronological",
                since=since,
                limit=100,
            )
