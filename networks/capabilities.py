"""Describe what a network's API can do; pages decide by it what they offer."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from networks.blind_spots import BlindSpot

StreamKind = Literal["mentions", "comments", "visitor_posts", "direct"]
LengthUnit = Literal["x_weighted", "grapheme", "char"]


@dataclass(frozen=True, slots=True)
class Capabilities:
    """Features of a network's API; pages check these, never the network's name."""

    network: str
    label: str
    streams: tuple[StreamKind, ...]
    max_length: int
    max_dm_length: int
    length_unit: LengthUnit
    threading: Literal["tree", "flat", "dm"]
    dm_length_unit: LengthUnit | None = None  #: where it differs from `length_unit`
    refused_characters: str = ""
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
    #: The same where the network has granted our application `late_reply_permission`.
    late_reply_window: dt.timedelta | None = None
    late_reply_permission: str = ""
    idempotent_send: bool = False
    webhooks: bool = False
    #: Whether access ends by itself after some time; Horseshoe then renews it before.
    access_ends: bool = True
    blind_spots: tuple[BlindSpot, ...] = ()
    #: The address of a public message by its id: {id} stands for it. "" where a network has none.
    public_address: str = ""
