"""Pages under ASGI: each request is answered by one thread of a small pool.

Django's own ASGI handler starts a thread for every request and switches between it and the event loop several
times; with several requests at once that doubles a page's time. Here the event loop reads the request and
writes the response, and everything in between runs in one thread, as under WSGI.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import IO, Any

from django.core import signals
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.core.handlers.base import BaseHandler
from django.http.response import HttpResponseBase
from django.urls import set_script_prefix

Event = dict[str, Any]
Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]


class PageHandler(ASGIHandler):
    """An ASGI application for synchronous views. `threads` is the number of pages handled at once."""

    def __init__(self, threads: int) -> None:
        BaseHandler.__init__(self)
        self.load_middleware(is_async=False)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="page")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            body = await self.read_body(receive)
        except RequestAborted:
            return
        loop = asyncio.get_running_loop()

        def send_now(event: Event) -> None:
            asyncio.run_coroutine_threadsafe(_send_event(send, event), loop).result()

        run = contextvars.copy_context().run
        with body:
            for event in await loop.run_in_executor(self._pool, run, self._respond, scope, body, send_now):
                await send(event)

    def _respond(self, scope: Scope, body: IO[bytes], send_now: Callable[[Event], None]) -> list[Event]:
        """Answer one request in a thread of the pool.

        Returns the events that are left to send: all of them, unless the response is streamed.
        """
        set_script_prefix(get_script_prefix(scope))
        signals.request_started.send(sender=self.__class__, scope=scope)
        request, refusal = self.create_request(scope, body)
        response: Any = refusal if request is None else self.get_response(request)
        response._handler_class = self.__class__
        try:
            if not response.streaming:
                return [_response_start(response), {"type": "http.response.body", "body": response.content}]
            send_now(_response_start(response))
            for chunk in response:
                send_now({"type": "http.response.body", "body": chunk, "more_body": True})
            return [{"type": "http.response.body"}]
        finally:
            # Close it in this thread, which holds the request's database connection.
            response.close()


async def _send_event(send: Send, event: Event) -> None:
    await send(event)


def _response_start(response: HttpResponseBase) -> Event:
    headers = [(name.encode("ascii"), value.encode("latin-1")) for name, value in response.items()]
    headers += [
        (b"Set-Cookie", morsel.output(header="").strip().encode("ascii"))
        for morsel in response.cookies.values()
    ]
    return {"type": "http.response.start", "status": response.status_code, "headers": headers}
