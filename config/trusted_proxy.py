"""The client's address and scheme, taken from the headers of one trusted proxy and of nobody else."""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from django.core.exceptions import ImproperlyConfigured

Scope = dict[str, Any]
Application = Callable[
    [Scope, Callable[[], Awaitable[Mapping[str, Any]]], Callable[[Mapping[str, Any]], Awaitable[None]]],
    Awaitable[None],
]
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

logger = logging.getLogger(__name__)


def read_trusted_proxy(text: str, behind_proxy: bool = False) -> Network | None:
    """Return the addresses of the trusted proxy.

    `text` is one address, a network such as 10.1.0.0/24, or "": then nobody's headers are believed. Raises
    `ImproperlyConfigured` for anything else, and for `behind_proxy` (the setting that this one replaced) without it.
    """
    if behind_proxy and not text:
        raise ImproperlyConfigured(
            "BEHIND_PROXY has become TRUSTED_PROXY: set it to the address of your reverse proxy."
        )
    try:
        return ipaddress.ip_network(text) if text else None
    except ValueError as error:
        raise ImproperlyConfigured(
            f"TRUSTED_PROXY is the address of your reverse proxy, or its network as in 10.1.0.0/24: {error}"
        ) from error


class TrustedProxyMiddleware:
    """Tells the application who the client is.

    A proxy adds the address from which it was asked at the end of X-Forwarded-For. Only this last entry is used, and
    only from the trusted proxy: everything before it, and the header of anybody else, was written by the client.
    """

    def __init__(self, application: Application, network: Network | None) -> None:
        self._application = application
        self._network = network
        self._has_warned = False

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            scope = self._scope_of_client(scope)
        await self._application(scope, receive, send)

    def _scope_of_client(self, scope: Scope) -> Scope:
        forwarded, scheme = _last_value(scope, b"x-forwarded-for"), _last_value(scope, b"x-forwarded-proto")
        if not forwarded and not scheme:
            return scope
        if not self._is_trusted(scope):
            self._warn_once(scope)
            return scope
        address, known_scheme = _parse_address(forwarded), scheme.lower() in ("http", "https")
        return {
            **scope,
            "client": (str(address), 0) if address else scope.get("client"),
            "scheme": scheme.lower() if known_scheme else scope["scheme"],
        }

    def _is_trusted(self, scope: Scope) -> bool:
        peer = _parse_address((scope.get("client") or ("",))[0])
        return self._network is not None and peer is not None and peer in self._network

    def _warn_once(self, scope: Scope) -> None:
        if not self._has_warned:
            self._has_warned = True
            peer = (scope.get("client") or ("?",))[0]
            logger.warning("Ignored X-Forwarded-For from %s. If this is your proxy, set TRUSTED_PROXY.", peer)


def _last_value(scope: Scope, name: bytes) -> str:
    """Return the last item of a header.

    The header may be repeated or hold a list. "" without it.
    """
    values = [value for header, value in scope["headers"] if header == name]
    return str(values[-1].decode("latin-1")).rpartition(",")[2].strip() if values else ""


def _parse_address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Parse an IP address with or without a port.

    Such as `192.0.2.1:443`, `2001:db8::1` or `[2001:db8::1]:443`. None for other text.
    """
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
