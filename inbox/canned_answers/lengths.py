"""Measure a canned answer on each network, counted as the composer counts: with the signature."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.models import User
from inbox.models import Visibility
from inbox.replies.answer_checks import measure_within_reason
from inbox.replies.composer import add_signature, max_reply_length, reply_length_unit
from networks import registry


@dataclass(frozen=True, slots=True)
class Limit:
    """Describe a network's limit; `max_direct` is for direct messages, in `unit_direct`."""

    network: str
    label: str
    unit: str
    max_length: int
    unit_direct: str
    max_direct: int


@dataclass(frozen=True, slots=True)
class NetworkLength:
    """The length of a text on one network, as an answer in public."""

    limit: Limit
    length: int
    fits_direct: bool

    @property
    def is_over(self) -> bool:
        return self.length > self.limit.max_length

    @property
    def words(self) -> str:
        """The length beside the limit, as static/js/canned_lengths.js writes it."""
        words = f"{self.limit.label} {self.length:,} / {self.limit.max_length:,}"
        if not self.is_over:
            return words
        too_long = f"{words} · {self.length - self.limit.max_length:,} too long"
        return f"{too_long}, fits a direct message" if self.fits_direct else too_long


def network_limits() -> list[Limit]:
    """List what each network takes."""
    return [
        Limit(
            network,
            registry.network_label(network),
            reply_length_unit(network, Visibility.PUBLIC),
            max_reply_length(network, Visibility.PUBLIC),
            reply_length_unit(network, Visibility.DIRECT),
            max_reply_length(network, Visibility.DIRECT),
        )
        for network in registry.CONNECTORS
    ]


def measure_on_networks(text: str, network: str, user: User) -> list[NetworkLength]:
    """Measure a text on its network.

    On all of them if `network` is "".
    """
    whole = add_signature(text, user) if text.strip() else ""
    limits = [limit for limit in network_limits() if network in ("", limit.network)]
    return [
        NetworkLength(
            limit,
            measure_within_reason(limit.network, whole, Visibility.PUBLIC),
            measure_within_reason(limit.network, whole, Visibility.DIRECT) <= limit.max_direct,
        )
        for limit in limits
    ]
