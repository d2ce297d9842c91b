"""Security headers that every answer has: pages, static files, health checks, refusals and errors."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from csp.constants import NONCE

from config.serving.content_security import DIRECTIVES

_PERMISSIONS = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"


def _policy_without_nonces() -> str:
    """Return the policy of answers that are no pages.

    It allows connections to this server, because a worker script's own header decides what the worker may do.
    """
    return "; ".join(
        f"{name} {' '.join(str(source) for source in sources if source is not NONCE)}"
        for name, sources in DIRECTIVES.items()
    )


#: Headers by name. A page that sets one of them itself keeps its own value.
DEFAULT_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": _policy_without_nonces(),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": _PERMISSIONS,
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_ENCODED = [(name.lower().encode("ascii"), value.encode("ascii")) for name, value in DEFAULT_HEADERS.items()]


def add_missing_headers(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Return ASGI headers with those defaults that they lack."""
    present = list(headers)
    names = {name.lower() for name, _ in present}
    return present + [pair for pair in _ENCODED if pair[0] not in names]


class SecurityHeaders:
    """An ASGI application that completes the headers of another one's answers.

    Django's middleware does not see every answer: not the refusal of a body, nor of an address that is no UTF-8.
    """

    def __init__(self, application: Callable[..., Awaitable[None]]) -> None:
        self._application = application

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        async def send_complete(event: Mapping[str, Any]) -> None:
            if event["type"] == "http.response.start":
                event = {**event, "headers": add_missing_headers(event.get("headers", ()))}
            await send(event)

        await self._application(scope, receive, send_complete)
