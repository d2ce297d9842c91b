"""The contract between Horseshoe and a social network.

A connector turns a network's wire format into frozen dataclasses and its failures into seven exceptions. All
times are aware datetimes in UTC. Ids are strings, because networks hand out integers beyond 2**53.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, Protocol

JSONObject = Mapping[str, Any]

StreamKind = Literal["mentions", "comments", "visitor_posts", "direct"]
Visibility = Literal["public", "direct"]
LengthUnit = Literal["x_weighted", "grapheme", "char"]


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a network's API can do; the pages ask this, never the network's name."""

    network: str
    label: str
    streams: tuple[StreamKind, ...]
    max_length: int
    max_dm_length: int
    length_unit: LengthUnit
    threading: Literal["tree", "flat", "dm"]
    dm: bool = False
    like: bool = False
    hide: bool = False
    delete_own: bool = False
    delete_other: bool = False
    edit: bool = False
    private_reply: bool = False
    max_attachments: int = 0
    mime_types: tuple[str, ...] = ()
    #: How long after the customer's last direct message an answer is still allowed.
    reply_window: dt.timedelta | None = None
    idempotent_send: bool = False
    webhooks: bool = False


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote a message, as the network tells it. `remote_id` is "" where the network withholds the author."""

    remote_id: str
    handle: str = ""
    name: str = ""
    avatar_url: str = ""
    is_self: bool = False
    followers: int | None = None
    verified: bool = False


@dataclass(frozen=True, slots=True)
class Attachment:
    kind: str
    url: str = ""
    mime_type: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class InboundMessage:
    """One message as it stands on the network, ours or a customer's.

    `canonical_id` is the same across edits and unique within one brand account over all its streams (a connector
    prefixes ids where two kinds of message could share one). `thread_id` groups a conversation. `reply_ref` is what
    an answer must quote: opaque to everyone but the connector, and JSON.
    """

    stream: StreamKind
    remote_id: str
    canonical_id: str
    thread_id: str
    parent_id: str
    author: Author
    text: str
    created_at: dt.datetime
    visibility: Visibility = "public"
    edited_at: dt.datetime | None = None
    deleted: bool = False
    hidden: bool = False
    permalink: str = ""
    attachments: tuple[Attachment, ...] = ()
    can_reply: bool = True
    reply_ref: JSONObject = field(default_factory=dict)
    #: It passes on somebody's post, with or without words of its own.
    is_repost: bool = False
    #: It stands directly under a post of our own, where the network lets us know.
    is_under_own_post: bool = False
    #: The ids that it went by before and after each edit, where the network tells; answers to it name any of them.
    versions: tuple[str, ...] = ()
    raw: JSONObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class UnreadableItem:
    """An item of a page that could not be understood. Kept with its raw form, so that nothing is lost."""

    raw: Any
    error: str
    remote_id: str = ""


@dataclass(frozen=True, slots=True)
class Budget:
    """What the rate-limit headers of the last response said. None where the network did not say."""

    limit: int | None = None
    remaining: int | None = None
    resets_at: dt.datetime | None = None
    #: Share of the allowance used, 0.0–1.0, for networks that report percentages.
    used: float | None = None


@dataclass(frozen=True, slots=True)
class PollResult:
    """One page of a stream.

    `next_cursor` is an opaque JSON object; hand it back to the next `poll`. Store it in the transaction that stores
    the messages. While `has_more` is true the cursor also holds the window being paged through, so that a kill
    between two pages leaves no gap.
    """

    messages: tuple[InboundMessage, ...]
    next_cursor: JSONObject
    has_more: bool = False
    unreadable: tuple[UnreadableItem, ...] = ()
    budget: Budget = field(default_factory=Budget)
    #: Requests this page cost.
    cost: int = 1
    #: True when the network's window was smaller than what has happened since the last poll: a gap is possible.
    overflowed: bool = False


@dataclass(frozen=True, slots=True)
class OwnAccount:
    """Who a credential speaks for."""

    remote_id: str
    handle: str
    name: str = ""
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """What to send. Attachments come later."""

    text: str


@dataclass(frozen=True, slots=True)
class SentMessage:
    """A send that the network confirmed with an id."""

    remote_id: str
    permalink: str = ""


@dataclass(frozen=True, slots=True)
class Credentials:
    """Secrets of one brand account, and the network's own id of the account they belong to."""

    network: str
    remote_id: str
    secrets: Mapping[str, str] = field(repr=False)


