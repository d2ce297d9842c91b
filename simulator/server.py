"""Serving with uvicorn: one line when listening, a quick clean stop, and a way to cut connections."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

CUT = "simulator.cut"
Background = Callable[[], Awaitable[None]]


class CuttableProtocol(HttpToolsProtocol):
    """HTTP whose connections the application may cut without an answer: `scope["state"][CUT]()`."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["state"][CUT] = self.transport.abort


class Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, announce: Callable[[], None]) -> None:
        super().__init__(config)
        self._announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._announce()


def listen(host: str, port: int) -> socket.socket:
    """Open a listening socket. Raises `OSError` when the address is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(512)
    except OSError:
        listener.close()
        raise
    listener.set_inheritable(True)
    return listener


async def serve(
    app: Any, listener: socket.socket, background: list[Background], announce: Callable[[], None]
) -> None:
    """Serve until SIGTERM or SIGINT. Then stop within a second, whatever connections hang."""
    config = uvicorn.Config(
        app,
        http=CuttableProtocol,
        ws="none",
        lifespan="off",
        log_level="critical",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=1,
        timeout_keep_alive=30,
    )
    server = Server(config, announce)
    tasks = [asyncio.ensure_future(start()) for start in background]
    try:
        await server.serve(sockets=[listener])
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await task


def run_server(
    app: Any, listener: socket.socket, background: list[Background], announce: Callable[[], None]
) -> None:
    """`serve` on an event loop of its own. uvicorn raises the signal again after it has stopped; that is not an error."""
    with contextlib.suppress(KeyboardInterrupt):
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        uvloop_run(serve(app, listener, background, announce))


def uvloop_run(main: Any) -> None:
    try:
        import uvloop
    except ImportError:
        asyncio.run(main)
    else:
        uvloop.run(main)
