"""Which connector serves which network. A new network is one line here."""

from __future__ import annotations

from networks.base import Capabilities, Connector, Credentials
from networks.facebook.connector import FacebookConnector
from networks.x.connector import XConnector

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
    """Return what a network can do, without a credential. Raises `KeyError` for an unknown network."""
    return CONNECTORS[network].capabilities
