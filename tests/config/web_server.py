"""One real web process on the test's database, and clients that misbehave."""

from __future__ import annotations

import contextlib
import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from django.db import connection

ROOT = Path(__file__).resolve().parents[2]


def database_url() -> str:
    parts = urlsplit(os.environ["DATABASE_URL"])
    return urlunsplit(parts._replace(path=f"/{connection.settings_dict['NAME']}"))


class WebServer:
    """A process of the product's server, with two threads for pages as in a deployment."""

    def __init__(self, folder: Path, module: str = "config.asgi", **environment: str) -> None:
        self.temporary = folder / "tmp"
        self.temporary.mkdir()
        self.log = folder / "web.log"
        static = folder / "static"
        (static / "css").mkdir(parents=True)
        (static / "css" / "large.css").write_bytes(b"/* large */\n" * 30_000)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        protocol = "config.serving.protocol" if module == "config.asgi" else module
        command = [
            sys.executable, "-m", "uvicorn", f"{module}:application", "--host", "127.0.0.1", "--port", str(self.port),
            "--loop", "uvloop", "--ws", "none", "--http", f"{protocol}:ClientProtocol", "--no-access-log",
            "--log-level", "warning", "--timeout-graceful-shutdown", "1", "--no-proxy-headers",
        ]  # fmt: skip
        own = {
            "DATABASE_URL": database_url(),
            "DATABASE_POOL": "1",
            "PAGE_THREADS": "2",
            "STATIC_ROOT": str(static),
            "TMPDIR": str(self.temporary),
        }
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=os.environ | own | environment, stdout=log, stderr=log
            )
        self._wait_until_open()

    def _wait_until_open(self) -> None:
        until = time.monotonic() + 60
        while True:
            with contextlib.suppress(OSError, http.client.HTTPException):
                if self.ask("/healthz")[0] == 200:
                    return
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < until, self.log.read_text()
            time.sleep(0.1)

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def ask(
        self, path: str, method: str = "GET", body: bytes | None = None, timeout: float = 20, **headers: str
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        """Status, headers and content of one answer. Names of headers have `_` in place of `-`."""
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            client.request(method, path, body, named)
            answer = client.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            client.close()

    def seconds(self, path: str, **headers: str) -> float:
        """Seconds until a page was there completely, with status 200."""
        began = time.monotonic()
        status, _, _ = self.ask(path, **headers)
        assert status == 200, status
        return time.monotonic() - began

    def connect(self, text: bytes = b"", timeout: float = 20) -> socket.socket:
        """A connection on which `text` was sent."""
        client = socket.create_connection(("127.0.0.1", self.port), timeout)
        client.sendall(text)
        return client

    def bytes_in_temporary_files(self) -> int:
        """Bytes of the process's temporary files: named ones, and those that are open but have no name."""
        total = sum(path.stat().st_size for path in self.temporary.rglob("*") if path.is_file())
        for entry in Path(f"/proc/{self.process.pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                if str(self.temporary) in str(entry.readlink()):
                    total += entry.stat().st_size
        return total

    def open_connections(self) -> int:
        """Sockets of the process."""
        folder = Path(f"/proc/{self.process.pid}/fd")
        links = []
        for entry in folder.iterdir():
            with contextlib.suppress(OSError):
                links.append(str(entry.readlink()))
        return sum(link.startswith("socket:") for link in links)


@contextlib.contextmanager
def serve(folder: Path, module: str = "config.asgi", **environment: str) -> Iterator[WebServer]:
    server = WebServer(folder, module, **environment)
    try:
        yield server
    finally:
        server.stop()


def is_closed(client: socket.socket, seconds: float) -> bool:
    """Whether the server ends the connection within `seconds`; what it sends until then is thrown away."""
    client.settimeout(seconds)
    try:
        while client.recv(65536):
            pass
    except TimeoutError:
        return False
    except OSError:
        pass
    return True


def read_status(client: socket.socket) -> int:
    return int(client.recv(65536).split(b" ", 2)[1])
