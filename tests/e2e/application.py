"""The product's ASGI application with the static files straight from their folders."""

from __future__ import annotations

from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler

from config.asgi import application as product

_pages = ASGIStaticFilesHandler(product)
_at_work = 0


async def application(scope, receive, send):
    """The pages, and at /at-work/ how many requests are being answered (streams, which only wait, aside)."""
    global _at_work
    if scope.get("path") == "/at-work/":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": str(_at_work).encode()})
        return
    counted = scope["type"] == "http" and scope["path"] != "/live/"
    _at_work += counted
    try:
        await _pages(scope, receive, send)
    finally:
        _at_work -= counted
