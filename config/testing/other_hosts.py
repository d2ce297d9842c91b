"""Keep tests from reaching any host but this machine and its servers."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import socket
from typing import Any
from urllib.parse import urlsplit


class OutsideWorldError(RuntimeError):
    """A test tried to reach another host."""


def block_other_hosts() -> None:
    """Make connections to other hosts and look-ups of them raise.

    This machine and the servers of DATABASE_URL and REDIS_URL are allowed.
    """
    server_hosts = {urlsplit(os.environ.get(name, "")).hostname for name in ("DATABASE_URL", "REDIS_URL")}
    connect, connect_ex, look_up = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def check(host: Any) -> None:
        name = host.decode() if isinstance(host, bytes) else host
        if name in server_hosts or name in {None, "", "localhost"} or name == socket.gethostname():
            return
        with contextlib.suppress(ValueError):
            if ipaddress.ip_address(name.partition("%")[0]).is_loopback:
                return
        if str(name).endswith(".invalid"):
            # Reserved for names that never resolve (RFC 6761): the answer is known without a look-up.
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        raise OutsideWorldError(f"Tests may not reach other hosts; this one tried {name!r}.")

    def guarded_connect(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX:
            check(address[0])
        connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any) -> int:
        if self.family != socket.AF_UNIX:
            check(address[0])
        return connect_ex(self, address)

    def guarded_look_up(host: Any, *arguments: Any, **named: Any) -> Any:
        check(host)
        return look_up(host, *arguments, **named)

    patched: Any = socket
    patched.socket.connect = guarded_connect
    patched.socket.connect_ex = guarded_connect_ex
    patched.getaddrinfo = guarded_look_up
