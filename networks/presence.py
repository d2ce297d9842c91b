"""The part of known messages that a network still shows, and the part that cannot be read: frozen dataclasses of the contract in `base`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class KnownMessage:
    """A stored message, with what a network needs to find it. `person_id` is its author, "" when unknown."""

    remote_id: str
    parent_id: str
    person_id: str
    created_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Presence:
    """The result of a look at stored messages. An id that is in neither still stands on the network.

    `gone` are ids that the network says do not exist any more. `unreadable` are those about which it does not say
    whether they were deleted or we may not see them, with its reason.
    """

    gone: frozenset[str] = frozenset()
    unreadable: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class UnreadPart:
    """A part of a stream that the network does not let us read.

    `key` stays the same for the same part. `what` completes "Not read: …"; `why` is a sentence. `is_trouble`
    means that something is missing here until somebody acts; False for what was never promised.
    """

    key: str
    what: str
    why: str
    is_trouble: bool = True
