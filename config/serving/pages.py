"""Pages under ASGI: each request is answered by one thread of a small pool.

Django's own ASGI handler starts a thread for every request and switches between it and the event loop several
times; with several requests at once that doubles a page's time. Here the event loop reads the request and
writes the response, and everything in between runs in one thread, as under WSGI. A thread never waits for a
client, neither for the rest of a request nor for somebody who does not read the answer.
"""

from __future__ import annotations

import asyncio
import contextvars
import io
import tempfile
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

#: Bytes of an answer that are handed to the server at once, and of a streamed answer that are kept in memory.
_PART_BYTES, _MEMORY_BYTES = 64 * 1024, 1024 * 1024
#: The beginning of the addresses of files that may take minutes to write.
EXPORTS = "/reports/export/"


class PageHandler(ASGIHandler):
    """An ASGI application for synchronous views.

    `threads` is the number of pages handled at once. Addresses under `EXPORTS` write long files: they have a thread of
    their own, and wait for one another instead of keeping a page waiting.
    """

    def __init__(self, threads: int) -> None:
        BaseHandler.__init__(self)
        self.load_middleware(is_async=False)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="page")
        self._export_pool = ThreadPoolExecutor(1, thread_name_prefix="export")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            body = await self.read_body(receive)
        except RequestAborted:
            return
        loop = asyncio.get_running_loop()
        run = contextvars.copy_context().run
        with body:
            pool = self._export_pool if scope["path"].startswith(EXPORTS) else self._pool
            start, content = await loop.run_in_executor(pool, run, self._respond, scope, body)
            await send(start)
            with content:
                # Parts of a bounded size: of each connection the server buffers no more than one of them.
                while len(part := content.read(_PART_BYTES)) == _PART_BYTES:
                    await send({"type": "http.response.body", "body": part, "more_body": True})
                await send({"type": "http.response.body", "body": part})

    def _respond(self, scope: Scope, body: IO[bytes]) -> tuple[Event, IO[bytes]]:
        """Answer one request in a thread of the pool.

        Returns the start of the response and its content, completely: a streamed response is read to its end here.
        """
        set_script_prefix(get_script_prefix(scope))
        signals.request_started.send(sender=self.__class__, scope=scope)
        request, refusal = self.create_request(scope, body)
        response: Any = refusal if request is None else self.get_response(request)
        response._handler_class = self.__class__
        try:
            return _response_start(response), _read_content(response)
        finally:
            # Close it in this thread, which holds the request's database connection.
            response.close()


def _read_content(response: Any) -> IO[bytes]:
    """Return a response's content as a file.

    A long stream is on disk.
    """
    if not response.streaming:
        return io.BytesIO(response.content)
    content: IO[bytes] = tempfile.SpooledTemporaryFile(_MEMORY_BYTES)  # noqa: SIM115 (the caller closes it)
    for part in response:
        content.write(part)
    content.seek(0)
    return content


def _response_start(response: HttpResponseBase) -> Event:
    headers = [(name.encode("ascii"), value.encode("latin-1")) for name, value in response.items()]
    headers += [
        (b"Set-Cookie", morsel.output(header="").strip().encode("ascii"))
        for morsel in response.cookies.values()
    ]
    return {"type": "http.response.start", "status": response.status_code, "headers": headers}
