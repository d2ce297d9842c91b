"""The parts of a brand account that Horseshoe cannot read, and the permissions that it was granted, for its page."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.brand_accounts.stream_state import unread_parts
from accounts.models import BrandAccount
from networks.blind_spots import BlindSpot
from networks.oauth import OAUTH_SCOPES
from networks.registry import network_blind_spots

_CAUSES = {"permission": "Missing permission", "window": "Only for a limited time", "kind": "Not available"}


@dataclass(frozen=True, slots=True)
class BlindSpotRow:
    """Something that is not read, why, and the cause in a word or two."""

    what: str
    why: str
    cause: str


@dataclass(frozen=True, slots=True)
class BlindSpots:
    """The parts of a brand account that are not read.

    `granted` are the permissions of its credential, None when the network did not say; `missing` are those that
    Horseshoe asks for and did not get.
    """

    rows: tuple[BlindSpotRow, ...]
    granted: tuple[str, ...] | None
    missing: tuple[str, ...]


def blind_spots_of(brand_account: BrandAccount) -> BlindSpots:
    """Return what is not read of a brand account.

    First what its last fetches met, then what its network never hands out. Its `streams` must be prefetched.
    """
    scopes = brand_account.granted_scopes
    granted = None if scopes is None else frozenset(map(str, scopes))
    spots = [spot for spot in network_blind_spots(brand_account.network) if spot.applies(granted)]
    now = [part for part in unread_parts(list(brand_account.streams.all())) if part.what]
    named = {part.what for part in now}
    asked = OAUTH_SCOPES.get(brand_account.network, ())
    return BlindSpots(
        rows=(
            *(
                BlindSpotRow(part.what, part.why, "Hidden now" if part.is_trouble else "Refused")
                for part in now
            ),
            *(
                BlindSpotRow(spot.what, _why(spot, granted), _CAUSES[spot.cause])
                for spot in spots
                if spot.what not in named
            ),
        ),
        granted=None if granted is None else tuple(sorted(granted)),
        missing=() if granted is None else tuple(scope for scope in asked if scope not in granted),
    )


def _why(spot: BlindSpot, granted: frozenset[str] | None) -> str:
    if spot.scopes and granted is None:
        return f"{spot.why} The network has not said whether it was granted."
    return spot.why
