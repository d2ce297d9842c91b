"""Read what X includes beside the posts of an answer, as far as a reader has to see it.

A post's own text names links by t.co and cuts a repost at 140 characters; quoted posts and polls are only ids.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from networks import wire
from networks.base import Attachment

SITE = "https://x.com"
#: Asked for with posts and direct messages.
POST_EXPANSIONS = (
    "author_id", "attachments.media_keys", "attachments.poll_ids", "referenced_tweets.id",
    "referenced_tweets.id.author_id", "referenced_tweets.id.attachments.media_keys",
)  # fmt: skip
EVENT_EXPANSIONS = ("sender_id", "attachments.media_keys", "referenced_tweets.id")
_SHORTENED = re.compile(r"https?://t\.co/\w+")
_REPOST = re.compile(r"RT @\w{1,20}: ")
_WEB = re.compile(r"https?://\S+")
_LONGEST_LINK = 2000

Objects = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Included:
    """The objects of `includes`, by their ids or keys. Malformed ones are left out."""

    users: Objects = field(default_factory=dict)
    media: Objects = field(default_factory=dict)
    posts: Objects = field(default_factory=dict)
    polls: Objects = field(default_factory=dict)

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Included:
        """Read the objects that an answer includes."""
        included = wire.as_mapping(document.get("includes"))
        kinds = (("users", "id"), ("media", "media_key"), ("tweets", "id"), ("polls", "id"))
        return cls(*(_by_key(included.get(kind), key) for kind, key in kinds))


def _by_key(records: object, key: str) -> Objects:
    return {str(record.get(key)): record for record in wire.as_list(records) if isinstance(record, dict)}


def unescape_text(text: str) -> str:
    """Unescape &, < and >, which X escapes in posts."""
    if "&" not in text:
        return text
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def whole_text(item: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """Return a text as X writes it, and its entities.

    Those of a post's long form where it has one. Raises `ValueError` for a post without a text.
    """
    text = wire.require_text(item.get("text"))
    long = wire.as_mapping(item.get("note_tweet"))
    if long_text := wire.optional_text(long.get("text")):
        return long_text, wire.as_mapping(long.get("entities")) or wire.as_mapping(item.get("entities"))
    return text, wire.as_mapping(item.get("entities"))


def readable_text(text: str, entities: Mapping[str, Any]) -> str:
    """Return a text as people see it on X: links as they lead, without the links to its own pictures."""
    text = unescape_text(text)
    if "//t.co/" not in text:
        return text
    links: dict[str, str] = {}
    for link in map(wire.as_mapping, wire.as_list(entities.get("urls"))):
        links.setdefault(wire.optional_text(link.get("url")), _where_link_leads(link))
    # One pass: an address may itself hold names and t.co links.
    return _SHORTENED.sub(lambda match: links.get(match.group(), match.group()), text).rstrip()


def _where_link_leads(link: Mapping[str, Any]) -> str:
    """Return the address behind a shortened link.

    "" for one that X adds for a picture.
    """
    own = wire.optional_text(link.get("url"))
    shown = wire.optional_text(link.get("display_url"))
    if link.get("media_key") or shown.startswith(("pic.x.com/", "pic.twitter.com/")):
        return ""
    for name in ("unwound_url", "expanded_url"):
        address = wire.optional_text(link.get(name)) or wire.optional_text(
            wire.as_mapping(link.get("unwound")).get("url")
        )
        if len(address) <= _LONGEST_LINK and _WEB.fullmatch(address):
            return address
    return own


def references(item: Mapping[str, Any], kind: str) -> list[str]:
    """Return the ids of the posts that a post refers to.

    `kind` is the way: quoted, retweeted or replied_to.
    """
    listed = map(wire.as_mapping, wire.as_list(item.get("referenced_tweets")))
    return [str(reference.get("id")) for reference in listed if reference.get("type") == kind]


def post_text(item: Mapping[str, Any], included: Included) -> str:
    """Return the readable text of a post; of a repost that of the whole post, after "RT @name: ".

    Raises `ValueError` for a post without a text.
    """
    text, entities = whole_text(item)
    head = _REPOST.match(text)
    original = next(filter(None, map(included.posts.get, references(item, "retweeted"))), None)
    if head is None or original is None:
        return readable_text(text, entities)
    return head.group() + readable_text(*whole_text(original))


def parse_attachments(item: Mapping[str, Any], included: Included) -> tuple[Attachment, ...]:
    """Return pictures, polls and quoted posts.

    Also the post that a direct message shares. Those of the post that a repost passes on are the repost's.
    """
    quoted = references(item, "quoted")
    if "event_type" in item or "dm_conversation_id" in item:
        shared = wire.as_list(item.get("referenced_tweets"))
        quoted = [str(wire.as_mapping(reference).get("id")) for reference in shared]
    attachments = [*_media(item, included), *_polls(item, included)]
    attachments += [_quoted_post(post_id, included) for post_id in quoted]
    for original in filter(None, map(included.posts.get, references(item, "retweeted"))):
        attachments += [*_media(original, included), *_polls(original, included)]
    return tuple(attachments)


def _keys(item: Mapping[str, Any], name: str) -> list[str]:
    return [str(key) for key in wire.as_list(wire.as_mapping(item.get("attachments")).get(name))]


def _media(item: Mapping[str, Any], included: Included) -> list[Attachment]:
    attached = (included.media.get(key, {}) for key in dict.fromkeys(_keys(item, "media_keys")))
    return [
        Attachment(
            kind=wire.optional_text(media.get("type")) or "media",
            url=wire.optional_text(media.get("url") or media.get("preview_image_url")),
            text=wire.optional_text(media.get("alt_text")),
        )
        for media in attached
    ]


def _polls(item: Mapping[str, Any], included: Included) -> list[Attachment]:
    polls = (included.polls.get(key, {}) for key in _keys(item, "poll_ids"))
    options = (wire.as_list(poll.get("options")) for poll in polls)
    return [
        Attachment(
            "poll",
            text="\n".join(wire.optional_text(wire.as_mapping(option).get("label")) for option in listed),
        )
        for listed in options
    ]


def _quoted_post(post_id: str, included: Included) -> Attachment:
    """Return a quoted post; one that X withholds is only an address."""
    post = included.posts.get(post_id)
    address = f"{SITE}/i/web/status/{post_id}" if post_id.isascii() and post_id.isdigit() else ""
    if post is None:
        return Attachment("quoted_post", address)
    author = included.users.get(str(post.get("author_id")), {})
    handle = wire.optional_text(author.get("username"))
    try:
        text = readable_text(*whole_text(post))
    except ValueError:
        text = ""
    return Attachment("quoted_post", address, name=f"@{handle}" if handle else "", text=text)
