"""Free ports, for servers that start later, and whether one is."""

from __future__ import annotations

import secrets
import socket
from pathlib import Path

from config.embedded.process import EmbeddedError

_LOWEST_PORT, _ENOUGH_PORTS = 20_000, 1_000
#: The range from which Linux assigns ports itself, usually from 32768 on; on other systems it begins higher.
_PORT_RANGE_FILE = Path("/proc/sys/net/ipv4/ip_local_port_range")


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody uses.

    It is below the range from which the system assigns ports to programs that ask for any. So no other
    program is assigned it before its server listens, half a minute later on a busy machine. Raises OSError
    when no port is free.
    """
    try:
        end = int(_PORT_RANGE_FILE.read_text(encoding="ascii").split()[0])
    except (OSError, ValueError, IndexError):
        end = 32_768
    tried = (
        [_LOWEST_PORT + secrets.randbelow(end - _LOWEST_PORT) for _ in range(50)]
        if end >= _LOWEST_PORT + _ENOUGH_PORTS
        else []
    )
    for port in [*tried, 0]:
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            free: int = probe.getsockname()[1]
            return free
    raise OSError("no free port on 127.0.0.1")


def require_free_port(host: str, port: int) -> None:
    """Raise EmbeddedError unless a server can listen there."""
    try:
        family, kind, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise EmbeddedError(
            f"Cannot listen on {host}:{port} ({reason}). Stop what uses it, or choose another port with --port."
        ) from error
