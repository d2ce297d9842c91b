"""Posts, direct message events and users as API v2 writes them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from simulator.identifiers import secret
from simulator.placing import HANDLE
from simulator.records import Message, Person, Version, iso
from simulator.world import World

LINK = re.compile(r"https?://[^\s<>\"]+")
_LANGUAGES = ("en", "de", "fr", "es", "pt", "nl", "it", "pl")


@dataclass(slots=True)
class Wanted:
    """The fields and expansions that a request asked for."""

    tweet: frozenset[str] = frozenset()
    user: frozenset[str] = frozenset()
    event: frozenset[str] = frozenset()
    expansions: frozenset[str] = frozenset()


@dataclass(slots=True)
class Includes:
    """The objects that the expansions of one page add, each once."""

    users: dict[str, Person] = field(default_factory=dict)
    tweets: dict[str, Message] = field(default_factory=dict)

    def user(self, person: Person | None) -> None:
        if person is not None:
            self.users[person.id] = person


def escaped(text: str) -> str:
    """X escapes the three characters of HTML in every text."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def shown_text(world: World, message: Message, text: str) -> str:
    """Return the text X stores. An API answer starts with the handle of whom it answers; links are wrapped by
    t.co.
    """
    if message.by_brand and message.origin == "api" and not message.is_direct:
        text = LINK.sub(lambda match: "https://t.co/" + secret(0, "t.co", match.group(), length=10), text)
        parent = world.messages.get(message.in_reply_to)
        author = world.person("x", parent.author) if parent is not None else None
        if author and author.id != message.author and f"@{author.handle}".lower() not in text.lower():
            text = f"@{author.handle} {text}"
    return text


def tweet(
    world: World, message: Message, fields: Wanted, includes: Includes, version: Version | None = None
) -> dict[str, Any]:
    """One post, in the wording of `version` or the newest."""
    text = version.text if version else message.text
    remote_id = version.id if version else message.id
    shown = shown_text(world, message, text)
    data: dict[str, Any] = {
        "edit_history_tweet_ids": [version.id for version in message.versions] or [message.id],
        "id": remote_id,
        "text": escaped(shown),
    }
    post_fields = fields.tweet
    if "author_id" in post_fields or "author_id" in fields.expansions:
        data["author_id"] = message.author
    if "created_at" in post_fields:
        data["created_at"] = iso(version.at if version else message.edited_at or message.created_at)
    if "conversation_id" in post_fields:
        data["conversation_id"] = message.thread
    if "lang" in post_fields:
        data["lang"] = _language(world, message)
    if "possibly_sensitive" in post_fields:
        data["possibly_sensitive"] = False
    if "reply_settings" in post_fields:
        data["reply_settings"] = "everyone"
    if "source" in post_fields:
        data["source"] = "X API" if message.origin == "api" else "X Web App"
    if "public_metrics" in post_fields:
        data["public_metrics"] = _metrics(world, message)
    if "entities" in post_fields and (entities := _entities(world, message, shown, text)):
        data["entities"] = entities
    _add_parent(world, message, fields, includes, data)
    if "author_id" in fields.expansions:
        includes.user(world.person("x", message.author))
    if "entities.mentions.username" in fields.expansions:
        for person_id in message.addressed:
            includes.user(world.person("x", person_id))
    return data


def _add_parent(
    world: World, message: Message, fields: Wanted, includes: Includes, data: dict[str, Any]
) -> None:
    if not message.in_reply_to:
        return
    parent = world.messages.get(message.in_reply_to)
    if parent is not None and (
        "in_reply_to_user_id" in fields.tweet or "in_reply_to_user_id" in fields.expansions
    ):
        data["in_reply_to_user_id"] = parent.author
    if "in_reply_to_user_id" in fields.expansions and parent is not None:
        includes.user(world.person("x", parent.author))
    if "referenced_tweets" in fields.tweet or "referenced_tweets.id" in fields.expansions:
        data["referenced_tweets"] = [{"type": "replied_to", "id": message.in_reply_to}]
    if "referenced_tweets.id" in fields.expansions and parent is not None and not parent.deleted_at:
        includes.tweets[parent.id] = parent
    if "referenced_tweets.id.author_id" in fields.expansions and parent is not None:
        includes.user(world.person("x", parent.author))


