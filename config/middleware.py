"""Middleware of our own: readable text only, static files, security headers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from asgiref.sync import async_to_sync, iscoroutinefunction, sync_to_async
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseNotFound
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
def readable_text_only(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Refuse text that Postgres could not store or compare.

    400 for another charset than UTF-8: Django would decode it with any of Python's codecs; some leave lone surrogates in
    the text, and some raise. 404 for an address with NUL: no page has such an address. Forms refuse NUL themselves.
    """
    if iscoroutinefunction(get_response):

        async def middleware(request: HttpRequest) -> HttpResponseBase:
            answer: HttpResponseBase = _refuse_unreadable(request) or await get_response(request)
            return answer

        return middleware
    return lambda request: _refuse_unreadable(request) or get_response(request)


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


def _refuse_unreadable(request: HttpRequest) -> HttpResponse | None:
    if "\0" in request.path_info or "%00" in request.META.get("QUERY_STRING", ""):
        return HttpResponseNotFound("Not found.\n", content_type="text/plain")
    charset = (request.content_params or {}).get("charset", "utf-8")
    if charset.lower() in ("utf-8", "utf8"):
        return None
    return HttpResponseBadRequest("Requests must be in UTF-8.", content_type="text/plain")


def _add_security_headers(response: HttpResponseBase) -> HttpResponseBase:
    response.headers.setdefault("Permissions-Policy", _PERMISSIONS)
    if isinstance(response, HttpResponse):
        response.headers.setdefault("Cache-Control", "no-store, private")
    return response
