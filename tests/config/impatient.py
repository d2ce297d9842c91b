"""The product's server with short time-outs, for tests that wait for them."""

from __future__ import annotations

from config.serving import protocol, request_bodies
from config.serving.protocol import ClientProtocol as ClientProtocol

protocol.HEADER_SECONDS = protocol.WRITE_SECONDS = protocol.LINGER_SECONDS = 1.5
request_bodies.IDLE_SECONDS, request_bodies.TOTAL_SECONDS = 1.0, 2.0
request_bodies.SLOWEST_BYTES_PER_SECOND = 10**9

from config.asgi import application as application  # noqa: E402 (after the time-outs)