def _language(world: World, message: Message) -> str:
    author = world.person("x", message.author)
    return author.language if author is not None and author.language in _LANGUAGES else "und"


def _metrics(world: World, message: Message) -> dict[str, int]:
    conversation = world.timeline("x-conversation", message.thread)
    replies = sum(reply.in_reply_to in (message.id, message.first_id) for reply in conversation.messages) if len(conversation) < 200 else 0  # fmt: skip
    return {
        "retweet_count": 0, "reply_count": replies, "like_count": len(message.likes), "quote_count": 0,
        "bookmark_count": 0, "impression_count": 0,
    }  # fmt: skip


def _entities(world: World, message: Message, shown: str, text: str) -> dict[str, Any]:
    """Return mentions and links of a post. Also mentions that X derives from answering someone."""
    entities: dict[str, Any] = {}
    mentions, named = [], set()
    for hit in HANDLE.finditer(shown):
        person = world.find_person_by_handle("x", hit.group(1))
        if person is not None:
            named.add(person.id)
            mentions.append(
                {"start": hit.start(), "end": hit.end(), "username": person.handle, "id": person.id}
            )
    for account in message.addressed:
        person = world.person("x", account)
        if person is not None and account not in named:
            mentions.append({"start": 0, "end": 0, "username": person.handle, "id": account})
    if mentions:
        entities["mentions"] = mentions
    links = [
        {
            "start": link.start(),
            "end": link.end(),
            "url": link.group(),
            "expanded_url": plain,
            "display_url": plain[8:40],
        }
        for link, plain in zip(LINK.finditer(shown), LINK.findall(text), strict=False)
    ]
    if links:
        entities["urls"] = links
    return entities


def user(person: Person, fields: Iterable[str]) -> dict[str, Any]:
    data: dict[str, Any] = {"id": person.id, "name": person.name, "username": person.handle}
    more: dict[str, Any] = {
        "created_at": iso(person.joined_at),
        "description": "",
        "protected": False,
        "verified": person.verified,
        "profile_image_url": f"https://pbs.twimg.com/profile_images/{person.id}/face_normal.png",
        "public_metrics": {
            "followers_count": person.followers, "following_count": person.followers // 3 + 12,
            "tweet_count": person.followers * 2 + 40, "listed_count": person.followers // 90,
        },
    }  # fmt: skip
    data.update((name, value) for name, value in more.items() if name in fields)
    return data


def event(world: World, message: Message, fields: Wanted, includes: Includes) -> dict[str, Any]:
    """One direct message event."""
    everything: dict[str, Any] = {
        "id": message.id,
        "event_type": "MessageCreate",
        "text": escaped(message.text),
        "dm_conversation_id": message.thread,
        "created_at": iso(message.created_at),
        "sender_id": message.author,
        "participant_ids": message.thread.split("-"),
    }
    event_fields = fields.event | {"id", "event_type", "text"}
    if "sender_id" in fields.expansions:
        event_fields |= {"sender_id"}
        includes.user(world.person("x", message.author))
    if "participant_ids" in fields.expansions:
        event_fields |= {"participant_ids"}
        for person_id in everything["participant_ids"]:
            includes.user(world.person("x", person_id))
    return {name: value for name, value in everything.items() if name in event_fields}


def included(world: World, includes: Includes, fields: Wanted) -> dict[str, Any]:
    """Build the `includes` object of an answer. Empty when nothing came along."""
    objects: dict[str, Any] = {}
    if includes.tweets:
        spare = Includes()
        objects["tweets"] = [tweet(world, post, fields, spare) for post in includes.tweets.values()]
        includes.users.update(spare.users)
    if includes.users:
        objects["users"] = [user(person, fields.user) for person in includes.users.values()]
    return objects
