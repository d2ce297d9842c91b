"""The content that a network keeps from Horseshoe, in words: each connector states it as data, the account's page shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class BlindSpot:
    """Something that customers write on a network and that is not read.

    `what` and `why` are for a page: a noun phrase without a full stop, and one or two sentences. `cause` is a
    missing permission, an end of the network's window, or a kind of message that is not read at all.
    """

    cause: Literal["permission", "window", "kind"]
    what: str
    why: str
    #: The scopes that are needed to read it; with all of them it is no blind spot. Empty: no scope helps.
    scopes: tuple[str, ...] = ()

    def applies(self, granted: frozenset[str] | None) -> bool:
        """Return whether it holds with these scopes; `granted` is None when they are not known."""
        return granted is None or not self.scopes or not granted.issuperset(self.scopes)
