"""The reasons for which a network refuses a write."""

from __future__ import annotations

import enum


class Refusal(enum.StrEnum):
    """A network's reason for refusing a write, where its answer gives one."""

    UNKNOWN = ""
    #: The same text was posted a short while ago.
    DUPLICATE = "duplicate"
    #: The author of the message decides who may answer.
    CLOSED = "closed"
    TOO_LONG = "too_long"
    #: It looks like an automatic message.
    AUTOMATED = "automated"
    #: The time in which a direct conversation may be answered is over.
    WINDOW = "window"
    #: The person cannot be reached by direct message.
    UNAVAILABLE = "unavailable"