class NetworkError(Exception):
    """The base of the seven. `code` is the network's own code, the text is safe to show to a person."""

    def __init__(self, message: str = "", *, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class RetryLater(NetworkError):
    """The network is unwell or says "slow down". `at` is when to come back, None when it did not say."""

    def __init__(self, message: str = "", *, code: str = "", at: dt.datetime | None = None) -> None:
        super().__init__(message, code=code)
        self.at = at


class BudgetExhausted(NetworkError):
    """A monthly or daily allowance is spent. `until` is when it returns, None when unknown."""

    def __init__(self, message: str = "", *, code: str = "", until: dt.datetime | None = None) -> None:
        super().__init__(message, code=code)
        self.until = until


class Reauthorise(NetworkError):
    """The token is revoked or expired: a person has to connect the account again."""


class MissingPermission(NetworkError):
    """The token lacks a scope."""

    def __init__(self, message: str = "", *, code: str = "", scope: str = "") -> None:
        super().__init__(message, code=code)
        self.scope = scope


class Rejected(NetworkError):
    """The network understood and refused. Trying the same again is pointless."""


class Gone(NetworkError):
    """The message or conversation no longer exists."""


class AmbiguousSend(NetworkError):
    """A write went out and its outcome is unknown: it may or may not stand on the network."""


class Connector(Protocol):
    """One brand account on one network. Every method may raise any `NetworkError`; writes may raise `AmbiguousSend`.

    Writes raise `RetryLater` only when the request certainly was not carried out (connection refused, 429).
    """

    capabilities: ClassVar[Capabilities]

    def __init__(self, credentials: Credentials, *, api_url: str = "") -> None:
        """`api_url` replaces the network's scheme and host, as for a simulator; "" means the network itself."""

    def verify(self) -> OwnAccount:
        """Ask the network whom the credential speaks for."""

    def refresh_credentials(self) -> Credentials | None:
        """Return new credentials when they had to be rotated. None when the old ones stay good."""

    def poll(self, stream: StreamKind, cursor: JSONObject, limit: int = 100) -> PollResult:
        """One page of a stream. An empty cursor starts at the newest window the network offers."""

    def fetch(self, ids: Sequence[str]) -> dict[str, InboundMessage]:
        """Return messages by remote id. An id that is absent from the answer has been deleted."""

    def reply(self, ref: JSONObject, draft: OutgoingMessage, client_key: str) -> SentMessage:
        """Answer publicly under the message whose `reply_ref` is `ref`."""

    def send_dm(self, ref: JSONObject, draft: OutgoingMessage, client_key: str) -> SentMessage:
        """Answer in the direct conversation of the message whose `reply_ref` is `ref`."""

    def private_reply(self, ref: JSONObject, draft: OutgoingMessage, client_key: str) -> SentMessage:
        """Open a direct conversation from a public message. Only where the network allows it."""

    def like(self, ref: JSONObject) -> None: ...

    def hide(self, ref: JSONObject, hidden: bool = True) -> None: ...

    def delete(self, remote_id: str) -> None:
        """Delete a message of our own."""

    def find_own_message(
        self, ref: JSONObject, text: str, since: dt.datetime, visibility: Visibility
    ) -> SentMessage | None:
        """Find our own message under `ref` with this text. It was sent at or after `since`; None when there
        is none.
        """

    @staticmethod
    def measure_length(text: str) -> int:
        """Length of a text in the network's own unit. Needs no credential."""

    def verify_webhook(self, headers: Mapping[str, str], raw_body: bytes) -> bool: ...

    def webhook_challenge(self, query: Mapping[str, str]) -> str | None: ...

    def parse_webhook(self, payload: JSONObject) -> tuple[InboundMessage, ...]: ...
