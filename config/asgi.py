"""The ASGI application: pages in threads, the live stream and signs of life in the event loop."""

from __future__ import annotations

import os

from django.conf import settings
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

_in_the_loop = get_asgi_application()

from django.urls import get_resolver  # noqa: E402 (after the settings)

from config.garbage_collection import forget_garbage  # noqa: E402
from config.pages import PageHandler, Receive, Scope, Send  # noqa: E402

#: Addresses of asynchronous views, and those that must answer while every thread is busy.
IN_THE_LOOP = frozenset({"/live/", "/healthz", "/readyz"})
_pages = PageHandler(settings.PAGE_THREADS)
# The views are loaded with their addresses, at the first request otherwise.
list(get_resolver().url_patterns)
forget_garbage()


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """One of the two, by address."""
    is_page = scope["type"] == "http" and scope["path"] not in IN_THE_LOOP
    await (_pages if is_page else _in_the_loop)(scope, receive, send)
