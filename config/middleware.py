"""Middleware of our own: UTF-8 requests only, static files, security headers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from asgiref.sync import async_to_sync, iscoroutinefunction, sync_to_async
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_and_async_middleware
from servestatic.middleware import ServeStaticMiddleware

_PERMISSIONS = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"


def security_headers(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Add headers that Django does not set.

    These are Permissions-Policy, and Cache-Control against caching pages that hold customers' messages.
    """
    return lambda request: _add_security_headers(get_response(request))


@sync_and_async_middleware
def utf8_only(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Refuse requests in another charset than UTF-8 with a 400.

    Django would decode them with any of Python's codecs: some leave lone surrogates in the text, which
    Postgres refuses, and some raise.
    """
    if iscoroutinefunction(get_response):

        async def middleware(request: HttpRequest) -> HttpResponseBase:
            answer: HttpResponseBase = _refuse_other_charset(request) or await get_response(request)
            return answer

        return middleware
    return lambda request: _refuse_other_charset(request) or get_response(request)


@sync_and_async_middleware
def static_files(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Serve the collected static files without slowing down pages.

    ServeStatic is asynchronous only: among synchronous middleware every page would pay for an event loop and
    for switching to it and back three times.
    """
    if iscoroutinefunction(get_response):
        in_the_loop: Callable[[HttpRequest], Any] = ServeStaticMiddleware(get_response)
        return in_the_loop

    async def page(request: HttpRequest) -> HttpResponseBase:
        answer: HttpResponseBase = await sync_to_async(get_response)(request)
        return answer

    files = ServeStaticMiddleware(page)
    serve = async_to_sync(files)

    def middleware(request: HttpRequest) -> Any:
        is_static = request.path_info.startswith(files.static_prefix)
        return serve(request) if is_static else get_response(request)

    return middleware


def _refuse_other_charset(request: HttpRequest) -> HttpResponse | None:
    charset = (request.content_params or {}).get("charset", "utf-8")
    if charset.lower() in ("utf-8", "utf8"):
        return None
    return HttpResponseBadRequest("Requests must be in UTF-8.", content_type="text/plain")


def _add_security_headers(response: HttpResponseBase) -> HttpResponseBase:
    response.headers.setdefault("Permissions-Policy", _PERMISSIONS)
    if isinstance(response, HttpResponse):
        response.headers.setdefault("Cache-Control", "no-store, private")
    return response
