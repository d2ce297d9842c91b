"""The product's ASGI application with the static files straight from their folders."""

from __future__ import annotations

from django.conf import settings
from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler

from config.asgi import application as product

_pages = ASGIStaticFilesHandler(product)
_at_work = _streams = 0
#: Static files as they were answered, by path: each new browser context asks for all of them again.
_static: dict[str, list[dict]] = {}


async def _send_static(scope, receive, send):
    """Answer a static file, from the second time on with what was answered before."""
    path = scope["path"]
    if path not in _static:
        answered: list[dict] = []

        async def keep(message):
            answered.append(message)
            await send(message)

        await _pages(scope, receive, keep)
        if answered[0]["status"] == 200:
            _static[path] = answered
        return
    for message in _static[path]:
        await send(message)


async def application(scope, receive, send):
    """The pages, and at /at-work/ and /streams/ how many requests and how many live streams are being answered."""
    global _at_work, _streams
    counts = {"/at-work/": _at_work, "/streams/": _streams}
    if scope.get("path") in counts:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": str(counts[scope["path"]]).encode()})
        return
    if scope["type"] == "http" and scope["path"].startswith(settings.STATIC_URL):
        await _send_static(scope, receive, send)
        return
    # A stream lasts as long as its page. Until it begins it reads the database, as a page does.
    is_stream = scope["type"] == "http" and scope["path"] == "/live/"
    is_at_work = scope["type"] == "http"
    _at_work, _streams = _at_work + is_at_work, _streams + is_stream

    async def send_on(message):
        global _at_work
        nonlocal is_at_work
        if is_stream and message["type"] == "http.response.start":
            _at_work, is_at_work = _at_work - is_at_work, False
        await send(message)

    try:
        await _pages(scope, receive, send_on)
    finally:
        _at_work, _streams = _at_work - is_at_work, _streams - is_stream
