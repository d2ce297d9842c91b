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


def network_label(network: str) -> str:
    """Return a network's name for people; the key itself for one that has no connector any more."""
    return CONNECTORS[network].capabilities.label if network in CONNECTORS else network


def network_choices() -> list[tuple[str, str]]:
    """Return every network as (key, name), for the options of a form."""
    return [(network, network_label(network)) for network in CONNECTORS]
