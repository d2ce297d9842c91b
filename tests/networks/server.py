"""A real HTTP server that answers as a test says, and remembers what it was asked."""

from __future__ import annotations

import gzip
import json
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from config.embedded.ports import free_port


@dataclass
class Asked:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def form(self) -> dict[str, str]:
        return {key: values[0] for key, values in parse_qs(self.body.decode()).items()}


@dataclass
class Reply:
    """`fault`: "" answers; "close" hangs up without a word; "cut" stops half-way; "hang" sleeps; "drip" trickles."""

    status: int = 200
    body: Any = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    fault: str = ""
    gzipped: bool = False

    def payload(self) -> bytes:
        if isinstance(self.body, bytes):
            return gzip.compress(self.body) if self.gzipped else self.body
        return json.dumps(self.body).encode()


class Network:
    """Answers in order, then `default` for ever."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.replies: deque[Reply] = deque()
        self.default: Reply | Callable[[Asked], Reply] = Reply()
        self.url = ""

    def then(
        self, status: int = 200, body: Any = None, headers: dict[str, str] | None = None, **more: Any
    ) -> Network:
        self.replies.append(Reply(status, {} if body is None else body, headers or {}, **more))
        return self

    def answer(self, asked: Asked) -> Reply:
        self.asked.append(asked)
        if self.replies:
            return self.replies.popleft()
        return self.default(asked) if callable(self.default) else self.default


def _handler(network: Network) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            address = urlsplit(self.path)
            length = int(self.headers.get("content-length") or 0)
            query = {
                key: values[0] for key, values in parse_qs(address.query, keep_blank_values=True).items()
            }
            headers = {key.lower(): value for key, value in self.headers.items()}
            reply = network.answer(Asked(self.command, address.path, query, headers, self.rfile.read(length)))
            self.give(reply)

        do_GET = do_POST = do_PUT = do_DELETE = handle_any

        def give(self, reply: Reply) -> None:
            if reply.fault == "close":
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True
                return
            if reply.fault == "hang":
                time.sleep(1.5)
            payload = reply.payload()
            self.send_response(reply.status)
            headers = {"Content-Type": "application/json; charset=utf-8", **reply.headers}
            if reply.gzipped:
                headers["Content-Encoding"] = "gzip"
            for name, value in headers.items():
                if value:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            if reply.fault == "cut":
                self.wfile.write(payload[: len(payload) // 2])
                self.wfile.flush()
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True
            elif reply.fault == "drip":
                for byte in payload:
                    self.wfile.write(bytes([byte]))
                    self.wfile.flush()
                    time.sleep(0.05)
            else:
                self.wfile.write(payload)

        def handle(self) -> None:
            try:
                super().handle()
            except (OSError, ValueError):
                self.close_connection = True

        def log_message(self, *args: object) -> None:
            pass

    return Handler


@contextmanager
def serving() -> Iterator[Network]:
    network = Network()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(network))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    network.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield network
    finally:
        server.shutdown()
        server.server_close()


def refused_url() -> str:
    """An address where nobody listens."""
    return f"http://127.0.0.1:{free_port()}"
