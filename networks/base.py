"""The contract between Horseshoe and a social network.

A connector turns a network's wire format into frozen dataclasses and its failures into eight exceptions. All
times are aware datetimes in UTC. Ids are strings, because networks issue integers beyond 2**53.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, Protocol

from networks.capabilities import Capabilities as Capabilities
from networks.capabilities import LengthUnit as LengthUnit
from networks.capabilities import StreamKind as StreamKind
from networks.presence import KnownMessage, Presence, UnreadPart
from networks.refusals import Refusal as Refusal

JSONObject = Mapping[str, Any]

Visibility = Literal["public", "direct"]


@dataclass(frozen=True, slots=True)
class Author:
    """The author of a message, as the network reports it. `remote_id` is "" where it withholds the author."""

    remote_id: str
    handle: str = ""
    name: str = ""
    avatar_url: str = ""
    is_self: bool = False
    followers: int | None = None
    verified: bool = False


@dataclass(frozen=True, slots=True)
class Attachment:
    """Something that hangs on a message. `text` is what it says: the quoted post, the options of a poll."""

    kind: str
    url: str = ""
    mime_type: str = ""
    name: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class InboundMessage:
    """One message on the network, ours or a customer's.

    `canonical_id` stays the same across edits and is unique within one brand account over all its streams (a
    connector adds a prefix where two kinds of message could share an id). `thread_id` identifies a
    conversation. `reply_ref` is JSON that is needed to answer the message; only the connector understands it.
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
    #: True when the message only passes on somebody's post. A quote has words of its own and is none.
    is_repost: bool = False
    #: True where each edit gives a message a new `remote_id`: two texts under one id are then no edit.
    has_id_per_edit: bool = False
    #: True when the message is directly under a post of our own, where the network reports that.
    is_under_own_post: bool = False
    #: The ids that the message had before and after each edit, where the network reports them. Answers to the
    #: message may refer to any of them.
    versions: tuple[str, ...] = ()
    raw: JSONObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class UnreadableItem:
    """An item of a page that could not be parsed. It is kept in its raw form, so that nothing is lost."""

    raw: Any
    error: str
    remote_id: str = ""


@dataclass(frozen=True, slots=True)
class Budget:
    """The rate limits in the headers of the last response. None where the network did not report a value."""

    limit: int | None = None
    remaining: int | None = None
    resets_at: dt.datetime | None = None
    #: Share of the allowance used, 0.0–1.0, for networks that report percentages.
    used: float | None = None


@dataclass(frozen=True, slots=True)
class PollResult:
    """One page of a stream.

    `next_cursor` is an opaque JSON object; pass it to the next `poll`. Store it in the transaction that
    stores the messages. While `has_more` is true the cursor also holds the window being paged through, so a
    process that is killed between two pages leaves no gap.
    """

    messages: tuple[InboundMessage, ...]
    next_cursor: JSONObject
    has_more: bool = False
    unreadable: tuple[UnreadableItem, ...] = ()
    budget: Budget = field(default_factory=Budget)
    #: Number of requests that this page needed.
    cost: int = 1
    #: True when more has happened since the last poll than the network's window holds: a gap is possible.
    overflowed: bool = False
    #: What the network did not let us read; None while a round of several pages has not found out yet.
    unread: tuple[UnreadPart, ...] | None = None


@dataclass(frozen=True, slots=True)
class OwnAccount:
    """The account that a credential belongs to."""

    remote_id: str
    handle: str
    name: str = ""
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """A message to send. Attachments are not supported yet.

    `is_late`: the usual reply window is over, and the network lets us answer all the same.
    """

    text: str
    is_late: bool = False


@dataclass(frozen=True, slots=True)
class SentMessage:
    """A sent message that the network confirmed with an id."""

    remote_id: str
    permalink: str = ""


@dataclass(frozen=True, slots=True)
class Credentials:
    """The secrets of one brand account, and the network's id of the account they belong to."""

    network: str
    remote_id: str
    secrets: Mapping[str, str] = field(repr=False)


class NetworkError(Exception):
    """A failure. `code` is the network's own, `said` its words without ours; the text is safe to show."""

    said: str = ""
    refusal: Refusal = Refusal.UNKNOWN

    def __init__(self, message: str = "", *, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class RetryLater(NetworkError):
    """The network has a problem or asks to slow down. `at` is when to retry, None when it did not say."""

    def __init__(self, message: str = "", *, code: str = "", at: dt.datetime | None = None) -> None:
        super().__init__(message, code=code)
        self.at = at


class BudgetExhausted(NetworkError):
    """A monthly or daily allowance is used up. `until` is when it is renewed, None when unknown."""

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
    """The network understood the request and refused it. Repeating the same request is pointless."""


class CannotRead(Rejected):
    """The network does not say whether something was deleted or we are not allowed to see it."""


class Gone(NetworkError):
    """The message or conversation certainly no longer exists, or nobody lets us see it any more."""


class AmbiguousSend(NetworkError):
    """A write was sent and its outcome is unknown: the network may or may not have carried it out."""


class Connector(Protocol):
    """One brand account on one network. Any method may raise any `NetworkError`, writes `AmbiguousSend`.

    Writes raise `RetryLater` only when the request was certainly not carried out (connection refused, 429).
    """

    capabilities: ClassVar[Capabilities]

    def __init__(self, credentials: Credentials, *, api_url: str = "") -> None:
        """Create a connector. `api_url` replaces the network's scheme and host, unless it is ""."""

    def verify(self) -> OwnAccount:
        """Ask the network which account the credential belongs to."""

    def refresh_credentials(self) -> Credentials | None:
        """Return new credentials when they had to be rotated, otherwise None."""

    def poll(self, stream: StreamKind, cursor: JSONObject, limit: int = 100) -> PollResult:
        """Return one page of a stream. An empty cursor starts at the newest window."""

    def fetch(self, ids: Sequence[str]) -> dict[str, InboundMessage]:
        """Return messages by remote id. An id that is missing from the result has been deleted.

        Raises `CannotRead` when the network does not say which.
        """

    def find_gone(self, messages: Sequence[KnownMessage]) -> Presence:
        """Return which messages no longer stand on the network."""

    def reply(self, ref: JSONObject, draft: OutgoingMessage, client_key: str) -> SentMessage:
        """Answer publicly under the message whose `reply_ref` is `ref`."""

    def send_dm(self, ref: JSONObject, draft: OutgoingMessage, client_key: str) -> SentMessage:
        """Answer in the direct conversation of the message whose `reply_ref` is `ref`."""

    def private_reply(self, ref: JSONObject, draft: OutgoingMessage, client_key: str) -> SentMessage:
        """Open a direct conversation from a public message, where allowed."""

    def like(self, ref: JSONObject) -> None: ...

    def hide(self, ref: JSONObject, hidden: bool = True) -> None: ...

    def delete(self, remote_id: str) -> None:
        """Delete a message of our own."""

    def find_own_message(
        self, ref: JSONObject, text: str, since: dt.datetime, visibility: Visibility
    ) -> SentMessage | None:
        """Find our own message with this text under `ref`, sent since; else None."""

    @staticmethod
    def measure_length(text: str) -> int:
        """Return the length of a text in the network's own unit. Needs no credential."""

    def verify_webhook(self, headers: Mapping[str, str], raw_body: bytes) -> bool: ...

    def webhook_challenge(self, query: Mapping[str, str]) -> str | None: ...

    def parse_webhook(self, payload: JSONObject) -> tuple[InboundMessage, ...]: ...
