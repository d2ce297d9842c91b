"""The records of the simulated networks. All times are milliseconds since 1970, UTC; all ids are strings."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any, Literal

Network = Literal["x", "facebook"]
Kind = Literal["public", "direct", "visitor_post", "tagged", "comment", "brand_post", "photo", "ad"]

NETWORKS: tuple[Network, ...] = ("x", "facebook")
KINDS: dict[Network, tuple[Kind, ...]] = {
    "x": ("public", "direct", "brand_post"),
    "facebook": ("comment", "visitor_post", "tagged", "direct", "brand_post", "photo", "ad"),
}


@dataclass(slots=True)
class Person:
    """A customer, or the person behind a brand account (`is_brand`)."""

    network: Network
    id: str
    handle: str
    name: str
    followers: int = 0
    verified: bool = False
    joined_at: int = 1_400_000_000_000
    language: str = "en"
    is_brand: bool = False


@dataclass(slots=True)
class BrandAccount:
    """An account of a company, with what an application needs to speak for it."""

    network: Network
    remote_id: str
    handle: str
    name: str
    secrets: dict[str, str] = field(default_factory=dict)
    position: int = 0


@dataclass(slots=True)
class Version:
    """One wording of a message. On X every edit has an id of its own."""

    id: str
    text: str
    at: int


@dataclass(slots=True)
class Message:
    """A post, comment or direct message.

    `account` is the brand account it is addressed to or comes from, `addressed` all those whose mentions show it.
    `thread` is X's conversation, a Facebook post or a direct conversation. `id` is the newest version's id.
    """

    network: Network
    id: str
    account: str
    author: str
    text: str
    kind: Kind
    created_at: int
    thread: str
    in_reply_to: str = ""
    by_brand: bool = False
    origin: str = "control"
    topic: str = ""
    edited_at: int = 0
    deleted_at: int = 0
    hidden: bool = False
    addressed: list[str] = field(default_factory=list)
    likes: list[str] = field(default_factory=list)
    versions: list[Version] = field(default_factory=list)
    client: dict[str, str] = field(default_factory=dict)
    number: int = 0
    #: From when on lists show it; 0 for at once.
    shown_at: int = 0
    seq: int = 0
    rev: int = 0

    @property
    def first_id(self) -> str:
        """The id that stays the same across edits."""
        return self.versions[0].id if self.versions else self.id

    @property
    def is_direct(self) -> bool:
        return self.kind == "direct"

    @property
    def from_customer(self) -> bool:
        return not self.by_brand


@dataclass(slots=True)
class App:
    """An application registered with a network (X client, Facebook app)."""

    network: Network
    client_id: str
    client_secret: str
    consumer_key: str = ""
    consumer_secret: str = ""
    redirect_uris: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Grant:
    """A code or token given out by an OAuth flow. `key` is the secret itself."""

    key: str
    kind: Literal["x_code", "x_access", "x_refresh", "fb_code", "fb_user"]
    client_id: str
    subject: str
    scope: str = ""
    redirect_uri: str = ""
    challenge: str = ""
    expires_at: int = 0
    revoked: bool = False
    pages: list[str] = field(default_factory=list)
    family: str = ""


@dataclass(slots=True)
class Attempt:
    """One write that an application asked for, and what came of it: the only trace of refused double posts."""

    at: int
    network: Network
    account: str
    action: str
    target: str
    text: str
    outcome: str
    message_id: str = ""
    client: dict[str, str] = field(default_factory=dict)


def iso(ms: int) -> str:
    """`2026-11-23T20:19:57.123Z`, as X and the ledger write it."""
    moment = dt.datetime.fromtimestamp(ms / 1000, dt.UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{ms % 1000:03d}Z"


def parse_time(value: Any) -> int:
    """Parse a time as milliseconds. From ISO 8601 (UTC where no offset is given) or from seconds since 1970.
    Raises `ValueError`.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        return int(value * 1000)
    moment = dt.datetime.fromisoformat(str(value))
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    return int(moment.timestamp() * 1000)
