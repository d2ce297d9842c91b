"""Middleware of our own: readable text and ordinary methods only, static files, security headers, a busy database."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBadRequest,
    HttpResponseNotAllowed,
    HttpResponseNotFound,
)
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_and_async_middleware
from django.utils.deprecation import MiddlewareMixin
from servestatic.middleware import ServeStaticMiddleware

from config.serving.headers import DEFAULT_HEADERS
from config.serving.refusal_page import refusal_page
from postgres.time_limits import is_lock_timeout, is_statement_timeout

logger = logging.getLogger(__name__)
_METHODS = ("GET", "HEAD", "OPTIONS", "POST")


@sync_and_async_middleware
def security_headers(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Add the security headers that an answer lacks.

    Pages with customers' messages get Cache-Control, too. It stands before all other middleware, so that answers of other middleware have them, too.
    """
    if iscoroutinefunction(get_response):

        async def middleware(request: HttpRequest) -> HttpResponseBase:
            return _add_security_headers(await get_response(request))

        return middleware
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
def ordinary_methods_only(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Refuse the methods that no page has.

    A view that only tells POST from the rest would answer PUT and DELETE like GET.
    """
    if iscoroutinefunction(get_response):

        async def middleware(request: HttpRequest) -> HttpResponseBase:
            answer: HttpResponseBase = _refuse_method(request) or await get_response(request)
            return answer

        return middleware
    return lambda request: _refuse_method(request) or get_response(request)


def _refuse_method(request: HttpRequest) -> HttpResponse | None:
    return None if request.method in _METHODS else HttpResponseNotAllowed(_METHODS)


@sync_and_async_middleware
def static_files(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Serve the collected static files without slowing down pages.

    ServeStatic is asynchronous only: among synchronous middleware every page would pay for an event loop and
    for switching to it and back three times. So its files are read here, each as a whole.
    """
    if iscoroutinefunction(get_response):
        in_the_loop: Callable[[HttpRequest], Any] = ServeStaticMiddleware(get_response)
        return in_the_loop

    async def page(_: HttpRequest) -> HttpResponseBase:
        raise NotImplementedError

    files = ServeStaticMiddleware(page)

    def middleware(request: HttpRequest) -> Any:
        path = request.path_info
        if not path.startswith(files.static_prefix):
            return get_response(request)
        file = files.find_file(path) if files.autorefresh else files.files.get(path)
        return get_response(request) if file is None else _read_static_file(file, request)

    return middleware


class BusyDatabaseMiddleware(MiddlewareMixin):
    """Answers when a page waited too long for Postgres: nothing was changed, and why."""

    def process_exception(self, _: HttpRequest, error: Exception) -> HttpResponse | None:
        """Return the page that says so, or None for another error."""
        status = 409 if is_lock_timeout(error) else 503 if is_statement_timeout(error) else 0
        if not status:
            return None
        logger.warning("Answered %d: %s", status, str(error).partition("\n")[0])
        return HttpResponse(refusal_page(status), status=status, headers={"Retry-After": "5"})


def _read_static_file(file: Any, request: HttpRequest) -> HttpResponse:
    """Return a static file as a response.

    Only the part that the browser asks for, and nothing of what it already has.
    """
    answer = file.get_response(request.method, request.META)
    with answer.file or io.BytesIO() as content:
        response = HttpResponse(content.read(), status=int(answer.status))
    del response["content-type"]
    for name, value in answer.headers:
        if value is not None:
            response[name] = value
    return response


def _refuse_unreadable(request: HttpRequest) -> HttpResponse | None:
    if "\0" in request.path_info or "%00" in request.META.get("QUERY_STRING", ""):
        return HttpResponseNotFound("Not found.\n", content_type="text/plain")
    charset = (request.content_params or {}).get("charset", "utf-8")
    if charset.lower() in ("utf-8", "utf8"):
        return None
    return HttpResponseBadRequest("Requests must be in UTF-8.", content_type="text/plain")


def _add_security_headers(response: HttpResponseBase) -> HttpResponseBase:
    for name, value in DEFAULT_HEADERS.items():
        response.headers.setdefault(name, value)
    if isinstance(response, HttpResponse):
        response.headers.setdefault("Cache-Control", "no-store, private")
    return response
