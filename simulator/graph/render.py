"""Graph's objects: Pages, posts, comments, conversations, messages, people."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from simulator.graph import edges
from simulator.graph.edges import Conversation, GraphRequest
from simulator.graph.errors import parameter_error
from simulator.graph.fields import Field
from simulator.records import BrandAccount, Message, Person

Value = Callable[[GraphRequest, Any, Field], Any]
SITE = "https://www.facebook.com"
#: Values a field may have without being written at all, as Graph leaves out what is empty.
ABSENT = object()
_DEFAULTS = {
    "Page": "id,name", "Post": "id,message,created_time", "Comment": "id,message,created_time,from",
    "Photo": "id,created_time", "Conversation": "id,updated_time", "Message": "id,created_time", "User": "id,name",
}  # fmt: skip


def stamp(ms: int) -> str:
    return dt.datetime.fromtimestamp(ms / 1000, dt.UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")


def type_of(thing: object) -> str:
    if isinstance(thing, BrandAccount):
        return "Page"
    if isinstance(thing, Person):
        return "User"
    if isinstance(thing, Conversation):
        return "Conversation"
    assert isinstance(thing, Message)
    if thing.is_direct:
        return "Message"
    return {"comment": "Comment", "photo": "Photo"}.get(thing.kind, "Post")


def render(ask: GraphRequest, thing: Any, fields: tuple[Field, ...]) -> dict[str, Any]:
    """Render an object with the requested fields, or its default ones. `id` is always there."""
    kind = type_of(thing)
    renderers = _FIELDS[kind]
    if not fields:
        fields = tuple(Field(name) for name in _DEFAULTS[kind].split(","))
    data: dict[str, Any] = {}
    for field in fields:
        value = renderers.get(field.name)
        if value is None:
            raise parameter_error(f"Tried accessing nonexisting field ({field.name}) on node type ({kind})")
        rendered = value(ask, thing, field)
        if rendered is not ABSENT:
            data[field.name] = rendered
    data.setdefault("id", thing.remote_id if isinstance(thing, BrandAccount) else thing.id)
    return data


def _person(ask: GraphRequest, person_id: str) -> dict[str, Any]:
    person = ask.world.person("facebook", person_id)
    return {"name": person.name if person else "Facebook user", "id": person_id}


def _from(ask: GraphRequest, message: Message, field: Field) -> dict[str, Any]:
    person = _person(ask, message.author)
    if message.is_direct:
        person["email"] = f"{message.author}@facebook.com"
    return person


def _to(ask: GraphRequest, message: Message, field: Field) -> dict[str, Any]:
    conversation = edges.find_conversation(ask.world, message.account, message.thread)
    other = conversation.person if conversation else ""
    receiver = other if message.by_brand else message.account
    return {"data": [{**_person(ask, receiver), "email": f"{receiver}@facebook.com"}]}


def permalink(ask: GraphRequest, message: Message) -> str:
    """Return where a browser finds a post or comment."""
    page, _, post = message.thread.partition("_")
    address = f"{SITE}/{page}/posts/{post}/"
    if message.kind != "comment":
        return address
    number = message.id.rpartition("_")[2]
    top = ask.world.top_comment(message)
    if top is message:
        return f"{address}?comment_id={number}"
    return f"{address}?comment_id={top.id.rpartition('_')[2]}&reply_comment_id={number}"


def _parent(ask: GraphRequest, message: Message, field: Field) -> Any:
    top = ask.world.top_comment(message)
    if top is message:
        return ABSENT
    return render(ask, top, field.fields)


def _object(ask: GraphRequest, message: Message, field: Field) -> Any:
    post = ask.world.messages.get(message.thread)
    return ABSENT if post is None else render(ask, post, field.fields or (Field("id"),))


def _updated(ask: GraphRequest, message: Message, field: Field) -> str:
    newest = ask.world.timeline("comments", message.id).newest()
    return stamp(max(message.created_at, newest.created_at if newest else 0))


def _likes(ask: GraphRequest, message: Message, field: Field) -> dict[str, Any]:
    data = [_person(ask, who) for who in message.likes]
    return {
        "data": data,
        "summary": {"total_count": len(data), "can_like": True, "has_liked": ask.page in message.likes},
    }


def _album(ask: GraphRequest, message: Message, field: Field) -> Any:
    photos = list(ask.world.timeline("photos", message.id).oldest_first())
    if not photos:
        return ABSENT
    parts = [
        {
            "media_type": "photo",
            "type": "photo",
            "target": {"id": photo.id, "url": f"{SITE}/photo/?fbid={photo.id}"},
        }
        for photo in photos
    ]
    return {"data": [{"media_type": "album", "type": "album", "subattachments": {"data": parts}}]}


def _participants(ask: GraphRequest, talk: Conversation, field: Field) -> dict[str, Any]:
    return {
        "data": [{**_person(ask, who), "email": f"{who}@facebook.com"} for who in (talk.person, talk.page)]
    }


def _edge(name: str) -> Value:
    def value(ask: GraphRequest, thing: Any, field: Field) -> Any:
        body = edges.list_edge(ask, thing, name, field.arguments, field.fields, render)
        return body if body["data"] or "summary" in body else ABSENT

    return value


_POST: dict[str, Value] = {
    "id": lambda ask, it, field: it.id,
    "message": lambda ask, it, field: it.text,
    "created_time": lambda ask, it, field: stamp(it.created_at),
    "from": _from,
    "permalink_url": lambda ask, it, field: permalink(ask, it),
    "is_hidden": lambda ask, it, field: it.hidden,
    "can_hide": lambda ask, it, field: not it.by_brand,
    "can_comment": lambda ask, it, field: True,
    "can_like": lambda ask, it, field: True,
    "can_remove": lambda ask, it, field: True,
    "can_reply_privately": lambda ask, it, field: not it.by_brand,
    "like_count": lambda ask, it, field: len(it.likes),
    "user_likes": lambda ask, it, field: ask.page in it.likes,
    "attachment": lambda ask, it, field: ABSENT,
    "attachments": _album,
    "message_tags": lambda ask, it, field: ABSENT,
    "likes": _likes,
    "reactions": _likes,
    "comments": _edge("comments"),
}
_FIELDS: dict[str, dict[str, Value]] = {
    "Post": {
        **_POST,
        "updated_time": _updated,
        "story": lambda ask, it, field: ABSENT,
        "status_type": lambda ask, it, field: "mobile_status_update" if it.by_brand else "wall_post",
        "is_published": lambda ask, it, field: True,
        "to": lambda ask, it, field: ABSENT if it.by_brand else {"data": [_person(ask, it.account)]},
    },
    "Photo": {**_POST, "name": lambda ask, it, field: it.text},
    "Comment": {
        **_POST,
        "parent": _parent,
        "object": _object,
        "is_private": lambda ask, it, field: False,
        "comment_count": lambda ask, it, field: len(ask.world.timeline("replies", it.id)),
    },
    "Message": {
        "id": lambda ask, it, field: it.id,
        "message": lambda ask, it, field: it.text,
        "created_time": lambda ask, it, field: stamp(it.created_at),
        "from": _from,
        "to": _to,
        "tags": lambda ask, it, field: {"data": [{"name": "inbox"}, {"name": "read"}]},
        "attachments": lambda ask, it, field: ABSENT,
        "sticker": lambda ask, it, field: ABSENT,
        "shares": lambda ask, it, field: ABSENT,
    },
    "Conversation": {
        "id": lambda ask, it, field: it.id,
        "link": lambda ask, it, field: f"/{it.page}/inbox/{it.id[2:]}/",
        "updated_time": lambda ask, it, field: stamp(it.newest.created_at),
        "message_count": lambda ask, it, field: len(ask.world.timeline("messages", it.id)),
        "unread_count": lambda ask, it, field: 0,
        "can_reply": lambda ask, it, field: True,
        "snippet": lambda ask, it, field: it.newest.text[:100],
        "participants": _participants,
        "senders": _participants,
        "messages": _edge("messages"),
    },
    "Page": {
        "id": lambda ask, it, field: it.remote_id,
        "name": lambda ask, it, field: it.name,
        "username": lambda ask, it, field: it.handle,
        "link": lambda ask, it, field: f"{SITE}/{it.handle}",
        "category": lambda ask, it, field: "Kitchen/Cooking",
        "fan_count": lambda ask, it, field: 41_870,
        "followers_count": lambda ask, it, field: 42_316,
        "access_token": lambda ask, it, field: it.secrets["page_token"] if ask.shows_tokens else ABSENT,
        "tasks": lambda ask, it, field: ["MODERATE", "MESSAGING", "CREATE_CONTENT", "ANALYZE"],
        **{name: _edge(name) for name in ("feed", "posts", "published_posts", "tagged", "visitor_posts", "conversations", "ads_posts")},
    },
    "User": {
        "id": lambda ask, it, field: it.id,
        "name": lambda ask, it, field: it.name,
        "first_name": lambda ask, it, field: it.name.partition(" ")[0],
        "last_name": lambda ask, it, field: it.name.rpartition(" ")[2],
        "profile_pic": lambda ask, it, field: f"https://platform-lookaside.fbsbx.com/platform/profilepic/?psid={it.id}",
        "accounts": _edge("accounts"),
    },
}  # fmt: skip
