"""The connector of each network. Add one line here for a new network."""

from __future__ import annotations

import re

from networks.base import Capabilities, Connector, Credentials
from networks.blind_spots import BlindSpot
from networks.facebook.connector import FacebookConnector
from networks.x.connector import XConnector

_PLAIN_ID = re.compile(r"[0-9A-Za-z_:.-]{1,100}")

CONNECTORS: dict[str, type[Connector]] = {
    "x": XConnector,
    "facebook": FacebookConnector,
}


def build_connector(credentials: Credentials, *, api_url: str = "") -> Connector:
    """Build the connector for a brand account's credentials.

    Raises `KeyError` for a network that is not in `CONNECTORS`.
    """
    return CONNECTORS[credentials.network](credentials, api_url=api_url)


def network_capabilities(network: str) -> Capabilities:
    """Return the features of a network; no credential is needed.

    Raises `KeyError` for an unknown network.
    """
    return CONNECTORS[network].capabilities


def network_blind_spots(network: str) -> tuple[BlindSpot, ...]:
    """Return what is not read from a network; nothing for one whose connector was removed."""
    return CONNECTORS[network].capabilities.blind_spots if network in CONNECTORS else ()


def network_label(network: str) -> str:
    """Return a network's display name.

    This is its key when its connector was removed.
    """
    return CONNECTORS[network].capabilities.label if network in CONNECTORS else network


def public_address(network: str, remote_id: str) -> str:
    """Return the address of a public message, "" where there is none."""
    if network not in CONNECTORS or not _PLAIN_ID.fullmatch(remote_id):
        return ""
    return CONNECTORS[network].capabilities.public_address.replace("{id}", remote_id)


def network_choices() -> list[tuple[str, str]]:
    """Return every network as (key, name) for the options of a form."""
    return [(network, network_label(network)) for network in CONNECTORS]
