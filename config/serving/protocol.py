"""uvicorn's HTTP protocol, with time-outs for clients that do not read, do not write or do not stop writing.

uvicorn closes idle connections, but waits for ever for a client that never finishes a request's headers, never reads
its answer, or goes on sending a body that was refused. Each of them would hold a connection and its buffers.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

#: Seconds for the headers of a request, from the connection or from their first byte.
HEADER_SECONDS = 15.0
#: Bytes of headers, the address included.
HEADER_BYTES = 64 * 1024
#: Seconds in which a client has to read what was buffered for it (at most 64 kB or one part of an answer).
WRITE_SECONDS = 20.0
#: Seconds in which a refused body may go on: a connection closed at once would take the refusal with it.
LINGER_SECONDS = 5.0


class ClientProtocol(HttpToolsProtocol):
    """The protocol of one connection, which is dropped when its client keeps us waiting."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._header_bytes = 0
        self._is_reading_headers = True
        self._is_reading_body = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._drop_after(HEADER_SECONDS, "headers")

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the time-outs of the connection."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Pass data on, unless the headers are too long."""
        super().data_received(data)
        if self._is_reading_headers:
            self._header_bytes += len(data)
            if self._header_bytes > HEADER_BYTES and not self.transport.is_closing():
                self.send_400_response("The headers are too long.")
                self._drop_after(LINGER_SECONDS, "closing")

    def on_message_begin(self) -> None:
        """Begin to wait for the headers of a request."""
        super().on_message_begin()
        self._is_reading_headers, self._is_reading_body, self._header_bytes = True, False, 0
        self._drop_after(HEADER_SECONDS, "headers")

    def on_headers_complete(self) -> None:
        """Stop waiting for headers."""
        self._keep("headers")
        self._is_reading_headers, self._is_reading_body = False, True
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Note the end of a body."""
        self._is_reading_body = False
        self._keep("refused body")
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Limit the time until the answer is read and the request ends."""
        super().on_response_complete()
        if self.transport.is_closing():
            self._drop_after(WRITE_SECONDS, "closing")
        elif self._is_reading_body and self.cycle.response_complete:
            self._drop_after(LINGER_SECONDS, "refused body")

    def timeout_keep_alive_handler(self) -> None:
        """Close an idle connection, whether or not its client reads."""
        super().timeout_keep_alive_handler()
        self._drop_after(WRITE_SECONDS, "closing")

    def pause_writing(self) -> None:
        """Begin to wait for the client to read."""
        super().pause_writing()
        self._drop_after(WRITE_SECONDS, "writing")

    def resume_writing(self) -> None:
        """Stop waiting for the client to read."""
        self._keep("writing")
        super().resume_writing()

    def _drop_after(self, seconds: float, reason: str) -> None:
        """Drop the connection in `seconds`.

        Unless `_keep` is called with the same reason.
        """
        self._keep(reason)
        if not self.transport.is_closing() or reason == "closing":
            self._timers[reason] = self.loop.call_later(seconds, self.transport.abort)

    def _keep(self, reason: str) -> None:
        timer = self._timers.pop(reason, None)
        if timer is not None:
            timer.cancel()
