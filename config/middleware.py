"""Headers that every answer carries."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

_PERMISSIONS = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"


@sync_and_async_middleware
def security_headers(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Adds what Django leaves out: Permissions-Policy, and no caching of pages that hold customers' messages."""
    if iscoroutinefunction(get_response):

        async def middleware(request: HttpRequest) -> HttpResponseBase:
            return _add(await get_response(request))

        return middleware
    return lambda request: _add(get_response(request))


def _add(response: HttpResponseBase) -> HttpResponseBase:
    response.headers.setdefault("Permissions-Policy", _PERMISSIONS)
    if isinstance(response, HttpResponse):
        response.headers.setdefault("Cache-Control", "no-store, private")
    return response
