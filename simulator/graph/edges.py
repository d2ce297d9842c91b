"""Graph's lists: feeds, comments, conversations and their messages, page by page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from simulator.graph.errors import GraphProblem, parameter_error
from simulator.graph.fields import Field, written
from simulator.identifiers import make_page_token, open_page_token
from simulator.records import BrandAccount, Grant, Message, Person, parse_time
from simulator.world import World

HOST = "https://graph.facebook.com"
MAX_LIMIT = 100
_USUAL = {"comments": 25, "feed": 25, "conversations": 25, "messages": 25}
Render = Callable[["GraphRequest", Any, tuple[Field, ...]], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class GraphRequest:
    """The request a rendering belongs to."""

    world: World
    version: str
    token: str
    page: str = ""
    shows_tokens: bool = False
    grant: Grant | None = None


@dataclass(frozen=True, slots=True)
class Conversation:
    """All Messenger messages between a Page and a person."""

    id: str
    page: str
    person: str
    newest: Message


def find_conversation(world: World, page: str, thread: str) -> Conversation | None:
    newest = world.inboxes[page].get(thread) if page in world.inboxes else None
    if newest is None:
        return None
    for message in world.timeline("messages", thread).messages:
        if not message.by_brand:
            return Conversation(thread, page, message.author, newest)
    person = newest.client.get("recipient", "") if newest.by_brand else newest.author
    return Conversation(thread, page, person, newest)


def _limit(name: str, arguments: dict[str, str]) -> int:
    value = arguments.get("limit", "")
    if not value:
        return _USUAL.get(name, 25)
    if not value.isdigit() or int(value) < 1:
        raise parameter_error("Param limit must be a positive integer")
    return min(int(value), MAX_LIMIT)


def _moment(arguments: dict[str, str], name: str) -> int | None:
    value = arguments.get(name, "")
    if not value:
        return None
    try:
        return parse_time(int(value) if value.isdigit() else value)
    except (ValueError, OverflowError):
        raise parameter_error(f"Param {name} must be a valid date") from None


def _after(name: str, owner: str, arguments: dict[str, str]) -> int | None:
    token = arguments.get("after") or arguments.get("__paging_token") or ""
    if not token:
        return None
    try:
        kind, where = open_page_token(token)
        if kind != f"{name} {owner}":
            raise ValueError("a cursor of another list")
        return int(where)
    except ValueError:
        raise GraphProblem(400, "(#100) Invalid cursors values", 100) from None


def _list_messages(
    ask: GraphRequest, name: str, thing: Any, arguments: dict[str, str], after: int | None
) -> Iterator[Message]:
    """Yield the list a name stands for, in its order. It begins after the cursor."""
    world = ask.world
    if isinstance(thing, BrandAccount):
        key = {
            "feed": "feed",
            "posts": "posts",
            "published_posts": "posts",
            "tagged": "tagged",
            "ads_posts": "ad",
        }.get(name, "visitor_posts")
        return world.timeline(key, thing.remote_id).newest_first(below=after)
    if isinstance(thing, Conversation):
        return world.timeline("messages", thing.id).newest_first(below=after)
    if thing.kind == "comment":
        key = "replies"
    else:
        key = "comments" if arguments.get("filter", "toplevel") == "stream" else "toplevel"
    timeline = world.timeline(key, thing.id)
    if arguments.get("order", "chronological").startswith("reverse"):
        return timeline.newest_first(below=after)
    return timeline.oldest_first(above=after)


def _list_conversations(
    ask: GraphRequest, page: BrandAccount, arguments: dict[str, str], after: int | None
) -> Iterator[Conversation]:
    person = arguments.get("user_id")
    inbox = ask.world.inboxes.get(page.remote_id)
    for thread, newest in reversed(inbox.items()) if inbox else ():
        if after is not None and newest.number >= after:
            continue
        conversation = find_conversation(ask.world, page.remote_id, thread)
        if conversation is not None and (not person or conversation.person == person):
            yield conversation


def _list_items(
    ask: GraphRequest, name: str, thing: Any, arguments: dict[str, str], after: int | None
) -> Iterable[Any]:
    if name == "accounts" and isinstance(thing, Person):
        allowed = ask.grant.pages if ask.grant else []
        return [
            page
            for page in ask.world.accounts.values()
            if page.network == "facebook" and page.remote_id in allowed
        ]
    if name == "conversations" and isinstance(thing, BrandAccount):
        if arguments.get("platform", "messenger").lower() != "messenger":
            return []
        return _list_conversations(ask, thing, arguments, after)
    return _messages_between(ask, name, thing, arguments, after)


def _messages_between(
    ask: GraphRequest, name: str, thing: Any, arguments: dict[str, str], after: int | None
) -> Iterator[Message]:
    since, until = _moment(arguments, "since"), _moment(arguments, "until")
    reverse = not (isinstance(thing, Message) and not arguments.get("order", "").startswith("reverse"))
    for message in _list_messages(ask, name, thing, arguments, after):
        second = message.created_at // 1000 * 1000
        if since is not None and second < since:
            if reverse:
                return
            continue
        if until is not None and second > until:
            continue
        if ask.world.find_readable_message(message.id) is not None:
            yield message


def _position(item: Any) -> int:
    return int(item.newest.number if isinstance(item, Conversation) else item.number)


def list_edge(
    ask: GraphRequest,
    thing: Any,
    name: str,
    arguments: dict[str, str],
    fields: tuple[Field, ...],
    render: Render,
) -> dict[str, Any]:
    """One page of an edge with `paging`, `data` empty at the end."""
    owner = thing.remote_id if isinstance(thing, BrandAccount) else thing.id
    limit = _limit(name, arguments)
    items: list[Any] = []
    more = False
    for item in _list_items(ask, name, thing, arguments, _after(name, owner, arguments)):
        if len(items) == limit:
            more = True
            break
        items.append(item)
    body: dict[str, Any] = {"data": [render(ask, item, fields) for item in items]}
    if items and name != "accounts":
        body["paging"] = _paging(ask, name, owner, arguments, fields, limit, items, more)
    if arguments.get("summary") in ("1", "true", "total_count"):
        count = len(ask.world.timeline("comments", owner)) if name == "comments" else len(body["data"])
        body["summary"] = {
            "order": arguments.get("order", "chronological"),
            "total_count": count,
            "can_comment": True,
        }
    return body


def _paging(
    ask: GraphRequest, name: str, owner: str, arguments: dict[str, str], fields: tuple[Field, ...], limit: int, items: list[Any], more: bool
) -> dict[str, Any]:  # fmt: skip
    list_name = f"{name} {owner}"
    after = make_page_token(list_name, str(_position(items[-1])))
    query = {"access_token": ask.token, "pretty": "0"}
    if fields:
        query["fields"] = written(fields)
    query |= {
        key: value
        for key, value in arguments.items()
        if key not in ("after", "until", "__paging_token", "limit")
    }
    query["limit"] = str(limit)
    address = f"{HOST}/{ask.version}/{owner}/{name}?"
    if name in ("feed", "posts", "published_posts", "tagged", "visitor_posts", "ads_posts"):
        # As recorded: feeds page by time, with a token that makes the second exact.
        paging: dict[str, Any] = {
            "previous": address + urlencode({**query, "__previous": "1", "since": str(items[0].created_at // 1000), "__paging_token": make_page_token(list_name + " back", str(_position(items[0])))})
        }  # fmt: skip
        query |= {"until": str(items[-1].created_at // 1000), "__paging_token": after}
    else:
        paging = {
            "cursors": {
                "before": make_page_token(list_name + " back", str(_position(items[0]))),
                "after": after,
            }
        }
        query["after"] = after
    if more:
        paging["next"] = address + urlencode(query)
    return paging
