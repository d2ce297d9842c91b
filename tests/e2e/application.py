"""The product's ASGI application with the static files straight from their folders."""

from __future__ import annotations

from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler

from config.asgi import application as product

_pages = ASGIStaticFilesHandler(product)
_at_work = _streams = 0


async def application(scope, receive, send):
    """The pages, and at /at-work/ and /streams/ how many requests and how many live streams are being answered."""
    global _at_work, _streams
    counts = {"/at-work/": _at_work, "/streams/": _streams}
    if scope.get("path") in counts:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": str(counts[scope["path"]]).encode()})
        return
    # A stream lasts as long as its page.
    is_stream = scope["type"] == "http" and scope["path"] == "/live/"
    is_page = scope["type"] == "http" and not is_stream
    _at_work, _streams = _at_work + is_page, _streams + is_stream
    try:
        await _pages(scope, receive, send)
    finally:
        _at_work, _streams = _at_work - is_page, _streams - is_stream
