"""The page that says why a request could not be answered, without anything of the product on it."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from django.template.loader import render_to_string

#: By status: the heading, and what happened, what was kept and what to do.
_WORDS = {
    408: (
        "That took too long",
        "Your request did not arrive completely, so nothing was changed. Check your connection, go back and try again.",
    ),
    409: (
        "This is being changed by somebody else",
        "Somebody else is changing the same thing right now, so nothing of yours was saved. Go back and try again in a moment.",
    ),
    503: (
        "That took too long",
        "The database did not answer in time, so nothing was changed. Go back and try again in a moment.",
    ),
    413: (
        "That is too large",
        "Your request is larger than we accept, so nothing was changed. Go back, shorten it and try again.",
    ),
}


@functools.cache
def refusal_page(status: int) -> bytes:
    """Return the page for a status of 408, 409, 413 or 503."""
    title, words = _WORDS[status]
    return render_to_string("refusal.html", {"title": title, "words": words}).encode()


def refusal_events(status: int) -> list[Mapping[str, Any]]:
    """Return the ASGI events of the page for `status`.

    Without "Connection: close": a connection that closes while the client still sends takes the answer with it.
    """
    body = refusal_page(status)
    headers = [
        (b"content-type", b"text/html; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
    ]
    return [
        {"type": "http.response.start", "status": status, "headers": headers},
        {"type": "http.response.body", "body": body},
    ]
